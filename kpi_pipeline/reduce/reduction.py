"""The query of a reduction: partial results by business day and dimensions."""

from __future__ import annotations

from datetime import date

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Engine, Fold, ModelPlan, Reduction, Shape
from kpi_pipeline.plan.cohorts import PREVIOUS
from kpi_pipeline.plan.matching import SEEN
from kpi_pipeline.reduce.aggregate import FLOATS, INTEGERS, aggregated, condition, finite, grouped, parsed
from kpi_pipeline.reduce.day import business_day, business_hour, surely_within, time_column
from kpi_pipeline.reduce.events import over_events
from kpi_pipeline.reduce.intervals import intervals
from kpi_pipeline.reduce.rows import rows_of
from kpi_pipeline.reduce.states import states
from kpi_pipeline.reduce.stock import stock_keys
from kpi_pipeline.sql_parts import sql_day

_NUMBERS = (*FLOATS, *INTEGERS, "UHUGEINT", "DECIMAL", "BOOLEAN", '"NULL"', "NULL")


def reduction_query(
    reduction: Reduction,
    model: ModelPlan,
    engine: Engine,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
) -> exp.Select:
    """SELECT _day, the dimensions, and the partial results; rows without a moment belong to no period and are left out.

    `from_day` (included) and `to_day` (not included) narrow it to the days that have to be made again.
    """
    types = _types(reduction, model, engine)
    _refuse_words(reduction, types)
    day = business_day(model, reduction.time, types["_time"])
    query = exp.select(exp.alias_(day, "_day")).from_(rows_of(model, reduction, engine))
    if reduction.finest is Grain.hour:
        query = query.select(exp.alias_(business_hour(model, reduction.time, types["_time"]), "_hour"))
    for name in reduction.dimensions:
        query = query.select(exp.alias_(_dimension(model, name), name, quoted=True))
    if reduction.events:
        query = query.select(exp.column(SEEN, quoted=True))
    query = query.where(day.copy().is_(exp.Null()).not_())
    if reduction.where:
        query = query.where(with_dimensions(parsed(reduction.where), model))
    if from_day:
        query = query.where(exp.GTE(this=day.copy(), expression=sql_day(from_day)))
    if to_day:
        query = query.where(exp.LT(this=day.copy(), expression=sql_day(to_day)))
    query = query.where(*surely_within(model, reduction.time, types["_time"], from_day, to_day))
    if reduction.stock:
        query = query.select(*stock_keys(reduction.stock, model, types["_stock"], reduction.finest))
    return over_events(_SHAPES[reduction.shape](query, reduction, types), reduction, model, engine)


def _additive(query: exp.Select, reduction: Reduction, types: dict[str, str]) -> exp.Select:
    """One row a day and segment; a column a measure."""
    keys = len(query.selects)
    columns = (exp.alias_(aggregated(one, types[one.column]), one.column, quoted=True) for one in reduction.measures)
    return grouped(query.select(*columns), keys)


def _distinct(query: exp.Select, reduction: Reduction, _types: dict[str, str]) -> exp.Select:
    """The key of every row; a column a measure says whether its filter let the row through.

    NOTE: keys are not made one a day here: derive sorts them once for everything, and grouping them costs ten scans.
    """
    key = parsed(reduction.expr)
    query = query.select(exp.alias_(key, "_key"), *_filters(reduction))
    return _where_any(query.where(key.copy().is_(exp.Null()).not_()), reduction)


def _values(query: exp.Select, reduction: Reduction, types: dict[str, str]) -> exp.Select:
    """The value of every row; a column a measure says whether its filter let the row through."""
    value: exp.Expr = exp.cast(parsed(reduction.expr), "DOUBLE")
    if types[reduction.measures[0].column].startswith(FLOATS):
        value = finite(value)
    query = query.select(exp.alias_(value, "_value"), *_filters(reduction))
    return _where_any(query.where(value.copy().is_(exp.Null()).not_()), reduction)


def _filters(reduction: Reduction) -> list[exp.Expr]:
    """For each measure whether its filter lets the row through."""
    found = []
    for one in reduction.measures:
        passed = exp.func("COALESCE", condition(one), exp.false()) if one.filter else exp.true()
        found.append(exp.alias_(passed, one.column, quoted=True))
    return found


def _cohorts(query: exp.Select, reduction: Reduction, types: dict[str, str]) -> exp.Select:
    """One row a day of the first row, segment, day seen and day seen before; a column a measure counts entities."""
    return _additive(query.select(exp.column(PREVIOUS, quoted=True)), reduction, types)


_SHAPES = {
    Shape.additive: _additive,
    Shape.distinct: _distinct,
    Shape.values: _values,
    Shape.cohorts: _cohorts,
    Shape.states: states,
    Shape.intervals: intervals,
}


def _where_any(query: exp.Select, reduction: Reduction) -> exp.Select:
    """Only rows that some measure's filter lets through."""
    if any(not one.filter for one in reduction.measures):
        return query
    return query.where(exp.or_(*(condition(one) for one in reduction.measures)))


def _types(reduction: Reduction, model: ModelPlan, engine: Engine) -> dict[str, str]:
    """The types of the time column and of what each measure aggregates; the engine knows them without running it."""
    time = time_column(model, reduction.time)
    probe = exp.select(exp.alias_(time, "_time")).from_(rows_of(model, reduction, engine))
    if reduction.stock:
        probe = probe.select(exp.alias_(time_column(model, reduction.stock.time), "_stock"))
    # NOTE: all columns at once, because each call copies the whole tree.
    probe = probe.select(*(exp.alias_(parsed(one.expr), one.column, quoted=True) for one in reduction.measures))
    return engine.columns(over_events(probe, reduction, model, engine))


def _refuse_words(reduction: Reduction, types: dict[str, str]) -> None:
    """Text and days cannot be added up or put in order of size as numbers; truth values count as 0 and 1."""
    for measure in reduction.measures:
        kind = types[measure.column]
        if measure.fold not in (Fold.count, Fold.distinct) and not kind.startswith(_NUMBERS):
            raise DataError(
                f"'{measure.expr}' of model '{reduction.model}' is {kind}, so there is no {measure.fold} of it.\n"
                "Hint: is it the right column? Look at the metrics that have it as `expr`; count and count_distinct "
                "take anything, and text that holds numbers can be cast in the model's SQL."
            )


def _dimension(model: ModelPlan, name: str) -> exp.Expr:
    """The model's own dimension as SQL, or the column that its rows were given for it."""
    own = model.sql_of(name)
    return parsed(own) if own else exp.column(name, quoted=True)


def with_dimensions(condition: exp.Expr, model: ModelPlan) -> exp.Expr:
    """The condition with each dimension and entity replaced by its expression over the model's columns."""

    def replaced(node: exp.Expr) -> exp.Expr:
        own = model.sql_of(node.name) if isinstance(node, exp.Column) else None
        return exp.paren(parsed(own)) if own else node

    return condition.transform(replaced)
