"""The holidays of a project, from its settings or from its table."""

from __future__ import annotations

from datetime import date

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.errors import DefinitionError, Problem, did_you_mean
from kpi_pipeline.holidays import Holidays
from kpi_pipeline.plan import Executor
from kpi_pipeline.project import Project
from kpi_pipeline.sql_parts import sql_table

SCHEMA = {"day": pl.Date, "holiday": pl.String}


def holiday_days(project: Project, executor: Executor) -> pl.DataFrame | None:
    """Each holiday with its names: day, holiday; None where the project names none.

    A table that was never loaded, for its source is blocked, names none either.
    """
    holidays = project.settings.holidays
    if holidays is None:
        return None
    if holidays.table is None:
        rows: list[tuple[date, str]] = [(one.day, one.name) for one in holidays.days]
        return _once_a_day(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    table = project.table_named(holidays.table)
    types = executor.table_columns(table)
    if not types:
        return None
    day, name = (_column(project, holidays, ours, types) for ours in ("day", "name"))
    query = exp.select(
        exp.alias_(exp.cast(exp.column(day, quoted=True), "DATE"), "day", quoted=True),
        exp.alias_(exp.cast(exp.column(name, quoted=True), "VARCHAR"), "holiday", quoted=True),
    )
    found = executor.fetch(query.from_(sql_table(table)))
    return _once_a_day(found.drop_nulls("day").cast(pl.Schema(SCHEMA)))


def _once_a_day(found: pl.DataFrame) -> pl.DataFrame:
    names = pl.col("holiday").drop_nulls().unique().sort().str.join(", ")
    return found.group_by("day").agg(holiday=pl.when(names != "").then(names)).sort("day")


def _column(project: Project, holidays: Holidays, ours: str, types: dict[str, str]) -> str:
    """The table's column of that meaning, by the name it has there."""
    wanted: str = getattr(holidays.columns, ours)
    there = {name.lower(): name for name in types}
    if wanted.lower() not in there:
        place = project.place("project", "holidays", "columns", ours)
        message = f"The table of holidays '{holidays.table}' has no column '{wanted}', which is to say the {ours}."
        hint = did_you_mean(wanted, list(types)) or "name it: holidays: {table: ..., columns: {day: ..., name: ...}}"
        raise DefinitionError([Problem(message, place, hint)])
    return there[wanted.lower()]
