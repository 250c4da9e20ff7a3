"""A run's beginning and end: the warehouse opened for writing, with patience, and closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from uuid import uuid4

from kpi_pipeline.ingest import clear_leftovers
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.watch import Quiet, Watch
from kpi_pipeline.project import Project
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.state import prepare_state

PATIENCE = 600.0
"""Seconds to wait for another run to end."""


@contextmanager
def opened(
    project: Project,
    *,
    wait: float = PATIENCE,
    watch: Watch | None = None,
    now: datetime | None = None,
    full: bool = False,
    since: date | None = None,
) -> Iterator[Context]:
    """What a run works with, under a name of its own; who looks on is told whom it waits for.

    Raises:
        WarehouseBusy: the other run did not end in time.
    """
    moment = now or datetime.now(UTC)
    seen_by = watch or Quiet()
    run_id = f"{moment:%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"

    def waiting(holder: str) -> None:
        seen_by.note(f"The warehouse is being written by {holder}; waiting up to {wait:.0f} s.")

    path = project.path(project.settings.warehouse)
    with Warehouse.open(path, wait=wait, on_wait=waiting, holder=f"run {run_id}") as warehouse:
        prepare_state(warehouse)
        clear_leftovers(warehouse)
        yield Context(project, warehouse, run_id, moment, seen_by, full=full, since=since)
