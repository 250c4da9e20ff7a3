"""The second pass: once the columns of tables are known, every column that a definition names is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kpi_pipeline.checks import Check
from kpi_pipeline.checks.expectation import ExpectationCheck
from kpi_pipeline.dimensions import SEPARATOR, UnknownDimension, find_dimension, may_be_joined, own_expression
from kpi_pipeline.errors import Problem
from kpi_pipeline.load.assemble import in_order
from kpi_pipeline.load.column_types import check_types
from kpi_pipeline.load.fault import Fault
from kpi_pipeline.load.kinds import BY_KEY
from kpi_pipeline.load.model_columns import Columns, model_columns, nearest_column, unknown_in_model
from kpi_pipeline.load.sites import place_in_text, row_expressions, table_looked_in, written_path
from kpi_pipeline.load.sql import SqlError, columns_used, expression, position
from kpi_pipeline.load.typed import Typed
from kpi_pipeline.metrics import Conversion, Retention, Simple
from kpi_pipeline.models import Model
from kpi_pipeline.names import TableRef
from kpi_pipeline.project import Project
from kpi_pipeline.quotes import text_meant
from kpi_pipeline.sources import Source
from kpi_pipeline.targets import Within

TARGET_COLUMNS = ("kpi", "period_start")


def check_columns(project: Project, columns: Typed) -> tuple[Problem, ...]:
    """A problem for each column that a definition names and its table does not have, with the nearest one that it has.

    Columns are compared as DuckDB does, without regard to case. Tables that are not given are passed over; the columns
    of a model that is not given follow from those of its sources where its SQL tells them.

    Args:
        project: A loaded project.
        columns: For raw tables and models, the names of their columns and the types DuckDB gives them.
    """
    known = model_columns(project, {table: tuple(names) for table, names in columns.items()})
    return in_order(
        (
            *_in_sources(project, known),
            *_in_model_sql(project, known),
            *_in_models(project, known),
            *_in_metrics(project, known),
            *_in_expressions(project, known),
            *check_types(project, columns),
            *_in_target_tables(project, known),
            *_in_tables_of_days(project, known),
        )
    )


def _missing(project: Project, path: tuple[str, ...], name: str, table: TableRef, known: Columns) -> Iterator[Problem]:
    """A problem if a table is known and has no column of that name."""
    names = known.get(table)
    if names is None or name.lower() in {one.lower() for one in names}:
        return
    kind, user, *keys = path
    yield Problem(
        f"{BY_KEY[kind].subject(user)}: '{written_path(keys)}' names the column '{name}', which {table} does not have.",
        project.place(*path),
        nearest_column(name, names),
    )


def _in_sources(project: Project, known: Columns) -> Iterator[Problem]:
    for source in project.sources.values():
        table = TableRef("raw", source.name)
        for keys, name in _columns_of_source(source):
            yield from _missing(project, ("sources", source.name, *keys), name, table, known)
        yield from _in_checks(project, ("sources", source.name), source.checks, table, known)


def _columns_of_source(source: Source) -> Iterator[tuple[tuple[str, ...], str]]:
    if source.load.cursor:
        yield ("load", "cursor"), source.load.cursor
    for number, name in enumerate(source.load.key):
        yield ("load", "key", str(number)), name
    for number, name in enumerate(source.personal):
        yield ("personal", str(number)), name
    for name in source.columns:
        yield ("columns", name), name


def _in_models(project: Project, known: Columns) -> Iterator[Problem]:
    for model in project.models.values():
        table = TableRef("model", model.name)
        for keys, name in _columns_of_model(model):
            yield from _missing(project, ("models", model.name, *keys), name, table, known)
        for keys, name, of in _columns_of_currency(project, model):
            yield from _missing(project, ("models", model.name, *keys), name, TableRef("model", of), known)
        yield from _in_checks(project, ("models", model.name), model.checks, table, known)


def _columns_of_currency(project: Project, model: Model) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """The columns that say the currency of amounts and their rates, each with the model that has it."""
    currency = model.currency
    if currency is None:
        return
    if currency.column and not model.dimension(currency.column):
        yield ("currency", "column"), currency.column, model.name
    rates = project.models.get(currency.rates or "")
    for key, name in (("rate", currency.rate), ("code", currency.code)):
        if rates and not rates.dimension(name):
            yield ("currency", key), name, rates.name


def _columns_of_model(model: Model) -> Iterator[tuple[tuple[str, ...], str]]:
    if model.agg_time_dimension and not model.dimension(model.agg_time_dimension):
        yield ("agg_time_dimension",), model.agg_time_dimension
    for number, entity in enumerate(model.entities):
        if not entity.expr:
            yield ("entities", str(number)), entity.name
    for number, dimension in enumerate(model.dimensions):
        if not dimension.expr:
            yield ("dimensions", str(number)), dimension.name


def _in_checks(
    project: Project, owner: tuple[str, str], checks: Sequence[Check], table: TableRef, known: Columns
) -> Iterator[Problem]:
    for number, check in enumerate(checks):
        at = (*owner, "checks", str(number))
        for keys, name in _columns_of_check(check):
            yield from _missing(project, (*at, *keys), name, table, known)
        there = table_looked_in(project, check, table)
        if field := getattr(check, "field", None):
            yield from _missing(project, (*at, "field"), field, there, known)
        elif check.looks_in and (column := getattr(check, "column", None)):
            yield from _missing(project, (*at, "to"), column, there, known)


def _columns_of_check(check: Check) -> Iterator[tuple[tuple[str, ...], str]]:
    """A check names one column, several, or columns with their types."""
    if column := getattr(check, "column", None):
        yield ("column",), column
    for number, name in enumerate(columns := getattr(check, "columns", ())):
        yield ("columns", name if isinstance(columns, dict) else str(number)), name
    if isinstance(check, ExpectationCheck) and isinstance(column := check.arguments.get("column"), str):
        yield ("arguments", "column"), column


def _in_metrics(project: Project, known: Columns) -> Iterator[Problem]:
    for metric in project.metrics.values():
        if isinstance(metric, Conversion):
            yield from _constant_properties(project, metric, known)
        if isinstance(metric, Simple | Retention) and (model := project.models.get(metric.model)):
            for keys, name in _times_of_metric(metric):
                if not model.dimension(name):
                    path = ("metrics", metric.name, *keys)
                    yield from _missing(project, path, name, TableRef("model", model.name), known)


def _times_of_metric(metric: Simple | Retention) -> Iterator[tuple[tuple[str, ...], str]]:
    """The time columns that a metric names itself; one that is no dimension is a column of its model."""
    if metric.agg_time_dimension:
        yield ("agg_time_dimension",), metric.agg_time_dimension
    if isinstance(metric, Simple) and metric.active:
        yield ("active", "from"), metric.active.from_
        yield ("active", "to"), metric.active.to


def _constant_properties(project: Project, metric: Conversion, known: Columns) -> Iterator[Problem]:
    """What must be the same in both events is an entity, a dimension or a column of either model."""
    sides = (("base_property", metric.base_metric.name), ("conversion_property", metric.conversion_metric.name))
    for number, one in enumerate(metric.constant_properties):
        for key, used in sides:
            simple = project.metrics[used]
            model = project.models.get(simple.model) if isinstance(simple, Simple) else None
            name = getattr(one, key)
            entities = {entity.name for entity in model.entities} if model else set()
            if model and name not in entities and not model.dimension(name):
                path = ("metrics", metric.name, "constant_properties", str(number), key)
                yield from _missing(project, path, name, TableRef("model", model.name), known)


def _in_model_sql(project: Project, known: Columns) -> Iterator[Problem]:
    for model in project.models.values():
        for fault in unknown_in_model(model, known) if model.sql else ():
            path = ("models", model.name, "sql")
            yield Problem(
                f"Model '{model.name}': 'sql' {fault.message}.", place_in_text(project, path, fault), fault.hint
            )


def _in_expressions(project: Project, known: Columns) -> Iterator[Problem]:
    for site in row_expressions(project):
        for table in site.tables:
            names = known.get(table)
            model = project.models.get(table.name) if site.kind == "metrics" else None
            for fault in _unknown(project, site.text, table, names, model) if names is not None else ():
                yield site.problem(project, fault)


def _unknown(
    project: Project, text: str, table: TableRef, names: tuple[str, ...], model: Model | None
) -> Iterator[Fault]:
    """A fault for each column that is neither the table's nor joined to it; the latter are looked at when loading."""
    try:
        tree = expression(text)
    except SqlError:
        return
    there = {name.lower() for name in names}
    for column in columns_used(tree):
        part = column.parts[0]
        first = part.name
        if first.lower() not in there and not (model and (may_be_joined(model, first) or own_expression(model, first))):
            if model and SEPARATOR in first and (unreachable := _no_way(project, model, first)):
                yield Fault(f"uses '{first}': {unreachable.message}", *position(column, text), unreachable.hint)
                continue
            hint = nearest_column(first, names)
            if part.args.get("quoted") and not hint.startswith("did you mean"):
                hint = f"double quotes name a column; text stands in single ones: '{first}'"
            elif meant := text_meant(column):
                hint = f"text stands in single quotes: {meant}" + (f"; or {hint}" if hint.endswith("?") else "")
            yield Fault(f"uses the column '{first}', which {table} does not have", *position(column, text), hint)


