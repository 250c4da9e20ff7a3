"""What other definitions would publish otherwise, as it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import polars as pl

Row = dict[str, Any]
Kind = Literal["added", "removed", "renamed", "changed"]


@dataclass(frozen=True)
class KpiImpact:
    """What a KPI would publish otherwise."""

    name: str
    label: str
    unit: str
    currency: str | None
    change: Kind
    formerly: str | None
    """The name it is published under, where that is another one."""
    fields: tuple[tuple[str, str | None, str | None], ...]
    """What is said of it otherwise, such as its formula, goal or owner: field, before, after."""
    redefined: bool
    """Whether what decides its number, target or status is defined otherwise."""
    values: int
    """Of the values published now, how many would be another number."""
    of_values: int
    periods: int
    """In how many periods that is so, and in how many segments."""
    segments: int
    targets: int
    """How many values would have another target, and how many another status."""
    statuses: int
    new: int
    removed: int
    largest: Row | None
    """The number that would change by most: of the total if that changes, as a share if there is one."""
    latest: Row | None
    """The last complete period, before and after: period_label, value, target and status, each `from_` and `to_`."""
    blocked: str | None = None
    """Why it could not be computed; its values would stay as they are."""

    @property
    def restates(self) -> bool:
        """Whether a published number, target or status would be another one, or go."""
        return bool(self.values or self.targets or self.statuses or self.removed)


@dataclass(frozen=True)
class Impact:
    """What other definitions would publish otherwise."""

    run_id: str
    """The run whose values are published now, and since when."""
    published_at: datetime
    kpis: tuple[KpiImpact, ...]
    """Those of which something would be different."""
    same: int
    """How many KPIs would be as they are."""
    values: pl.DataFrame
    """Every value that would be different, as in `Difference.rows`, under the KPI's proposed name."""
    metrics: pl.DataFrame
    """Metrics: metric, change, watched (by a KPI), values and latest, before and after."""
    goals: pl.DataFrame
    scores: pl.DataFrame
    indicators: pl.DataFrame
    evidence: pl.DataFrame
    checks: pl.DataFrame
    """Checks that would pass or fail otherwise than now; a new one counts if it fails."""
    findings: pl.DataFrame
    """What `kpi check` would say more, or no longer."""
    blocked: Mapping[str, str] = field(default_factory=dict)
    read_again: tuple[str, ...] = ()
    """Sources that were read from where they are, with the rows they have now."""
    computed: int = 0
    """How many KPIs were computed for this."""
    seconds: float = 0

    @property
    def is_change(self) -> bool:
        """Whether anything published would be different."""
        frames = (self.values, self.metrics, self.goals, self.scores, self.indicators, self.evidence, self.checks)
        return bool(self.kpis or self.blocked) or any(frame.height for frame in (*frames, self.findings))

    @property
    def restates(self) -> bool:
        """Whether a published number, target or status would be another one, or go."""
        return any(one.restates for one in self.kpis)

    @property
    def fails(self) -> bool:
        """Whether something could not be computed, or a check that is no mere warning would fail that passes now."""
        failing = self.checks.filter(pl.col("to_passed").eq(other=False), to_severity="error")
        return bool(self.blocked) or failing.height > 0
