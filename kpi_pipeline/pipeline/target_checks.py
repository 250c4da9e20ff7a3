"""Targets that nothing reads are said, as warnings: rows of an unknown KPI, and segments that no value has."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from kpi_pipeline.checks import AcceptedValues, Check
from kpi_pipeline.project import Project
from kpi_pipeline.quality import FrameTarget
from kpi_pipeline.segments import TOTAL


def checks_on_source(project: Project, name: str) -> tuple[Check, ...]:
    """The checks of a source: those of its definition, and of a source of targets that KPIs take each of its rows."""
    takers = sorted(kpi.name for kpi in project.kpis.values() if kpi.target and kpi.target.table == name)
    own = project.sources[name].checks
    if not takers:
        return own
    return (
        *own,
        AcceptedValues(
            type="accepted_values",
            name="targets_have_their_kpi",
            column="kpi",
            values=tuple(takers),
            severity="warn",
        ),
    )


def segments_with_targets(targets: pl.DataFrame, kpi_value: pl.DataFrame, kpis: Iterable[str]) -> list[FrameTarget]:
    """The targets of single segments, KPI by KPI, with the check that there are values of these segments."""
    found = []
    for kpi in sorted(kpis):
        own = targets.filter((pl.col("kpi") == kpi) & (pl.col("segment") != TOTAL))
        if own.is_empty():
            continue
        segments = kpi_value.filter(pl.col("kpi") == kpi).get_column("segment").unique().sort()
        check = AcceptedValues(
            type="accepted_values",
            name="targets_have_their_segment",
            column="segment",
            values=tuple(segments),
            severity="warn",
        )
        found.append(FrameTarget(f"kpi/{kpi}", own.select("segment", "day"), (check,)))
    return found
