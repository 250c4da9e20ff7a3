"""Checks on tables of the warehouse: made once for the same data, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kpi_pipeline.checks import Check
from kpi_pipeline.checks.recency import Recency
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.plan import fingerprint
from kpi_pipeline.project import Project
from kpi_pipeline.quality import CheckTarget, check_tables
from kpi_pipeline.store.checks import checks_remembered, remember_checks


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
    amended: Callable[[Sequence[CheckResult]], tuple[CheckResult, ...]] = tuple,
) -> tuple[CheckResult, ...]:
    """Checks a table, or recalls what was found if exactly this was checked; `about` names the version of its rows.

    `amended` adds to what was found what only the loading knows.
    """
    recent = as_of.isoformat() if any(isinstance(one, Recency) for one in checks) else ""
    key = fingerprint(about, [one.model_dump_json() for one in checks], recent)
    known = checks_remembered(context.warehouse, asset)
    if known and known[0] == key and not context.full:
        return known[1]
    related = _related(context.project, checks)
    target = CheckTarget(asset, table, tuple(checks), tuple(personal), related, timezone)
    connect = _connect(context, table, related) if checks else context.warehouse.connect
    results = amended(check_tables(connect, [target], as_of=as_of, docs=context.docs))
    remember_checks(context.warehouse, asset, key if all(one.was_made for one in results) else "", results)
    return results


def _connect(context: Context, table: TableRef, related: Mapping[str, TableRef]) -> Callable[[], Any]:
    """What opens a connection to where the table and those that it is compared with are."""
    if table.schema not in ("raw", "model"):
        return context.warehouse.connect
    spark = context.clusters.of(table)
    if spark is None:
        return context.warehouse.connect
    for other in related.values():
        context.clusters.of(other)
    return spark.checked


def _related(project: Project, checks: Sequence[Check]) -> Mapping[str, TableRef]:
    return {one.looks_in: project.table_named(one.looks_in) for one in checks if one.looks_in}


def why_blocked(results: Sequence[CheckResult]) -> str | None:
    """The failed blocking checks in one line; None where there is none."""
    return "; ".join(f"{one.asset} fails '{one.check_name}': {one.observed}" for one in results if one.blocks) or None
