"""What checks say that set rows aside: how many of a load they were, and whether that is more than is tolerated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from kpi_pipeline.checks.naming import check_names
from kpi_pipeline.checks.relationships import Relationships
from kpi_pipeline.checks.result import LONGEST_SAMPLE, CheckResult
from kpi_pipeline.errors import counted
from kpi_pipeline.ingest import Staged, stage_replay
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.sources import Source
from kpi_pipeline.store.quarantined import last_load, rejected, remember_rejected
from kpi_pipeline.store.warehouse import Warehouse, quoted

ITS_TYPE = "its type"
"""Stands for a check where a value does not fit the type of its column."""


def with_set_aside(
    source: Source, staged: Staged, results: Sequence[CheckResult], warehouse: Warehouse
) -> tuple[CheckResult, ...]:
    """The results, with what was set aside told; beyond what a check tolerates it fails, and nothing is let in."""
    checks = dict(zip(check_names(source.checks), source.checks, strict=True))
    told = []
    for one in results:
        check, rows = checks.get(one.check_name), staged.set_aside.get(one.check_name, 0)
        if check is None or not check.sets_aside or not rows or staged.how == "replay" or not one.was_made:
            told.append(one)
            continue
        share, most = rows / staged.rows_read, check.set_aside_at_most(staged.rows_read)
        observed = f"{rows:,} of {counted(staged.rows_read, 'row')} read fail it"
        sample = _sample(staged, one.check_name, warehouse)
        if share > most:
            observed += f", {share * 100:.3g}%; tolerated are {most * 100:.6g}%"
            result = replace(one, passed=False, severity="error", observed=observed, failing_rows=rows, sample=sample)
        elif one.passed:
            observed += " and are set aside"
            result = replace(one, observed=f"{observed}; {one.observed}" if one.observed else observed, sample=sample)
        else:
            result = one
        told.append(result)
    return tuple(told)


def keep_rejected(context: Context, staged: Staged, results: Sequence[CheckResult]) -> None:
    """Keeps examples of the rows for which a load is refused, and of those whose values do not fit.

    What is there already stays where the results are only recalled, which hold no examples.
    """
    asset, failed = f"raw/{staged.source}", [one for one in results if one.blocks]
    rows = [(one.check_name, dict(row)) for one in failed for row in one.sample]
    if failed and not rows and not rejected(context.warehouse, asset).is_empty():
        return
    if failed and staged.changed and staged.rows_quarantined:
        rows += [(ITS_TYPE, row) for row in _sample(staged, None, context.warehouse)]
    kept = [(check, json.dumps(row, ensure_ascii=False)) for check, row in rows]
    remember_rejected(context.warehouse, asset, kept, context.run_id, context.now)


def with_late_keys(context: Context, source: Source, staged: dict[str, Staged]) -> Staged | None:
    """Rows that were set aside for a key that another source did not have, tried again once that source changed.

    Of a source that changed itself they are tried with the next change. None where there is nothing to be tried.
    """
    asked = [
        (name, check.to)
        for name, check in zip(check_names(source.checks), source.checks, strict=True)
        if check.sets_aside and isinstance(check, Relationships)
    ]
    quarantine = TableRef("quarantine", source.name)
    if not asked or staged[source.name].changed:
        return None
    tried = last_load(context.warehouse, source.name)
    later = [name for name, to in asked if to in staged and (tried is None or staged[to].state.loaded_at > tried)]
    if not later or "check_name" not in context.warehouse.table_columns(quarantine):
        return None
    waiting = context.warehouse.rows(
        f"SELECT 1 FROM {quoted(quarantine)} WHERE status = 'open' AND list_contains(?, check_name) LIMIT 1", [later]
    )
    if not waiting:
        return None
    return stage_replay(context.project, source, context.warehouse, run_id=context.run_id, now=context.now)


def _sample(staged: Staged, check: str | None, warehouse: Warehouse) -> tuple[dict[str, str], ...]:
    """The first rows that a check set aside; without one those whose values do not fit."""
    rows = warehouse.fetch(
        'SELECT _source_file AS file, line, column_name AS "column", value, reason '
        f"FROM {quoted(staged.quarantine)} WHERE check_name IS NOT DISTINCT FROM ? "
        f"ORDER BY file, line LIMIT {LONGEST_SAMPLE}",
        [check],
    )
    return tuple({name: "" if value is None else str(value) for name, value in row.items()} for row in rows.to_dicts())
