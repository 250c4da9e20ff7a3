"""How KPIs stood at the same point of all earlier periods: each as the period in progress stands now.

The point is told by business days, and what stood then is computed as any value is, in a calendar whose periods end at
that point. So it is right for every kind of metric, whether its days add up or not. Where a period is over and waits
for events, the point lies in a later period, and what stood then is without the events that came after it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from kpi_pipeline.calendar import Calendar, cut_short
from kpi_pipeline.derive import KNOWN, Partials, derive, known_then
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Coverage, Derivation, Series, leaves
from kpi_pipeline.projection import DayCounts, Elapsed, elapsed
from kpi_pipeline.projection.nouns import Numbers, Places

Results = Mapping[Series, pl.DataFrame]
TWO_YEARS = timedelta(days=2 * 364)


@dataclass(frozen=True)
class Known:
    """What a run has computed, and what it was computed from."""

    derivations: Mapping[str, Derivation]
    results: Results
    partials: Partials
    calendar: Calendar
    coverage: Mapping[str, Coverage]
    holidays: frozenset[date]


@dataclass(frozen=True)
class Asked:
    """What a board is about: periods of a grain up to the one projected, which has come to a day.

    `ahead`: how many periods after the last one that is over it comes. `waited`: how many periods after it the one lies
    that the day is in, where it waits for events.
    """

    grain: Grain
    start: date
    through: date
    ahead: int
    waited: int = 0


@dataclass(frozen=True, eq=False)
class Point:
    """The same point of all periods: in days after each began, and as the board's clock has it."""

    days: Places
    share: Numbers
    work: Numbers


def point_of(asked: Asked, periods: pl.DataFrame, metrics: Collection[str], known: Known) -> Point:
    """The point that the projected period has come to, of all periods.

    Of a period that waits it is as far in the period so many later. What comes after a period is not told by its
    working days, so then all periods count as equally far, with as much to come.
    """
    at = _waited(asked, periods, known.calendar)
    found = elapsed_of(at, asked.through, metrics, known)
    if not asked.waited:
        return Point(found.days, found.share, found.work)
    days = (at.get_column("period_start") - periods.get_column("period_start")).dt.total_days().to_numpy() + found.days
    share = (asked.waited + found.share[-1]) / (asked.waited + 1)
    return Point(days, np.full(len(days), share), np.ones(len(days)))


def _waited(asked: Asked, periods: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """The periods that lie so many after each: period_start, period_end."""
    ends = pl.col("period_start", "period_end").shift(-asked.waited)
    later = calendar.of(asked.grain).sort("period_start").select(pl.col("period_start").alias("start"), ends)
    return periods.select(start="period_start").join(later, on="start", how="left", maintain_order="left").drop("start")


def elapsed_of(periods: pl.DataFrame, through: date, metrics: Collection[str], known: Known) -> Elapsed:
    """How far all periods were at the point that the last one has come to."""
    first: date = periods.get_column("period_start").item(0) - TWO_YEARS
    start, last = periods.get_column("period_start").item(-1), periods.get_column("period_end").item(-1)
    days = pl.DataFrame({"day": pl.date_range(first, last, closed="left", eager=True)})
    counted = days.join(_row_counts(metrics, known, through), on="day", how="left", maintain_order="left")
    counts = DayCounts(
        counted.get_column("rows").fill_null(0).to_numpy().astype(np.float64),
        days.get_column("day").dt.weekday().cast(pl.Int64).to_numpy() - 1,
        days.get_column("day").is_in(list(known.holidays)).to_numpy(),
    )
    begin, after = (
        (periods.get_column(name) - first).dt.total_days().to_numpy() for name in ("period_start", "period_end")
    )
    return elapsed(counts, begin, after, max((through - start).days, 0))


def _row_counts(metrics: Collection[str], known: Known, through: date) -> pl.DataFrame:
    """How many rows the days before one have, of all models that the metrics draw on: day, rows."""
    measures = {
        (leaf.measure.model, leaf.measure.time): leaf.measure.all_rows
        for metric in metrics
        for leaf in leaves(known.derivations[metric].node)
    }
    frames = [
        known.partials.counted(through - timedelta(days=1), rows, ())
        .group_by(day="_day")
        .agg(rows=pl.col(rows.column).sum().cast(pl.Float64))
        for rows in measures.values()
    ]
    return pl.concat(frames).group_by("day").agg(pl.col("rows").sum()).collect()


def stood_at(asked: Asked, periods: pl.DataFrame, point: Point, series: Collection[Series], known: Known) -> Results:
    """The series as they stood at that point of every period; nothing where no day of the projected one is over.

    Nor of the ages of cohorts, told apart: each has a point of its own.
    """
    if asked.through <= asked.start:
        return {}
    last = pl.col("period_start") + pl.duration(days=pl.lit(pl.Series(point.days - 1)))
    cuts = periods.select("period_start", cut=pl.min_horizontal(last, pl.col("period_end") - pl.duration(days=1)))
    calendar = known.calendar if asked.waited else cut_short(known.calendar, asked.grain, cuts)
    days = known.calendar.days.select(_day="day", period_start=f"{asked.grain}_start")
    through = days.join(periods.select("period_start", last.alias(KNOWN)), on="period_start")
    wanted = [replace(one, compared=False) for one in series if not one.by_age]
    # NOTE: answers about these spans are kept like those about periods: a week that was cut on its Thursday is again,
    # a week later.
    found = derive(
        sorted(wanted, key=lambda one: (one.metric, one.breakdown)),
        known.derivations,
        known_then(known.partials, through.drop("period_start")),
        calendar,
        known.coverage,
        dense=True,
        first=periods.get_column("period_start").item(0),
        last=asked.start,
    )
    return {one: found[replace(one, compared=False)] for one in series if not one.by_age}
