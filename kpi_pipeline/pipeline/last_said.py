"""What the published file says of how a project is doing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from kpi_pipeline.pipeline.heading_off_track import in_progress
from kpi_pipeline.pipeline.whats_new import latest_judged
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.store.published import Published, PublishedBefore
from kpi_pipeline.verdict import Verdict

Row = dict[str, Any]


@dataclass(frozen=True)
class LastSaid:
    """The published tables as far as they tell of the pipeline's and the KPIs' health; empty before the first run."""

    snapshot: Row = field(default_factory=dict)
    runs: tuple[Row, ...] = ()
    """The newest first."""
    stages: tuple[Row, ...] = ()
    sources: tuple[Row, ...] = ()
    checks: tuple[Row, ...] = ()
    lineage: tuple[tuple[str, str], ...] = ()
    """Downstream and upstream."""
    judged: tuple[Row, ...] = ()
    """The latest complete period of each KPI that was judged."""
    ahead: tuple[Row, ...] = ()
    """The period in progress of each KPI."""
    ends: Mapping[str, date] = field(default_factory=dict)
    """The first day that each KPI has no value for."""
    faded: tuple[Row, ...] = ()

    @property
    def statuses(self) -> Mapping[str, int]:
        """How many KPIs have which status."""
        return Counter(str(row["status"]) for row in self.judged)

    def made_of(self, asset: str) -> frozenset[str]:
        """Everything that an asset is made from, and itself."""
        found, new = {asset}, [asset]
        while new:
            new = [one for name in new for one in self._upstream[name] if one not in found]
            found.update(new)
        return frozenset(found)

    @cached_property
    def _upstream(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for downstream, upstream in self.lineage:
            found[downstream].append(upstream)
        return found


def last_said(published: Published) -> LastSaid:
    """Reads it; what an earlier version did not publish yet is missing."""

    def rows(query: str, *given: object) -> tuple[Row, ...]:
        return tuple(published.fetch(query, given).to_dicts())

    try:
        sources = rows("SELECT * FROM source_status ORDER BY source")
    except PublishedBefore:
        sources = ()
    return LastSaid(
        snapshot=next(iter(rows("SELECT * FROM snapshot"))),
        runs=rows("SELECT * FROM run ORDER BY started_at DESC"),
        stages=rows("SELECT * FROM run_stage"),
        sources=sources,
        checks=rows("SELECT * FROM check_result ORDER BY asset, check_name"),
        lineage=tuple(published.fetch("SELECT DISTINCT downstream, upstream FROM lineage").rows()),
        judged=tuple(latest_judged(published)),
        ahead=tuple(in_progress(published)),
        ends=dict(
            published.fetch("SELECT kpi, max(period_end) FROM kpi_value WHERE segment = ? GROUP BY ALL", [TOTAL]).rows()
        ),
        faded=rows(
            "SELECT now.kpi, now.leads_kpi, now.verdict FROM kpi_evidence AS now "
            "WHERE now.segment = ? AND now.verdict <> ? AND EXISTS (FROM kpi_evidence_history AS was "
            "WHERE was.kpi = now.kpi AND was.leads_kpi = now.leads_kpi AND was.segment = now.segment "
            "AND was.verdict = ?) ORDER BY ALL",
            TOTAL,
            Verdict.CONFIRMED,
            Verdict.CONFIRMED,
        ),
    )