def _no_way(project: Project, model: Model, name: str) -> UnknownDimension | None:
    """Why a name that reads like a dimension of another model is none that these rows can have."""
    try:
        find_dimension(project.models, model, name)
    except UnknownDimension as unknown:
        return unknown
    return None


def _in_target_tables(project: Project, known: Columns) -> Iterator[Problem]:
    for kpi in project.kpis.values():
        names = known.get(project.table_named(kpi.target.table)) if kpi.target and kpi.target.table else None
        if names is None:
            continue
        numbers = ("low", "high") if isinstance(kpi.target, Within) else ("value",)
        lacking = [name for name in (*TARGET_COLUMNS, *numbers) if name not in {one.lower() for one in names}]
        for name in lacking:
            yield Problem(
                f"KPI '{kpi.name}' takes its target from a table without the column '{name}'.",
                project.place("kpis", kpi.name, "target", "table"),
                "a table of targets has the columns kpi, period_start, value (low and high for a band), "
                "and perhaps segment and provenance",
            )


def _in_tables_of_days(project: Project, known: Columns) -> Iterator[Problem]:
    """The columns of the tables of the calendar and of holidays, those that have another name than ours."""
    for key, of_days in (("calendar", project.settings.calendar), ("holidays", project.settings.holidays)):
        if of_days is None or of_days.table is None:
            continue
        table = project.table_named(of_days.table)
        names = known.get(table)
        for ours, theirs in of_days.columns.model_dump(exclude_none=True).items() if names is not None else ():
            if theirs.lower() not in {one.lower() for one in names or ()}:
                yield Problem(
                    f"The project: '{key}.columns.{ours}' is '{theirs}', a column that {table} does not have.",
                    project.place("project", key, "columns", ours),
                    nearest_column(theirs, names or ()),
                )
