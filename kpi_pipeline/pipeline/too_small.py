"""Segments that are too small to be shown: nothing else may say how they stand, either."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Series, by_key
from kpi_pipeline.project import Project
from kpi_pipeline.segments import breakdown_name, segment_name

KEY = ("kpi", "breakdown", "segment", "period_start")


def without_too_small(
    project: Project, projections: pl.DataFrame, results: Mapping[Series, pl.DataFrame]
) -> pl.DataFrame:
    """The projections without those of periods whose value is hidden: where it will end tells how it stands."""
    return projections.join(_hidden(project, results), on=KEY, how="anti", maintain_order="left")


def _hidden(project: Project, results: Mapping[Series, pl.DataFrame]) -> pl.DataFrame:
    """The values of KPIs that are too small to be shown, and so have no sample size."""
    frames = by_key(results)
    found = [pl.DataFrame(schema={**dict.fromkeys(KEY, pl.String), "period_start": pl.Date})]
    for kpi in project.kpis.values():
        if not project.min_group_size(kpi.metric) or kpi.grain is Grain.hour:
            continue
        for breakdown in kpi.told_apart_by:
            frame = frames.get((kpi.metric, kpi.grain, breakdown))
            if frame is not None:
                told = {"kpi": pl.lit(kpi.name), "breakdown": pl.lit(breakdown_name(breakdown))}
                gone = frame.filter(pl.col("sample_size").is_null())
                found.append(gone.select("period_start", segment=segment_name(breakdown), **told).select(KEY))
    return pl.concat(found)
