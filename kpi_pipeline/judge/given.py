"""The numbers that targets give, as one table: those written with the KPIs and those of tables.

A row is what one KPI and segment is given from a day on (or, of milestones, by a day): `value`, or `low` and `high`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from kpi_pipeline.errors import DataError
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.periods import day_after_named, first_day_named
from kpi_pipeline.project import Project
from kpi_pipeline.targets import PathBase, Within

SCHEMA = {
    "kpi": pl.String,
    "segment": pl.String,
    "day": pl.Date,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "target_provenance": pl.String,
}
Given = tuple[str, str, date, float | None, float | None, float | None, str]


def inline_targets(project: Project) -> pl.DataFrame:
    """What is written with the KPIs."""
    rows = [row for kpi in project.kpis.values() for row in _written(kpi)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _written(kpi: Kpi) -> Iterator[Given]:
    if isinstance(kpi.target, Within):
        for band in kpi.target.values:
            yield kpi.name, band.segment, band.from_, None, band.low, band.high, kpi.target.provenance
    elif isinstance(kpi.target, PathBase):
        for milestone in kpi.target.values:
            yield kpi.name, milestone.segment, milestone.by, milestone.value, None, None, kpi.target.provenance
    elif kpi.target:
        for dated in kpi.target.values:
            yield kpi.name, dated.segment, dated.from_, dated.value, None, None, kpi.target.provenance


def table_targets(project: Project, table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """What a table gives: columns kpi, period_start, value (or low and high) and perhaps segment and provenance.

    Only the KPIs whose target names the table take their numbers from it; an empty segment is the total. A period may
    be named as in the definitions, such as 2010-09; a milestone is to be reached by its last day.
    """
    takers = {kpi.name: kpi for kpi in project.kpis.values() if kpi.target and kpi.target.table == table}
    _refuse_missing(table, rows, takers)
    said = {name: kpi.target.provenance for name, kpi in takers.items() if kpi.target}
    segment = pl.col("segment").cast(pl.String) if "segment" in rows.columns else pl.lit(None, pl.String)
    provenance = pl.col("provenance").cast(pl.String) if "provenance" in rows.columns else pl.lit(None, pl.String)
    rows = rows.with_columns(pl.col("kpi").cast(pl.String)).filter(pl.col("kpi").is_in(list(takers)))
    by_end = pl.col("kpi").is_in([name for name, kpi in takers.items() if isinstance(kpi.target, PathBase)])
    first, last = _days(table, rows)
    return rows.select(
        "kpi",
        segment=pl.when(segment.fill_null("").str.strip_chars() == "").then(pl.lit("all")).otherwise(segment),
        day=pl.when(by_end).then(last).otherwise(first),
        **{name: _number(table, rows, name) for name in ("value", "low", "high")},
        target_provenance=pl.coalesce(provenance, pl.col("kpi").replace_strict(said, default="")),
    )


def _refuse_missing(table: str, rows: pl.DataFrame, takers: dict[str, Kpi]) -> None:
    wanted = {"kpi", "period_start"}
    for kpi in takers.values():
        wanted |= {"low", "high"} if isinstance(kpi.target, Within) else {"value"}
    if missing := sorted(wanted - set(rows.columns)):
        raise DataError(
            f"'{table}' gives targets but has no column {', '.join(missing)}.\n"
            "Hint: it needs kpi, period_start and value (low and high for a band); segment and provenance are optional."
        )


def _days(table: str, rows: pl.DataFrame) -> tuple[pl.Expr, pl.Expr]:
    """The first and the last day of the period that each row names; a day is both."""
    column = pl.col("period_start")
    if rows.schema["period_start"] == pl.Date or isinstance(rows.schema["period_start"], pl.Datetime):
        return column.cast(pl.Date), column.cast(pl.Date)
    texts = rows.get_column("period_start").cast(pl.String).drop_nulls().unique()
    try:
        first = {text: first_day_named(text) for text in texts}
        after = {text: day_after_named(text) for text in texts}
    except ValueError as problem:
        raise DataError(f"'{table}' gives targets, but not for periods: {problem}.") from None
    named = column.cast(pl.String)
    last = named.replace_strict(after, default=None, return_dtype=pl.Date) - pl.duration(days=1)
    return named.replace_strict(first, default=None, return_dtype=pl.Date), last


def _number(table: str, rows: pl.DataFrame, name: str) -> pl.Expr:
    if name not in rows.columns:
        return pl.lit(None, pl.Float64)
    try:
        rows.get_column(name).cast(pl.Float64)
    except pl.exceptions.InvalidOperationError as problem:
        raise DataError(
            f"'{table}' gives targets, but not as numbers: {str(problem).splitlines()[0]}.\n"
            f"Hint: write under `columns` of the source `{name}: {{type: number}}`; rows that do not fit are set aside."
        ) from None
    return pl.col(name).cast(pl.Float64)
