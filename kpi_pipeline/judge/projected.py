"""The status a KPI will have if its period ends as projected: the same judge, told of the projected value."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from kpi_pipeline.calendar import Calendar

KEY = ("kpi", "breakdown", "segment", "period_start")
NUMBERS = ("projected_value", "projected_low", "projected_high")
SERIES = ("kpi", "breakdown", "segment")

NOTHING_PROJECTED = pl.DataFrame(
    schema={**dict.fromkeys(KEY[:-1], pl.String), KEY[-1]: pl.Date, **dict.fromkeys(NUMBERS, pl.Float64)}
)

Judging = Callable[[pl.DataFrame], pl.DataFrame]


def with_projections(
    judged: pl.DataFrame, values: pl.DataFrame, projections: pl.DataFrame, calendar: Calendar, judging: Judging
) -> pl.DataFrame:
    """The judged values with where their periods are expected to end, and how they will be judged then.

    Args:
        judged: values with target, attainment and status.
        values: the same before they were judged.
        projections: KEY and NUMBERS; of other values nothing is projected.
        calendar: tells which periods an ended one is compared with.
        judging: judges values.
    """
    told = projections.select(*KEY, *NUMBERS).filter(pl.col("projected_value").is_not_null())
    told = told.join(values.select(KEY), on=KEY, how="semi")
    if told.is_empty():
        nothing = dict.fromkeys(NUMBERS, pl.lit(None, pl.Float64))
        return judged.with_columns(**nothing, projected_status=pl.lit(None, pl.String))
    series = values.join(told.select(SERIES).unique(), on=SERIES, how="semi")
    ended = judging(_ended(series, told, calendar))
    status = told.join(ended.select(*KEY, projected_status="status"), on=KEY, how="left")
    return judged.join(status, on=KEY, how="left", maintain_order="left")


def _ended(series: pl.DataFrame, told: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """The series as they will be: projected periods over, and compared with whole ones."""
    rows = series.join(told.select(*KEY, "projected_value"), on=KEY, how="left", maintain_order="left")
    is_told = pl.col("projected_value").is_not_null()
    known = rows.select(*KEY, whole=pl.coalesce("projected_value", "value"))
    for column, back in (("previous_value", "previous_start"), ("year_ago_value", "year_ago_start")):
        earlier = calendar.periods.select("grain", "period_start", _back=back)
        rows = rows.join(earlier, on=["grain", "period_start"], how="left", maintain_order="left").join(
            known.rename({"period_start": "_back"}), on=[*SERIES, "_back"], how="left", maintain_order="left"
        )
        rows = rows.with_columns(pl.when(is_told).then("whole").otherwise(column).alias(column)).drop("_back", "whole")
    return rows.with_columns(
        value=pl.coalesce("projected_value", "value"),
        is_complete=pl.col("is_complete") | is_told,
        numerator=pl.when(~is_told).then("numerator"),
        denominator=pl.when(~is_told).then("denominator"),
    ).select(series.columns)
