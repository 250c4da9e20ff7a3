"""The published tables that hold periods, segments and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.kpis import Classified
from kpi_pipeline.names import COHORT_AGE
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.plan import Series
from kpi_pipeline.publish.contract import table_named
from kpi_pipeline.publish.table import conform, empty_frame, encoded, of_rows
from kpi_pipeline.segments import (
    NONE,
    OTHER,
    TOTAL,
    breakdown_name,
    segment_name,
    shown_value,
)

T = TypeVar("T")
CALENDAR_NAME = "business"
BATCH = 200_000
"""About so many rows are made at a time."""


def calendar_tables(
    calendar: Calendar, *, hours: bool = False, holidays: pl.DataFrame | None = None
) -> dict[str, pl.DataFrame]:
    """The days and periods of the business calendar; hours where something is published by hour.

    `holidays`: day and holiday, the name it has; None where nobody has said which days are.
    """
    named = pl.DataFrame(schema={"day": pl.Date, "holiday": pl.String}) if holidays is None else holidays
    known = named.with_columns(is_holiday=pl.lit(value=True))
    days = (
        calendar.days.drop("day_start")
        .with_columns(
            iso_year=pl.col("day").dt.iso_year().cast(pl.Int64),
            iso_week=pl.col("day").dt.week().cast(pl.Int64),
        )
        .join(known, on="day", how="left", maintain_order="left")
    )
    days = days.with_columns(is_holiday=None if holidays is None else pl.col("is_holiday").fill_null(value=False))
    periods = pl.concat([calendar.periods, _hours(calendar)], how="diagonal") if hours else calendar.periods
    periods = periods.with_columns(calendar_name=pl.lit(CALENDAR_NAME))
    return {
        "calendar": conform(table_named("calendar"), days),
        "calendar_period": conform(table_named("calendar_period"), periods),
    }


def _hours(calendar: Calendar) -> pl.DataFrame:
    """The hours as periods: the business day each lies in, that of the hour before and of the hour a year ago."""
    hours = calendar.hours.with_columns(previous_start=pl.col("day").shift(1))
    ago = calendar.earlier(Grain.hour, Window(1, Grain.year))
    days = hours.select(source_start="period_start", year_ago_start="day")
    found = hours.join(ago, on="period_start", how="left", maintain_order="left")
    found = found.join(days, on="source_start", how="left", maintain_order="left")
    return found.select(
        *("period_end", "last_day", "period_label", "period_start_utc", "period_number", "year_number"),
        *("previous_start", "year_ago_start"),
        period_start="day",
        grain=pl.lit(Grain.hour.value),
    )


def metric_values(results: Mapping[Series, pl.DataFrame], calendar: Calendar) -> pl.DataFrame:
    """Every derived series as rows of `metric_value`, its texts encoded."""
    table = table_named("metric_value")
    frames = [
        encoded(table, _metric_values({series: results[series] for series in some}, calendar))
        for some in in_batches({series: frame.height for series, frame in results.items() if series.grain})
    ]
    return pl.concat([encoded(table, empty_frame(table)), *frames])


def in_batches(heights: Mapping[T, int]) -> Iterator[list[T]]:
    """What has rows, some at a time, so that little memory is needed on the way to a table.

    >>> list(in_batches({"orders": 150_000, "refunds": 90_000, "visits": 0, "units": 40_000}))
    [['orders', 'refunds'], ['units']]
    """
    batch: list[T] = []
    height = 0
    for one, rows in heights.items():
        if rows:
            batch.append(one)
            height += rows
        if height >= BATCH:
            yield batch
            batch, height = [], 0
    if batch:
        yield batch


def _metric_values(results: Mapping[Series, pl.DataFrame], calendar: Calendar) -> pl.DataFrame:
    """Series as rows of `metric_value`: those of a grain are put together before their periods are named."""
    by_grain: dict[Grain, list[pl.DataFrame]] = {}
    for series, frame in results.items():
        if series.grain:
            values = frame.select(
                "period_start", "value", "numerator", "denominator", "sample_size", "is_complete",
                metric=pl.lit(series.metric),
                grain=pl.lit(series.grain.value),
                breakdown=pl.lit(breakdown_name(series.breakdown)),
                segment=segment_name(series.breakdown),
            )  # fmt: skip
            by_grain.setdefault(series.grain, []).append(values)
    columns = table_named("metric_value").schema.names()
    return pl.concat(calendar.named(pl.concat(values), grain).select(columns) for grain, values in by_grain.items())


def segments(results: Mapping[Series, pl.DataFrame]) -> pl.DataFrame:
    """Every segment that has a value, a row a dimension; the total is one row."""
    frames = [_total()]
    for series, frame in results.items():
        if not series.breakdown or frame.is_empty():
            continue
        distinct = frame.select(*series.breakdown, "is_other").unique()
        for dimension in series.breakdown:
            shown = shown_value(dimension)
            frames.append(
                distinct.select(
                    segment=segment_name(series.breakdown),
                    breakdown=pl.lit(breakdown_name(series.breakdown)),
                    dimension=pl.lit(dimension),
                    dimension_value=pl.when(pl.col("is_other") & (dimension != COHORT_AGE))
                    .then(pl.lit(OTHER))
                    .otherwise(pl.col(dimension).cast(pl.String)),
                    label=shown.fill_null(NONE),
                )
            )
    table = pl.concat(frames).unique(["segment", "dimension"]).sort("segment", "dimension", nulls_last=True)
    return conform(table_named("segment"), table)


def _total() -> pl.DataFrame:
    schema = table_named("segment").schema
    return pl.DataFrame(
        {"segment": [TOTAL], "breakdown": [TOTAL], "dimension": [None], "dimension_value": [None], "label": ["Total"]},
        schema={name: schema[name] for name in ("segment", "breakdown", "dimension", "dimension_value", "label")},
    )


def indicator_table(classified: Iterable[Classified]) -> pl.DataFrame:
    """What every KPI is to every viewpoint."""
    rows = [
        {
            "kpi": one.kpi,
            "viewpoint": one.viewpoint,
            "indicator": one.indicator.value,
            "outcome_kpi": one.outcome_kpi,
            "path": one.path,
            "reason": one.reason,
        }
        for one in classified
    ]
    return of_rows(table_named("kpi_indicator"), rows)
