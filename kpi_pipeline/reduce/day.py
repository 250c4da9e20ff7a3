"""The business day of a row."""

from __future__ import annotations

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError
from kpi_pipeline.plan import ModelPlan


def business_day(model: ModelPlan, time: str, kind: str) -> exp.Expr:
    """The day of a moment in the project's zone; `kind` is the DuckDB type of the time column."""
    moment = local_moment(model, time, kind)
    return moment if kind == "DATE" else exp.cast(moment, "DATE")


def local_moment(model: ModelPlan, time: str, kind: str) -> exp.Expr:
    """A time column as the wall clock shows it in the project's zone.

    A date is a business date already; a naive moment is in its source's zone; a zoned one is converted. `kind` is the
    column's DuckDB type; anything else cannot be placed in time and is refused.
    """
    column = sqlglot.parse_one(model.dimensions.get(time, f'"{time}"'), read="duckdb")
    match kind:
        case "DATE":
            return column
        case "TIMESTAMP" | "TIMESTAMP_NS" | "TIMESTAMP_MS" | "TIMESTAMP_S":
            if model.naive_zone != model.project_zone:
                column = in_zone(in_zone(column, model.naive_zone), model.project_zone)
        case "TIMESTAMP WITH TIME ZONE" | "TIMESTAMPTZ":
            column = in_zone(column, model.project_zone)
        case _:
            raise DataError(
                f"Model '{model.name}': its time column '{time}' is {kind}, which is not a moment or a day.\n"
                "Hint: give the source a contract, columns: {"
                + time
                + ': {type: timestamp, format: "%d/%m/%Y %H:%M"}}, or cast it in the model.'
            )
    return column


def in_zone(moment: exp.Expr, zone: str) -> exp.Expr:
    """A naive moment of a zone as an instant, or an instant as the zone's clock shows it."""
    return exp.AtTimeZone(this=exp.paren(moment), zone=exp.Literal.string(zone))
