"""Leaders that nobody has claimed, looked for in the published values: candidates for a person to think about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from kpi_pipeline.errors import QueryError
from kpi_pipeline.evidence import Candidate, Series
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.pipeline.claims import season_of
from kpi_pipeline.pipeline.shared_metrics import made_of_both
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.store.published import Published

if TYPE_CHECKING:
    from kpi_pipeline.evidence.discover import Discovery

VALUES = (
    "SELECT metric, period_start_utc, value FROM metric_value "
    "WHERE grain = ? AND segment = ? AND is_complete ORDER BY period_start_utc"
)
PERIODS_A_YEAR = "SELECT count(*) AS periods FROM calendar_period WHERE grain = ? GROUP BY calendar_name, year_number"


@dataclass(frozen=True)
class Suggested:
    """A candidate as a link that a person may claim, once there is a mechanism to name."""

    leader: Kpi
    follower: Kpi
    found: Candidate
    grain: Grain
    shared: tuple[str, ...]
    """Metrics that both are made of: what looks like foresight may be arithmetic."""

    @property
    def sign(self) -> str:
        """Whether both rise, or one falls when the other rises."""
        return "negative" if self.found.correlation < 0 else "positive"

    @property
    def link(self) -> str:
        """The link as YAML, without the mechanism: no data knows that, and without it the link does not load."""
        return (
            f"  - from: {self.leader.name}\n"
            f"    to: {self.follower.name}\n"
            f"    lag: {Window(self.found.lag, self.grain)}\n"
            f"    sign: {self.sign}\n"
            "    because:    # how the one brings about the other, in a sentence: only a person knows"
        )


@dataclass(frozen=True)
class Discovered:
    """What was looked at, and what is worth a thought: the surest first."""

    grain: Grain
    kpis: int
    pairs: int
    """How many ordered pairs had enough data to be looked at."""
    longest_lag: int
    """How many periods ahead was looked."""
    claimed: int
    """How many candidates were left out because somebody claims them, or the opposite, already."""
    suggested: tuple[Suggested, ...]
    other_grains: tuple[Grain, ...]
    """Grains that other KPIs are at."""


def discover_leaders(project: Project, *, grain: Grain | None = None) -> Discovered:
    """All pairs of KPIs at one grain, but for those that are claimed; nothing is written.

    Args:
        project: the definitions; values come from its published file.
        grain: at which the KPIs are compared; by default the one that most of them have.

    Raises:
        QueryError: fewer than two KPIs have values at that grain.
    """
    own = Counter(kpi.grain for kpi in project.kpis.values())
    asked = grain or max(own, key=lambda one: (own[one], -one.rank), default=Grain.month)
    with Published.open(project.path(project.settings.publish.duckdb)) as published:
        values = published.fetch(VALUES, [asked.value, TOTAL])
        a_year = published.fetch(PERIODS_A_YEAR, [asked.value]).get_column("periods")
    kpis = _compared(project, set(values.get_column("metric")), asked)
    if len(kpis) < 2:
        raise QueryError(
            f"There are not two KPIs with published values by {asked}.\n"
            f"Hint: KPIs here are by {', '.join(one.value for one in Grain if own[one])}: --grain takes one of these, "
            "or one of `publish: grains` in the project's settings."
        )
    series = _side_by_side(values, kpis)
    longest_lag = _longest_lag(series)
    discovery = _discovered(series, season_of(asked, a_year), longest_lag)
    claims = {frozenset((link.from_, link.to)) for link in project.links}
    unclaimed = [one for one in discovery.candidates if frozenset((one.leader, one.follower)) not in claims]
    return Discovered(
        grain=asked,
        kpis=len(kpis),
        pairs=discovery.pairs,
        longest_lag=longest_lag,
        claimed=len(discovery.candidates) - len(unclaimed),
        suggested=tuple(_suggested(project, kpis, one, asked) for one in unclaimed),
        other_grains=tuple(one for one in Grain if one is not asked and own[one] > 1),
    )


def _compared(project: Project, published: set[str], grain: Grain) -> dict[str, Kpi]:
    """KPIs with values at that grain, those at their own grain first; of several on one metric the first stands."""
    of_metric: dict[str, Kpi] = {}
    for kpi in sorted(project.kpis.values(), key=lambda one: (one.grain is not grain, one.name)):
        if kpi.metric in published and kpi.grain.rank <= grain.rank:
            of_metric.setdefault(kpi.metric, kpi)
    return {kpi.name: kpi for kpi in of_metric.values()}


def _side_by_side(values: pl.DataFrame, kpis: Mapping[str, Kpi]) -> dict[str, Series]:
    """One number a period and KPI, the same periods for all; NaN where there is none."""
    wide = values.pivot("metric", index="period_start_utc", values="value").sort("period_start_utc")
    return {
        name: wide.get_column(kpi.metric).cast(pl.Float64).fill_null(np.nan).to_numpy() for name, kpi in kpis.items()
    }


def _longest_lag(series: Mapping[str, Series]) -> int:
    """As far ahead as the periods that most KPIs have allow, which is a fifth of them, but not further than eight."""
    periods = int(np.median([np.isfinite(one).sum() for one in series.values()]))
    return max(2, min(8, periods // 5))


def _discovered(series: Mapping[str, Series], season: int, longest_lag: int) -> Discovery:
    from kpi_pipeline.evidence.discover import discover

    return discover(series, season=season, longest_lag=longest_lag)


def _suggested(project: Project, kpis: Mapping[str, Kpi], found: Candidate, grain: Grain) -> Suggested:
    shared = sorted(made_of_both(project, found.leader, found.follower))
    return Suggested(kpis[found.leader], kpis[found.follower], found, grain, tuple(shared))
