"""What a run tells the log: how it began, what it found and did, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.errors import counted
from kpi_pipeline.log import RUN, tell
from kpi_pipeline.pipeline.report import AssetReport, RunReport
from kpi_pipeline.store.runs import StageTaken


@contextmanager
def told_if_it_fails() -> Iterator[None]:
    """Tells why a run failed, whatever it was; what is told after the block is of no run."""
    began, before = time.perf_counter(), RUN.set(None)
    try:
        yield
    except BaseException as problem:
        text = "stopped" if isinstance(problem, KeyboardInterrupt) else str(problem)
        tell("run_failed", text, error=type(problem).__name__, seconds=time.perf_counter() - began)
        raise
    finally:
        RUN.reset(before)


def tell_stage(stage: StageTaken) -> None:
    """A stage is done."""
    seconds, rows, peak = stage.seconds, stage.rows_out, stage.peak_mb
    tell("stage_ended", f"{stage.stage} took {seconds:.2f} s", stage=stage.stage, seconds=seconds, rows=rows,
         peak_mb=peak)  # fmt: skip


def tell_assets(assets: Iterable[AssetReport], checks: Iterable[CheckResult]) -> None:
    """Sources or models are up to date, or as they were; and what their checks found."""
    for one in assets:
        state = "changed" if one.changed else "as it was"
        tell("asset", f"{one.asset} {state}", asset=one.asset, changed=one.changed, rows=one.rows,
             quarantined=one.quarantined)  # fmt: skip
    tell_checks(checks)


def tell_checks(checks: Iterable[CheckResult]) -> None:
    """The checks that failed."""
    for one in checks:
        if not one.passed:
            name = "check_blocked" if one.blocks else "check_warned"
            tell(name, str(one), asset=one.asset, check=one.check_name, failing_rows=one.failing_rows)


def tell_blocked(blocked: Mapping[str, str]) -> None:
    """What stays as it was published."""
    for asset, why in sorted(blocked.items()):
        tell("not_computed", why, asset=asset)


def tell_end(report: RunReport, *, rows_read: int, quarantined: int) -> RunReport:
    """How the run ended; the report goes on to whoever asked."""
    if report.status not in ("unchanged", "loaded"):
        for form, path in report.published.items():
            tell("published", f"{form}: {path}", form=form, where=str(path))
        for form, where in report.served.items():
            tell("published", f"{form}: {where}", form=form, where=where)
    if crossed := report.crossed:
        text = f"{counted(crossed.rows, 'row')} came from clusters in {counted(crossed.answers, 'answer')}"
        tell("crossed", text, answers=crossed.answers, rows=crossed.rows, bytes=crossed.bytes,
             rows_sent=crossed.rows_sent, bytes_sent=crossed.bytes_sent)  # fmt: skip
    tell(
        "run_ended",
        f"{report.status} in {report.seconds:.1f} s, {counted(len(report.computed), 'KPI')} computed",
        status=report.status,
        seconds=report.seconds,
        rows_read=rows_read,
        quarantined=quarantined,
        kpis=len(report.computed),
        peak_mb=max((one.peak_mb for one in report.stages), default=None),
    )
    return report
