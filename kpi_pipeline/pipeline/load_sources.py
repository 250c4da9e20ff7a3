"""Stage 1: what changed in the sources is staged, checked and accepted; what fails its checks is not let in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.errors import counted
from kpi_pipeline.ingest import SourceState, Staged, accept, as_loaded, day_changes, stage
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.checking import check_asset, why_blocked
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.report import AssetReport
from kpi_pipeline.pipeline.set_aside import keep_rejected, with_late_keys, with_set_aside
from kpi_pipeline.pipeline.target_checks import checks_on_source
from kpi_pipeline.plan import fingerprint
from kpi_pipeline.sources import Source
from kpi_pipeline.store.source_changes import note_changes


@dataclass(frozen=True)
class Loaded:
    """The sources after loading: what they hold, what was touched, what is missing and why."""

    states: Mapping[str, SourceState]
    touched: Mapping[str, tuple[str | None, tuple[date, date] | None]]
    """Of every changed source: the version before, and the days touched (None: any day may be)."""
    blocked: Mapping[str, str]
    """Sources that may not be used, and why."""
    assets: tuple[AssetReport, ...]
    checks: tuple[CheckResult, ...]
    rows_read: int
    rows_quarantined: int


def stage_sources(context: Context, names: Sequence[str]) -> dict[str, Staged]:
    """Looks at every source and stages what changed; after that the SQL of definitions runs, and reads no file."""
    staged: dict[str, Staged] = {}
    for name in names:
        staged[name] = _there(context, name) or stage(
            context.project,
            context.project.sources[name],
            context.warehouse,
            run_id=context.run_id,
            now=context.now,
            full=context.full,
            handed=context.handed(name) if context.handed else None,
            there=context.clusters.source(name),
        )
        if not context.as_loaded:
            staged[name] = with_late_keys(context, context.project.sources[name], staged) or staged[name]
        context.watch.step(name)
    context.warehouse.shut(context.project.path(context.project.settings.publish.duckdb).parent)
    return staged


def _there(context: Context, name: str) -> Staged | None:
    """A source as it was loaded, where nobody wants to know what came since."""
    return as_loaded(context.project, context.project.sources[name], context.warehouse) if context.as_loaded else None


def _amended(
    context: Context, source: Source, staged: Staged, results: Sequence[CheckResult]
) -> tuple[CheckResult, ...]:
    return with_set_aside(source, staged, results, context.warehouse)


def say_notes(context: Context, staged: Staged) -> None:
    """Tells what is worth saying about a source, such as a file that is empty or gone."""
    for text in staged.notes:
        context.watch.note(f"raw/{staged.source}: {text}")


def load_sources(context: Context, staged: Mapping[str, Staged], before: Mapping[str, SourceState]) -> Loaded:
    """Checks what was staged, and lets it in or not."""
    states: dict[str, SourceState] = {}
    touched: dict[str, tuple[str | None, tuple[date, date] | None]] = {}
    blocked: dict[str, str] = {}
    checks: list[CheckResult] = []
    assets: list[AssetReport] = []
    for name, one in staged.items():
        source = context.project.sources[name]
        asset, raw = f"raw/{name}", TableRef("raw", name)
        asked = checks_on_source(context.project, name)
        looked_in = [staged[other].state.version for check in asked if (other := check.looks_in) and other in staged]
        found = check_asset(
            context,
            asset,
            one.table if one.changed and not one.stays_there else raw,
            asked,
            about=fingerprint(one.state.version, looked_in) if looked_in else one.state.version,
            as_of=context.moment_for(one.state),
            personal=source.personal,
            timezone=source.timezone or context.project.settings.timezone,
            amended=partial(_amended, context, source, one),
        )
        keep_rejected(context, one, found)
        checks += found
        reason = why_blocked(found)
        known = before.get(name)
        if reason:
            blocked[name] = reason
            if one.changed and one.stays_there:
                context.watch.note(f"{asset} is not used as it is now; what was computed of it before stays")
            elif one.changed:
                text = "was not let in, nothing of it; until the next run the warehouse shows it as it was checked, as"
                context.watch.note(f"{asset} {text} {one.table}")
        else:
            if one.changed:
                with context.warehouse.transaction():
                    note_changes(context.warehouse, name, day_changes(one, context.warehouse), context.now)
                    accept(one, context.warehouse)
                touched[name] = (known.version if known else None, one.touched)
            states[name] = one.state
        say_notes(context, one)
        if one.rows_quarantined:
            rows = counted(one.rows_quarantined, "row")
            went = (
                f"{rows} would have gone to quarantine, had it been let in" if reason else f"{rows} went to quarantine"
            )
            context.watch.note(f"{asset}: {went}; `kpi quarantine {name}` says which, and why")
        assets.append(
            AssetReport(
                asset,
                one.changed,
                one.state.rows,
                one.columns,
                one.touched,
                one.rows_quarantined,
                one.notes,
                one.state.version,
            )
        )
        context.watch.step(f"{name} checked")
    return Loaded(
        states,
        touched,
        blocked,
        tuple(assets),
        tuple(checks),
        sum(one.rows_read for one in staged.values()),
        sum(one.rows_quarantined for one in staged.values()),
    )
