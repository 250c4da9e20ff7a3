"""Targets of single periods that add up: the plan of a year to date."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.periods import DayGrain, Grain
from kpi_pipeline.targets import AtLeast, AtMost


def accumulated(given: pl.DataFrame, kpis: Mapping[str, Kpi], calendar: Calendar) -> pl.DataFrame:
    """What is given, with the values of KPIs that say `accumulate` added up since that longer period began.

    Every period of the KPI's grain takes the value in force; periods before the first value count nothing.
    """
    adding = {
        name: (kpi.grain, kpi.target.accumulate)
        for name, kpi in kpis.items()
        if isinstance(kpi.target, AtLeast | AtMost) and kpi.target.accumulate
    }
    if not adding:
        return given
    plain = given.filter(~pl.col("kpi").is_in(list(adding)))
    added = [_added(given.filter(pl.col("kpi") == name), *grains, calendar) for name, grains in adding.items()]
    return pl.concat([plain, *added])


def _added(given: pl.DataFrame, grain: Grain, until: DayGrain, calendar: Calendar) -> pl.DataFrame:
    begun = calendar.days.select(day="day", _begun=f"{until}_start")
    periods = calendar.of(grain).select(day="period_start").join(begun, on="day").sort("day")
    every = given.select("kpi", "segment").unique(maintain_order=True).join(periods, how="cross").sort("day")
    dated = given.sort("day").unique(["segment", "day"], keep="last", maintain_order=True).sort("day")
    found = every.join_asof(
        dated.drop("kpi"), on="day", by="segment", strategy="backward", check_sortedness=False
    ).drop_nulls("value")
    total = pl.col("value").cum_sum().over("segment", "_begun", order_by="day")
    return found.with_columns(value=total).select(given.columns)
