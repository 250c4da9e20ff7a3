"""The calendar that a project keeps in a table, read."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import expressions as exp

from kpi_pipeline.business_calendar import BusinessCalendar
from kpi_pipeline.calendar import DayTable, day_table
from kpi_pipeline.errors import DataError, DefinitionError, Problem, did_you_mean, listed
from kpi_pipeline.plan import Executor
from kpi_pipeline.project import Project
from kpi_pipeline.sql_parts import sql_table

NAMED = ("week", "month", "quarter", "year")
DAYS = ("DATE", "TIMESTAMP", "VARCHAR")


def kept_calendar(project: Project, executor: Executor) -> DayTable | None:
    """The days of the calendar's table; None where the project goes by no table.

    Raises:
        DefinitionError: a column that the project names is not there.
        DataError: the table was not loaded yet, or is not a calendar.
    """
    calendar = project.settings.calendar
    if calendar is None or calendar.table is None:
        return None
    table = project.table_named(calendar.table)
    types = executor.table_columns(table)
    if not types:
        raise DataError(
            f"The calendar '{calendar.table}' was not loaded yet.\nHint: `kpi run` loads it; then ask again."
        )
    columns = _columns(project, calendar, types)
    if not types[columns["day"]].startswith(DAYS):
        raise DataError(
            f"The calendar '{table.name}': its column '{columns['day']}' is {types[columns['day']]}, which is no day.\n"
            "Hint: name the column with the day: calendar: {table: ..., columns: {day: ...}}"
        )
    query = exp.select(*(_selected(ours, theirs, types[theirs]) for ours, theirs in columns.items()))
    return day_table(table.name, executor.fetch(query.from_(sql_table(table))))


def refuse_blocked_calendar(project: Project, blocked: Mapping[str, str]) -> None:
    """Without its calendar nothing can be computed; `blocked`: the sources and models that may not be used, and why."""
    table = project.settings.calendar_table
    if table and table in blocked:
        raise DataError(
            f"The calendar '{table}' may not be used: {blocked[table]}\nHint: mend its rows, then run again."
        )


def _columns(project: Project, calendar: BusinessCalendar, types: Mapping[str, str]) -> dict[str, str]:
    """Our names of the columns that the table has, with theirs."""
    there = {name.lower(): name for name in types}
    asked = calendar.columns.model_dump(exclude_none=True)
    usual = {name: f"{name}_start" for name in NAMED} | {f"{name}_label": f"{name}_label" for name in NAMED}
    wanted = {ours: theirs for ours, theirs in usual.items() if theirs in there} | asked
    missing = [(ours, theirs) for ours, theirs in wanted.items() if theirs.lower() not in there]
    if missing:
        raise DefinitionError(
            Problem(
                f"The calendar '{calendar.table}' has no column '{theirs}', which is to say the {ours}.",
                project.place("project", "calendar", "columns", ours),
                did_you_mean(theirs, list(types)) or f"it has {listed(sorted(types))}",
            )
            for ours, theirs in missing
        )
    return {ours: there[theirs.lower()] for ours, theirs in wanted.items()}


def _selected(ours: str, theirs: str, kind: str) -> exp.Expr:
    column: exp.Expr = exp.column(theirs, quoted=True)
    if ours == "day" or kind.startswith("TIMESTAMP"):
        column = exp.cast(column, "DATE")
    return exp.alias_(column, ours, quoted=True)
