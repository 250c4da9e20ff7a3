"""The business day of a row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError
from kpi_pipeline.plan import ModelPlan
from kpi_pipeline.reduce.aggregate import parsed
from kpi_pipeline.sql_parts import INSTANT, sql_in_zone

NAIVE = ("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S")
"""Types of moments without a zone."""
_COMPARED = dict.fromkeys(NAIVE, "TIMESTAMP") | {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}


def business_day(model: ModelPlan, time: str, kind: str) -> exp.Expr:
    """The day of a moment in the project's zone; `kind` is the DuckDB type of the time column."""
    moment = local_moment(model, time, kind)
    return moment if kind == "DATE" else exp.cast(moment, "DATE")


def surely_within(
    model: ModelPlan, time: str, kind: str, from_day: date | None, to_day: date | None
) -> Iterator[exp.Expr]:
    """What holds of a time column for all rows of the days from one on and before another, and of few others.

    NOTE: an engine that knows the least and the greatest value of a file or block skips those that cannot match, but
    only where the column stands alone. Zones move a moment by less than a day.
    """
    if kind == "DATE":
        return
    moment = time_column(model, time)
    if from_day and from_day > date.min:
        since = exp.Literal.string((from_day - timedelta(days=1)).isoformat())
        yield exp.GTE(this=moment.copy(), expression=exp.cast(since, _COMPARED.get(kind, kind)))
    if to_day and to_day < date.max:
        until = exp.Literal.string((to_day + timedelta(days=1)).isoformat())
        yield exp.LT(this=moment.copy(), expression=exp.cast(until, _COMPARED.get(kind, kind)))


def business_hour(model: ModelPlan, time: str, kind: str) -> exp.Expr:
    """The moment at which the hour of a moment began, by the clock of the project's zone.

    NOTE: where the clocks were changed within the hour (Lord Howe Island, by half an hour), that moment may show
    another hour; then the minute stands for it. Either way it lies in the hour it names.
    """
    if kind == "DATE":
        raise DataError.days_by_hour(model.name, time)
    local = local_moment(model, time, kind)
    moment = time_column(model, time)
    if kind in NAIVE:
        moment = sql_in_zone(moment, model.naive_zone, gives=INSTANT)
    into = exp.paren(exp.Sub(this=local, expression=_truncated("hour", local)))
    hour = exp.Sub(this=moment, expression=into)
    same = exp.EQ(this=_truncated("hour", sql_in_zone(hour, model.project_zone)), expression=_truncated("hour", local))
    return exp.case().when(same, hour.copy()).else_(_truncated("minute", moment))


def _truncated(unit: str, moment: exp.Expr) -> exp.Expr:
    return exp.TimestampTrunc(this=moment.copy(), unit=exp.var(unit.upper()))


def time_column(model: ModelPlan, name: str) -> exp.Expr:
    """A time dimension of the model, or just a column of it, as SQL."""
    return parsed(model.dimensions.get(name, f'"{name}"'))


def local_moment(model: ModelPlan, time: str, kind: str) -> exp.Expr:
    """A time column as the wall clock shows it in the project's zone.

    A date is a business date already; a naive moment is in its source's zone; a zoned one is converted. `kind` is the
    column's DuckDB type; anything else cannot be placed in time and is refused.
    """
    column = time_column(model, time)
    match kind:
        case "DATE":
            return column
        case _ if kind in NAIVE:
            if model.naive_zone != model.project_zone:
                column = sql_in_zone(sql_in_zone(column, model.naive_zone, gives=INSTANT), model.project_zone)
        case "TIMESTAMP WITH TIME ZONE" | "TIMESTAMPTZ":
            column = sql_in_zone(column, model.project_zone)
        case _:
            raise DataError(
                f"Model '{model.name}': its time column '{time}' is {kind}, which is not a moment or a day.\n"
                "Hint: give the source a contract, columns: {"
                + time
                + ': {type: timestamp, format: "%d/%m/%Y %H:%M"}}, or cast it in the model.'
            )
    return column
