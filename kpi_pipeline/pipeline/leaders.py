"""What confirmed leaders of a KPI say by now of its periods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from kpi_pipeline.pipeline.stood import Asked, Results
from kpi_pipeline.plan import by_key
from kpi_pipeline.project import Project
from kpi_pipeline.projection.nouns import Numbers
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.verdict import Verdict


@dataclass(frozen=True)
class Leader:
    """A KPI that leads another one, by so many periods of a grain."""

    kpi: str
    grain: str
    lag: int


def leaders_of(evidence: pl.DataFrame) -> Mapping[str, tuple[Leader, ...]]:
    """By the KPI that follows its confirmed leaders, that of the greatest skill first.

    What a leader says of the same period is not known before that period is over.
    """
    confirmed = evidence.filter(
        (pl.col("verdict") == Verdict.CONFIRMED.value) & (pl.col("segment") == TOTAL) & (pl.col("measured_lag") >= 1)
    ).sort("skill", "kpi", descending=[True, False], nulls_last=True)
    found: dict[str, tuple[Leader, ...]] = {}
    for row in confirmed.iter_rows(named=True):
        leader = Leader(row["kpi"], row["grain"], row["measured_lag"])
        found[row["leads_kpi"]] = (*found.get(row["leads_kpi"], ()), leader)
    return found


def leader_values(
    project: Project,
    told: Mapping[str, tuple[Leader, ...]],
    kpi: str,
    asked: Asked,
    periods: pl.DataFrame,
    results: Results,
) -> Numbers | None:
    """For each period what its KPI's best leader was so much earlier; None without a leader of that grain and lead."""
    leader = next((one for one in told.get(kpi, ()) if one.grain == asked.grain.value and one.lag >= asked.ahead), None)
    if leader is None:
        return None
    metric = project.kpis[leader.kpi].metric
    frame = by_key(results).get((metric, asked.grain, ()))
    if frame is None:
        return None
    known = frame.filter("is_complete").select("period_start", "value")
    laid = periods.select("period_start").join(known, on="period_start", how="left", maintain_order="left")
    values = laid.get_column("value").fill_null(np.nan).to_numpy()
    return np.concatenate([np.full(leader.lag, np.nan), values])[: len(values)]
