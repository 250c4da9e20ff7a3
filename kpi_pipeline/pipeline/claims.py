"""Links as claims that can be tested: the two KPIs' values side by side, as readers find them in `metric_value`."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.evidence import Claim, Series
from kpi_pipeline.evidence.enough import FEWEST_SEASONS, longest_stretch
from kpi_pipeline.links import Link
from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.shared_metrics import shared_metrics
from kpi_pipeline.plan import Series as Wanted
from kpi_pipeline.project import Project
from kpi_pipeline.publish import table_named
from kpi_pipeline.segments import OTHER, TOTAL, breakdown_name, segment_name
from kpi_pipeline.store import Warehouse

SIGNS = {"positive": 1, "negative": -1}
METRIC_VALUE = TableRef("kpi", "metric_value")


@dataclass(frozen=True, eq=False)
class Asked:
    """A link, in total or for one segment, and what it is tested on: None where a KPI has no values there."""

    link: Link
    grain: Grain
    lag: int
    breakdown: str
    segment: str
    periods: tuple[date, ...] = ()
    """The first day of each period."""
    claim: Claim | None = None
    shared: tuple[str, ...] = ()
    """What people call the metrics that both KPIs are made of."""

    @property
    def key(self) -> tuple[str, str, str, int, str]:
        """What tells it from all others."""
        return self.link.from_, self.link.to, self.grain.value, self.lag, self.segment


@dataclass(frozen=True)
class Values:
    """The values that the published tables will have: those computed now, and of other metrics those from before."""

    warehouse: Warehouse
    calendar: Calendar
    computed: Mapping[tuple[str, Grain | None, str], tuple[Wanted, pl.DataFrame]]
    metrics: frozenset[str]

    def of(self, metric: str, grain: Grain, breakdown: str) -> pl.DataFrame:
        """The complete periods of a series, in order: segment, period_start, at (when it begins), value."""
        if metric not in self.metrics:
            return self._published(metric, grain, breakdown)
        if (metric, grain, breakdown) not in self.computed:
            return pl.DataFrame(schema=_SCHEMA)
        wanted, frame = self.computed[metric, grain, breakdown]
        rows = frame.filter("is_complete").with_columns(segment=segment_name(wanted.breakdown))
        named = self.calendar.named(rows.select("segment", "period_start", "value"), grain)
        return named.select("segment", "period_start", at="period_start_utc", value="value").cast(_SCHEMA).sort("at")

    def _published(self, metric: str, grain: Grain, breakdown: str) -> pl.DataFrame:
        if not set(table_named(METRIC_VALUE.name).schema) <= set(self.warehouse.table_columns(METRIC_VALUE)):
            return pl.DataFrame(schema=_SCHEMA)
        found = self.warehouse.fetch(
            'SELECT segment, period_start, period_start_utc AS at, value FROM "kpi"."metric_value" '
            "WHERE metric = ? AND grain = ? AND breakdown = ? AND is_complete ORDER BY period_start_utc",
            [metric, grain.value, breakdown],
        )
        return found.cast(_SCHEMA)


_SCHEMA = pl.Schema({
    "segment": pl.String(), "period_start": pl.Date(), "at": pl.Datetime("us", "UTC"), "value": pl.Float64(),
})  # fmt: skip


def values_of(
    warehouse: Warehouse, calendar: Calendar, results: Mapping[Wanted, pl.DataFrame], metrics: frozenset[str]
) -> Values:
    """What can be looked up after this run has computed some metrics."""
    found = {(one.metric, one.grain, breakdown_name(one.breakdown)): (one, frame) for one, frame in results.items()}
    return Values(warehouse, calendar, found, metrics)


def claims_of(project: Project, values: Values) -> Iterator[Asked]:
    """Every link in total and, where it asks for them, its segments; the periods are those that both KPIs have."""
    for link in project.links:
        grain, lag = project.tested_at(link) or (project.kpis[link.to].grain, 0)
        shared = tuple(project.metrics[name].title for name in shared_metrics(project, link.from_, link.to))
        for breakdown in (TOTAL, breakdown_name(link.by)) if link.by else (TOTAL,):
            for asked in _asked(project, values, link, (grain, lag, breakdown)):
                yield replace(asked, shared=shared)


def _asked(project: Project, values: Values, link: Link, at: tuple[Grain, int, str]) -> Iterator[Asked]:
    grain, lag, breakdown = at
    leader, follower = (values.of(project.kpis[name].metric, grain, breakdown) for name in (link.from_, link.to))
    both = leader.join(follower.drop("period_start"), on=["segment", "at"], suffix="_follower", maintain_order="left")
    controls = [_control(project, values, name, grain, breakdown) for name in link.control]
    for number, (control, keys) in enumerate(controls):
        both = both.join(control.rename({"value": f"control{number}"}), on=keys, how="left", maintain_order="left")
    season = season_of(grain, values.calendar.of(grain).group_by("year_number").len().get_column("len"))
    found = both.partition_by("segment", as_dict=True, maintain_order=True)
    for (segment,), rows in sorted(found.items(), key=lambda item: str(item[0])):
        if f"={OTHER}" in str(segment):
            continue  # what is in the rest today may stand alone tomorrow
        claim = _in_season(
            Claim(
                leader=_numbers(rows, "value"),
                follower=_numbers(rows, "value_follower"),
                season=season,
                expected_lag=lag,
                expected_sign=SIGNS[link.sign],
                controls=tuple(_numbers(rows, f"control{number}") for number in range(len(controls))),
                seed=_seed(project, link),
            )
        )
        yield Asked(link, grain, lag, breakdown, str(segment), tuple(rows.get_column("period_start")), claim)
    if not found and breakdown == TOTAL:
        yield Asked(link, grain, lag, breakdown, TOTAL)


def _control(
    project: Project, values: Values, name: str, grain: Grain, breakdown: str
) -> tuple[pl.DataFrame, list[str]]:
    """What is held constant, segment by segment where it has them, and by what it is joined; else in total."""
    metric = project.kpis[name].metric
    found = values.of(metric, grain, breakdown)
    if found.height or breakdown == TOTAL:
        return found.select("segment", "at", "value"), ["segment", "at"]
    return values.of(metric, grain, TOTAL).select("at", "value"), ["at"]


def _in_season(claim: Claim) -> Claim:
    """Without a season where less than a whole one was seen: what has not come round yet, nobody can tell."""
    seen = longest_stretch(claim)
    whole = seen is not None and seen.periods >= FEWEST_SEASONS * claim.season
    return claim if whole else replace(claim, season=1)


def season_of(grain: Grain, a_year: pl.Series) -> int:
    """How many periods come round again: the hours of a day, the days of a week, the weeks or months of a year.

    `a_year` says how many periods each year of the project's calendar has, where a year may have 13 months; of several
    numbers it is the usual one.
    """
    always = {Grain.hour: 24, Grain.day: 7, Grain.year: 1}
    return always[grain] if grain in always else int(a_year.mode().max() or 1)  # type: ignore[arg-type]


def _numbers(rows: pl.DataFrame, column: str) -> Series:
    return rows.get_column(column).fill_null(np.nan).to_numpy().astype(np.float64)


def _seed(project: Project, link: Link) -> int:
    """Where chance begins: CRC-32 of the two metrics' names; a KPI that gets another name is not tested again."""
    leader, follower = (project.kpis[name].metric for name in (link.from_, link.to))
    return zlib.crc32(f"{leader}->{follower}".encode())
