"""Checks on tables of the warehouse: made once for the same data, and remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kpi_pipeline.checks import Check
from kpi_pipeline.checks.recency import Recency
from kpi_pipeline.checks.relationships import Relationships
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.plan import fingerprint
from kpi_pipeline.project import Project
from kpi_pipeline.quality import CheckTarget, check_tables
from kpi_pipeline.store.runs import checked, note_checked


@dataclass(frozen=True)
class Checked:
    """What checks on an asset came to; results are empty where the same data had been checked before."""

    results: tuple[CheckResult, ...]
    blocked: bool


def check_asset(
    context: Context,
    asset: str,
    table: TableRef,
    checks: Sequence[Check],
    *,
    about: str,
    as_of: datetime,
    personal: Sequence[str] = (),
    timezone: str,
) -> Checked:
    """Checks a table unless exactly this was checked before; `about` names the version of its rows."""
    if not checks:
        return Checked((), blocked=False)
    recent = as_of.isoformat() if any(isinstance(one, Recency) for one in checks) else ""
    key = fingerprint(about, [one.model_dump_json() for one in checks], recent)
    known = checked(context.warehouse).get(asset)
    if known and known[0] == key and not context.full:
        return Checked((), blocked=known[1])
    target = CheckTarget(asset, table, tuple(checks), tuple(personal), _related(context.project, checks), timezone)
    results = check_tables(context.warehouse.connect, [target], as_of=as_of, docs=context.docs)
    blocked = any(one.blocks for one in results)
    note_checked(context.warehouse, asset, key, blocked=blocked)
    return Checked(results, blocked)


def _related(project: Project, checks: Sequence[Check]) -> Mapping[str, TableRef]:
    names = [one.to for one in checks if isinstance(one, Relationships)]
    return {name: TableRef("model" if name in project.models else "raw", name) for name in names}


def why_blocked(asset: str, results: Sequence[CheckResult]) -> str:
    """The failed blocking checks in one line."""
    failed = [one for one in results if one.blocks]
    if not failed:
        return f"{asset} still fails the checks it failed before"
    return "; ".join(f"{asset} fails '{one.check_name}': {one.observed}" for one in failed)
