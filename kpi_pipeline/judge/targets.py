"""Targets as a table: kpi, segment, from day, value, provenance."""

from __future__ import annotations

import polars as pl

from kpi_pipeline.errors import DataError
from kpi_pipeline.periods import first_day_named
from kpi_pipeline.project import Project

SCHEMA = {
    "kpi": pl.String,
    "segment": pl.String,
    "target_from": pl.Date,
    "target": pl.Float64,
    "target_provenance": pl.String,
}


def inline_targets(project: Project) -> pl.DataFrame:
    """The values written with the KPIs."""
    rows = [
        (kpi.name, dated.segment, dated.from_, dated.value, kpi.target.provenance)
        for kpi in project.kpis.values()
        if kpi.target
        for dated in kpi.target.values
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def table_targets(project: Project, source: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The values of a source with columns kpi, period_start, segment, value and perhaps provenance.

    Only the KPIs whose target names the source take their values from it; an empty segment is the total. A period may
    be named as in the definitions, such as 2010-09.
    """
    missing = [name for name in ("kpi", "period_start", "value") if name not in rows.columns]
    if missing:
        raise DataError(
            f"Source '{source}' gives targets but has no column {', '.join(missing)}.\n"
            "Hint: it needs kpi, period_start and value; segment and provenance are optional."
        )
    takers = [kpi.name for kpi in project.kpis.values() if kpi.target and kpi.target.table == source]
    said = {kpi.name: kpi.target.provenance for kpi in project.kpis.values() if kpi.target}
    segment = pl.col("segment").cast(pl.String) if "segment" in rows.columns else pl.lit(None, pl.String)
    provenance = pl.col("provenance").cast(pl.String) if "provenance" in rows.columns else pl.lit(None, pl.String)
    return rows.filter(pl.col("kpi").is_in(takers)).select(
        "kpi",
        segment=pl.when(segment.fill_null("").str.strip_chars() == "").then(pl.lit("all")).otherwise(segment),
        target_from=_first_day(source, rows),
        target=_number(source, rows),
        target_provenance=pl.coalesce(provenance, pl.col("kpi").replace_strict(said, default="")),
    )


def _first_day(source: str, rows: pl.DataFrame) -> pl.Expr:
    """The first day of the period that each row names."""
    column = pl.col("period_start")
    if rows.schema["period_start"] == pl.Date or isinstance(rows.schema["period_start"], pl.Datetime):
        return column.cast(pl.Date)
    try:
        days = {
            text: first_day_named(text)
            for text in rows.get_column("period_start").cast(pl.String).drop_nulls().unique()
        }
    except ValueError as problem:
        raise DataError(f"Source '{source}' gives targets, but not for periods: {problem}.") from None
    return column.cast(pl.String).replace_strict(days, default=None, return_dtype=pl.Date)


def _number(source: str, rows: pl.DataFrame) -> pl.Expr:
    try:
        rows.get_column("value").cast(pl.Float64)
    except pl.exceptions.InvalidOperationError as problem:
        raise DataError(
            f"Source '{source}' gives targets, but not as numbers: {str(problem).splitlines()[0]}.\n"
            "Hint: write under `columns` of the source `value: {type: number}`; rows that do not fit are set aside."
        ) from None
    return pl.col("value").cast(pl.Float64)


def with_targets(values: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """The values (kpi, segment, period_start, ...) with the target in force.

    It is the latest that begins on or before the period's first day.
    """
    dated = targets.sort("target_from").unique(["kpi", "segment", "target_from"], keep="last", maintain_order=True)
    return (
        values.sort("period_start")
        .join_asof(
            dated.sort("target_from"),
            left_on="period_start",
            right_on="target_from",
            by=["kpi", "segment"],
            strategy="backward",
            check_sortedness=False,
        )
        .drop("target_from")
    )
