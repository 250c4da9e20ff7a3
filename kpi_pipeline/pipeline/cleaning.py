"""Housekeeping: at the end of a run what was kept long enough goes; `kpi clean` also takes the room it left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from kpi_pipeline.compile import compile_project
from kpi_pipeline.log import tell
from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import moment_before
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.opened import PATIENCE, opened
from kpi_pipeline.pipeline.watch import Watch
from kpi_pipeline.plan import Plan
from kpi_pipeline.project import Project
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.cleaning import (
    forget_evidence,
    forget_runs,
    remove_tables,
    sources_of_nothing,
    tables_of_nothing,
)
from kpi_pipeline.store.compacting import compact
from kpi_pipeline.store.held import size_of


@dataclass(frozen=True)
class Cleaned:
    """What `kpi clean` removed, what it left although no definition asks for it, and the warehouse's size in bytes."""

    removed: tuple[str, ...]
    left: tuple[str, ...]
    """Rows of sources that are no longer defined: they may be all there is of them."""
    before: int
    after: int


def keep_house(context: Context, plan: Plan | None) -> None:
    """What every run does at its end; tables of nothing go where the plan is the whole project's."""
    forget(context.project, context.warehouse, context.now)
    if plan is not None:
        remove_undefined(context.project, context.warehouse, plan)


def forget(project: Project, warehouse: Warehouse, moment: datetime) -> None:
    """Drops what was kept long enough."""
    kept = project.settings.retention
    for what, rows in (
        ("runs", forget_runs(warehouse, moment_before(moment, kept.runs))),
        ("evidence", forget_evidence(warehouse, moment_before(moment, kept.evidence))),
    ):
        if rows:
            tell("cleaned", f"{rows:,} {what} were kept long enough", what=what, rows=rows)


def remove_undefined(project: Project, warehouse: Warehouse, plan: Plan) -> tuple[TableRef, ...]:
    """Drops models and partial results that no definition asks for; `plan` is that of the whole project."""
    partials = {one.table.name for one in plan.reductions}
    gone = tables_of_nothing(warehouse, models=project.models.keys(), partials=partials)
    remove_tables(warehouse, gone)
    for table in gone:
        tell("cleaned", f"{table} is of no definition", what=str(table), rows=None)
    return gone


def clean(
    project: Project,
    *,
    raw: bool = False,
    wait: float = PATIENCE,
    watch: Watch | None = None,
    now: datetime | None = None,
) -> Cleaned:
    """Removes what no definition asks for and what was kept long enough, and gives its room back to the disk.

    Args:
        project: the definitions.
        raw: also the rows of sources that are no longer defined, and those of them in quarantine, for good.
        wait: seconds to wait for a run that is writing.
        watch: is told whom it waits for.
        now: the moment that counts as now; the clock's by default.

    Raises:
        WarehouseBusy, StorageError: nothing was removed, or all of it and its room stays taken.
    """
    path = project.path(project.settings.warehouse)
    before = size_of(path)
    with opened(project, wait=wait, watch=watch, now=now) as context:
        warehouse = context.warehouse
        forget(project, warehouse, now or datetime.now(UTC))
        removed = list(remove_undefined(project, warehouse, compile_project(project)))
        undefined = sources_of_nothing(warehouse, project.sources.keys())
        if raw:
            remove_tables(warehouse, undefined)
            removed += undefined
    compact(path, wait=wait)
    left = () if raw else undefined
    return Cleaned(tuple(map(str, removed)), tuple(map(str, left)), before, size_of(path))
