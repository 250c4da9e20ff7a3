"""How every KPI stands in the months, quarters and years that goals are scored by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.periods import Grain
from kpi_pipeline.segments import TOTAL

GRAINS = (Grain.month, Grain.quarter, Grain.year)
"""Of months, quarters and years."""


def standing(values: pl.DataFrame, kpis: Mapping[str, Kpi], calendar: Calendar) -> pl.DataFrame:
    """For every KPI and period that goals are scored by: grain, period_start, kpi, attainment, status, has_row.

    What counts is the KPI's last period within the one scored or, of a KPI with longer periods, the last that was over
    by its end. Where that one has no row it is in progress as long as the KPI's data has not come that far, and without
    data afterwards.
    """
    totals = values.filter(pl.col("segment") == TOTAL)
    newest: date = totals.select(pl.col("last_day").max()).item()
    frames = [
        _of_one(rows, kpis[str(name)], calendar, newest)
        for (name,), rows in totals.group_by("kpi", maintain_order=True)
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA)


SCHEMA = {
    "grain": pl.String,
    "period_start": pl.Date,
    "kpi": pl.String,
    "attainment": pl.Float64,
    "status": pl.String,
    "has_row": pl.Boolean,
}


def _of_one(rows: pl.DataFrame, kpi: Kpi, calendar: Calendar, newest: date) -> pl.DataFrame:
    """The KPI from its first period to the newest that any KPI has."""
    first, last = rows.select(first=pl.col("period_start").min(), last=pl.col("last_day").max()).row(0)
    own = calendar.of(Grain.day if kpi.grain is Grain.hour else kpi.grain).select(_own="period_start", _over="last_day")
    judged = rows.sort("period_start_utc").unique("period_start", keep="last").select(
        "period_start", "attainment", "status"
    )  # fmt: skip
    frames = []
    for grain in GRAINS:
        scored = calendar.of(grain).filter((pl.col("last_day") >= first) & (pl.col("period_start") <= newest))
        ends = scored.select("period_start", "last_day").sort("last_day")
        found = ends.join_asof(own.sort("_over"), left_on="last_day", right_on="_over", strategy="backward").join(
            judged, left_on="_own", right_on="period_start", how="left"
        )
        begun = pl.col("_own").is_null() | (pl.col("_own") < first)
        going_on = (pl.col("period_start") <= last) & (pl.col("last_day") >= last)
        coming = pl.when(begun | going_on).then(pl.lit("in_progress"))
        frames.append(
            found.select(
                grain=pl.lit(grain.value),
                period_start="period_start",
                kpi=pl.lit(kpi.name),
                attainment="attainment",
                status=pl.coalesce("status", coming, pl.lit("no_data")),
                has_row=pl.col("status").is_not_null() | coming.is_not_null(),
            )
        )
    return pl.concat(frames)
