"""Whether what a run says differently of complete periods is more than is taken for granted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import polars as pl

from kpi_pipeline.checks.naming import RESTATED
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.errors import counted
from kpi_pipeline.kpis import Kpi, share_written, written
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL


def restated_checks(project: Project, moved: pl.DataFrame, moment: datetime) -> Iterator[CheckResult]:
    """One result for each KPI that says which change is worth a warning, or whose project does.

    Args:
        project: the definitions.
        moved: kpi, period_label, segment, was and now: the values of complete periods that a run restates.
        moment: when that was.
    """
    for kpi in project.kpis.values():
        if limit := project.restated_above(kpi.name):
            yield _result(project, kpi, limit, moved.filter(kpi=kpi.name), moment)


def most_moved(project: Project, kpi: str, moved: pl.DataFrame) -> str:
    """Which value moves by most, from what, to what: of some that move, with period_label, segment, was and now."""
    told = _with_shares(moved)
    size = pl.col("by").abs().fill_null(float("inf"))
    most = told.sort(size, pl.col("segment") == TOTAL, "period_label", descending=True).row(0, named=True)
    unit, currency = project.metrics[project.kpis[kpi].metric].unit, project.settings.currency
    was, now = (
        written(most[one], unit, currency, beside=most[other]) for one, other in (("was", "now"), ("now", "was"))
    )
    share = "" if most["by"] is None else f" ({'+' if most['by'] > 0 else ''}{share_written(most['by'])})"
    where = most["period_label"] if most["segment"] == TOTAL else f"{most['period_label']}, {most['segment']}"
    return f"{where} from {was} to {now}{share}"


def _with_shares(moved: pl.DataFrame) -> pl.DataFrame:
    """What moves, and `by` which share; of a value that came from nothing or went, none can be told."""
    by = (pl.col("now") - pl.col("was")) / pl.col("was").abs()
    return moved.with_columns(by=pl.when(pl.col("now").is_null() | (pl.col("was") == 0)).then(None).otherwise(by))


def _result(project: Project, kpi: Kpi, limit: float, moved: pl.DataFrame, moment: datetime) -> CheckResult:
    # NOTE: what has no share is beyond any.
    beyond = _with_shares(moved).filter(pl.col("by").abs().fill_null(float("inf")) > limit)
    return CheckResult(
        asset=f"kpi/{kpi.name}",
        check_name=RESTATED,
        severity="warn",
        passed=beyond.is_empty(),
        observed=_observed(project, kpi, moved, beyond.height),
        expected=f"no value of a complete period changes by more than {share_written(limit)}",
        failing_rows=beyond.height,
        checked_at=moment,
    )


def _observed(project: Project, kpi: Kpi, moved: pl.DataFrame, beyond: int) -> str:
    if moved.is_empty():
        return "none changed"
    many = counted(moved.height, "value")
    most = most_moved(project, kpi.name, moved)
    return f"{many} of complete periods changed, {beyond:,} by more; most of all {most}"
