"""The rows a reduction reads: those of its model, with the columns that other models and the calendar give them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import expressions as exp

from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import DatePart, Engine, GroupedMetric, Hop, JoinedColumn, ModelPlan, Rate, Reduction
from kpi_pipeline.reduce.beside import CALENDAR_DAYS, ROWS, of_rows
from kpi_pipeline.reduce.day import business_day, local_moment, time_column
from kpi_pipeline.reduce.grouped import with_metric
from kpi_pipeline.reduce.rates import with_rate
from kpi_pipeline.sql_parts import sql_table


def rows_of(model: ModelPlan, reduction: Reduction, engine: Engine) -> exp.Expr:
    """What stands behind FROM: the model's table or view; with its own columns those that the reduction joins to them.

    Every join is a LEFT JOIN to rows that have the key as their own, so no row is lost and none is counted twice: a key
    without a row gives NULL.
    """
    if not reduction.joined:
        return sql_table(model.table)
    columns = [one for one in reduction.joined if isinstance(one, JoinedColumn)]
    own = [one for one in columns if not one.hops]
    if own:
        # NOTE: a column of the model's rows comes first, so what has its name is never meant.
        taken = {name.lower() for name in engine.columns(exp.select("*").from_(sql_table(model.table)))}
        own = [one for one in own if one.name.lower() not in taken]
    query = _with_columns(model, own, engine, exp.Column(this=exp.Star(), table=exp.to_identifier(ROWS)))
    for hop, at_its_end in _by_hop(columns):
        query = query.select(*(exp.column(one.name, table=hop.path, quoted=True) for one in at_its_end))
        query = _joined(query, hop, at_its_end, columns, reduction, model, engine)
    for one in reduction.joined:
        if isinstance(one, Rate):
            day = business_day(model, reduction.time, _types(model, (reduction.time,), engine)[reduction.time])
            query = with_rate(query, one, of_rows(day), engine)
        elif isinstance(one, GroupedMetric):
            query = with_metric(query, one, engine)
    return query.subquery("_joined")


def _by_hop(joined: Sequence[JoinedColumn]) -> list[tuple[Hop, list[JoinedColumn]]]:
    """Every hop on the way to some column, the nearest first, with the columns that stand at its end."""
    hops = {hop.path: hop for one in joined for hop in one.hops}
    far = {hop.path: place for one in joined for place, hop in enumerate(one.hops)}
    return [
        (hop, [one for one in joined if one.hops and one.hops[-1].path == hop.path])
        for hop in sorted(hops.values(), key=lambda hop: (far[hop.path], hop.path))
    ]


def _joined(
    query: exp.Select,
    hop: Hop,
    columns: Sequence[JoinedColumn],
    every: Sequence[JoinedColumn],
    reduction: Reduction,
    model: ModelPlan,
    engine: Engine,
) -> exp.Select:
    """The query with the rows that one hop leads to, with the columns at its end and the keys that lead further."""
    further = {one.path: one for joined in every for one in joined.hops if one.before == hop.path}
    keys = [exp.alias_(of_rows(one.key_before), _key_to(one), quoted=True) for one in further.values()]
    key = exp.column(_key_to(hop), table=hop.before, quoted=True) if hop.before else of_rows(hop.key_before)
    on: exp.Expr = exp.EQ(this=key, expression=exp.column("_key", table=hop.path, quoted=True))
    if hop.validity:
        time = _moment(model, reduction.time, _types(model, (reduction.time,), engine)[reduction.time])
        since = exp.LTE(this=exp.column("_from", table=hop.path, quoted=True), expression=time)
        until = exp.LT(this=time.copy(), expression=exp.column("_until", table=hop.path, quoted=True))
        on = exp.and_(on, since, until)
    rows = looked_up_rows(hop, columns, engine).select(*keys)
    return query.join(rows.subquery(exp.to_identifier(hop.path, quoted=True)), on=on, join_type="left")


def looked_up_rows(hop: Hop, columns: Sequence[JoinedColumn], engine: Engine) -> exp.Select:
    """The rows that a hop leads to: `_key`, with a validity `_from` and `_until` (not included), and the columns."""
    rows = _with_columns(hop.model, columns, engine, exp.alias_(of_rows(hop.key), "_key", quoted=True))
    if hop.validity is None:
        return rows
    start, end = hop.validity
    kinds = _types(hop.model, hop.validity, engine)
    return rows.select(
        exp.alias_(_or(_moment(hop.model, start, kinds[start]), "0001-01-01"), "_from", quoted=True),
        exp.alias_(_or(_moment(hop.model, end, kinds[end]), "9999-12-31"), "_until", quoted=True),
    )


def _key_to(hop: Hop) -> str:
    return f"_key_{hop.path}"


def _or(moment: exp.Expr, otherwise: str) -> exp.Expr:
    """The moment, or an open end."""
    return exp.func("COALESCE", moment, exp.cast(exp.Literal.string(otherwise), "TIMESTAMP"))


def _with_columns(model: ModelPlan, columns: Sequence[JoinedColumn], engine: Engine, *selected: exp.Expr) -> exp.Select:
    """SELECT from a model's table what is named and a column each; periods are looked up among the calendar's days."""
    times = [one.dimension for one in columns if one.of_time]
    kinds = _types(model, times, engine)
    query = exp.select(*selected).from_(exp.alias_(sql_table(model.table), ROWS, table=True))
    calendars: dict[str, str] = {}
    for one in columns:
        match one.of_time:
            case None:
                value = of_rows(model.sql_of(one.dimension) or exp.column(one.dimension, quoted=True))
            case DatePart():
                value = _part(one.of_time, _moment(model, one.dimension, kinds[one.dimension]))
            case Grain.day:
                value = of_rows(business_day(model, one.dimension, kinds[one.dimension]))
            case _:
                if one.dimension not in calendars:
                    calendars[one.dimension] = f"_days_{len(calendars)}"
                    day = of_rows(business_day(model, one.dimension, kinds[one.dimension]))
                    query = _with_calendar(query, calendars[one.dimension], day)
                value = exp.column(f"{one.of_time}_start", table=calendars[one.dimension], quoted=True)
        query = query.select(exp.alias_(value, one.name, quoted=True))
    return query


def _with_calendar(query: exp.Select, alias: str, day: exp.Expr) -> exp.Select:
    days = sql_table(CALENDAR_DAYS)
    on = exp.EQ(this=exp.column("day", table=alias, quoted=True), expression=day)
    return query.join(exp.alias_(days, alias, table=True, quoted=True), on=on, join_type="left")


def _part(part: DatePart, moment: exp.Expr) -> exp.Expr:
    """A part of a date as a whole number; NOTE: Monday is 1, as in ISO 8601 and in dbt."""
    number = exp.Extract(this=exp.Var(this="isodow" if part is DatePart.dow else part.value), expression=moment)
    return exp.cast(number, "BIGINT")


def _moment(model: ModelPlan, time: str, kind: str) -> exp.Expr:
    return exp.cast(of_rows(local_moment(model, time, kind)), "TIMESTAMP")


def _types(model: ModelPlan, times: Sequence[str], engine: Engine) -> dict[str, str]:
    """The types of a model's time columns."""
    if not times:
        return {}
    wanted = [exp.alias_(time_column(model, one), one, quoted=True) for one in dict.fromkeys(times)]
    return engine.columns(exp.select(*wanted).from_(sql_table(model.table)))
