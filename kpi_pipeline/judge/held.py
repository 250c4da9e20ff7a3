"""Values of closed periods as they were published, and what is compared with them."""

from __future__ import annotations

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.periods import Grain, Window

PART = ("kpi", "breakdown", "period_start_utc")
KEY = (*PART, "segment")
SERIES = ("kpi", "breakdown", "segment")
PERIOD = ("period_start", "period_end", "last_day", "period_label", "grain", "is_complete")
NUMBER = ("value", "numerator", "denominator", "sample_size")
JUDGED = (
    "target", "target_low", "target_high", "target_provenance", "attainment", "variance", "status", "status_rule",
)  # fmt: skip

NOTHING_HELD = pl.DataFrame(schema={"kpi": pl.String})
"""Of no KPI anything is closed."""


def held(values: pl.DataFrame, said: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """The values with the numbers of closed periods as they were published, also where others are compared with them.

    Args:
        values: what is to be judged: KEY, PERIOD, NUMBER, previous_value, year_ago_value and more of each KPI.
        said: what was published of closed periods, with at least KEY, PERIOD and NUMBER. A period and breakdown that
            it has a row of is closed: segments that it does not have there are left out.
        calendar: tells what a period is compared with.
    """
    said = said.join(values, on="kpi", how="semi")
    if said.is_empty():
        return values
    numbers = said.select(*KEY, *PERIOD, *NUMBER)
    of_kpi = values.drop(*KEY[1:], *PERIOD, *NUMBER, *_COMPARED, strict=False).unique("kpi")
    compared = values.select(*KEY, *_COMPARED)
    closed = numbers.join(compared, on=KEY, how="left").join(of_kpi, on="kpi", how="left")
    rows = pl.concat([values.join(numbers, on=PART, how="anti"), closed.select(values.columns)], how="vertical_relaxed")
    return pl.concat(
        _compared_with(part, numbers, calendar, Grain(str(grain)))
        for (grain,), part in rows.group_by("grain", maintain_order=True)
    )


def as_said(judged: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """What was judged, with target and status of closed periods as they were published."""
    if said.is_empty():
        return judged
    was = said.select(*KEY, *(pl.col(name).alias(f"_{name}") for name in JUDGED), _closed=pl.lit(value=True))
    found = judged.join(was, on=KEY, how="left", maintain_order="left")
    is_closed = pl.col("_closed").is_not_null()
    return found.with_columns(
        pl.when(is_closed).then(f"_{name}").otherwise(name).alias(name) for name in JUDGED
    ).select(judged.columns)


_COMPARED = ("previous_value", "year_ago_value")


def _compared_with(rows: pl.DataFrame, closed: pl.DataFrame, calendar: Calendar, grain: Grain) -> pl.DataFrame:
    """The rows of one grain, complete ones compared with closed periods as these were published."""
    begins = "period_start_utc" if grain is Grain.hour else "period_start"
    known = closed.select(*SERIES, _before=begins, _known="value")
    parts = closed.select("kpi", "breakdown", _before=begins, _closed=pl.lit(value=True)).unique()
    for column, back in zip(_COMPARED, (Window(1, grain), Window(1, Grain.year)), strict=True):
        before = calendar.earlier(grain, back).select(pl.col("period_start").alias(begins), _before="source_start")
        found = (
            rows.join(before, on=begins, how="left", maintain_order="left")
            .join(parts, on=["kpi", "breakdown", "_before"], how="left", maintain_order="left")
            .join(known, on=[*SERIES, "_before"], how="left", maintain_order="left")
        )
        is_known = pl.col("_closed").is_not_null() & pl.col("is_complete")
        rows = found.with_columns(pl.when(is_known).then("_known").otherwise(column).alias(column)).select(rows.columns)
    return rows
