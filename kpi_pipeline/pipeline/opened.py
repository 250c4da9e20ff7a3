"""A run's beginning and end: the warehouse opened for writing, with patience, and closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime
from textwrap import shorten
from uuid import uuid4

from kpi_pipeline.errors import DataError, KpiError
from kpi_pipeline.ingest import HandedBy, clear_leftovers
from kpi_pipeline.log import RUN
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.watch import Logged, Quiet, Watch
from kpi_pipeline.project import Project
from kpi_pipeline.redaction import redacted
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.runs import Outcome, end_run
from kpi_pipeline.store.state import is_prepared, prepare_state

PATIENCE = 600.0
"""Seconds to wait for another run to end."""
WIDTH = 300
"""Of what a run failed by, so many letters are kept."""


@contextmanager
def opened(
    project: Project,
    *,
    wait: float = PATIENCE,
    watch: Watch | None = None,
    now: datetime | None = None,
    full: bool = False,
    since: date | None = None,
    handed: HandedBy | None = None,
) -> Iterator[Context]:
    """What a run works with, under a name of its own; who looks on is told whom it waits for.

    Raises:
        WarehouseBusy: the other run did not end in time.
    """
    seen_by = Logged(watch or Quiet())
    run_id = f"{now or datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"
    RUN.set(run_id)
    path = project.path(project.settings.warehouse)
    memory, on_wait = project.settings.memory, _waiting(seen_by, wait)
    with Warehouse.open(path, wait=wait, on_wait=on_wait, holder=f"run {run_id}", memory=memory) as warehouse:
        moment = now or datetime.now(UTC)  # after the wait: what another run published meanwhile came before this one
        prepare_state(warehouse)
        clear_leftovers(warehouse)
        context = Context(project, warehouse, run_id, moment, seen_by, full=full, since=since, handed=handed)
        with closing(context.clusters):
            yield context


@contextmanager
def opened_to_ask(project: Project, *, wait: float, watch: Watch | None = None) -> Iterator[Context]:
    """What a question works with: the warehouse as the last run left it, read beside other questions.

    Where the state is that of an older version it is brought up first, and for that nobody else may have it open.

    Raises:
        DataError: there is no warehouse yet.
        WarehouseBusy: the run that is writing did not end in time.
    """
    seen_by = watch or Quiet()
    path = project.path(project.settings.warehouse)
    if not path.exists():
        raise DataError(f"Nothing was loaded yet: there is no {path}.\nHint: `kpi run` loads it; then ask again.")
    memory, on_wait = project.settings.memory, _waiting(seen_by, wait)
    with Warehouse.open_to_read(path, wait=wait, on_wait=on_wait, memory=memory) as warehouse:
        if not is_prepared(warehouse):
            warehouse.allow_writing()
            prepare_state(warehouse)
        context = Context(project, warehouse, "question", datetime.now(UTC), seen_by)
        with closing(context.clusters):
            yield context


def _waiting(watch: Watch, wait: float) -> Callable[[str], None]:
    return lambda how: watch.note(f"The warehouse is {how}; waiting up to {wait:.0f} s.")


def end_badly(context: Context, problem: BaseException) -> None:
    """Notes that a run failed or was stopped; where not even that can be noted, `problem` is what must be told."""
    stopped = isinstance(problem, KeyboardInterrupt)
    outcome = Outcome("stopped" if stopped else "failed", problem=None if stopped else _in_short(problem))
    with suppress(KpiError, *context.warehouse.query_errors):
        end_run(context.warehouse, context.run_id, outcome, finished_at=context.finished_at, stages=context.taken)


def _in_short(problem: BaseException) -> str:
    """The first line of what a run failed by, without secrets; a mistake of ours with its kind."""
    first = next(iter(redacted(str(problem)).splitlines()), "")
    named = first if isinstance(problem, KpiError) else f"{type(problem).__name__}: {first}"
    return shorten(named, width=WIDTH, placeholder=" …")
