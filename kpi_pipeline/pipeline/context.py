"""What every stage of a run is given."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from kpi_pipeline.ingest import HandedBy, SourceState
from kpi_pipeline.pipeline.clusters import Clusters
from kpi_pipeline.pipeline.telling import tell_stage
from kpi_pipeline.pipeline.watch import Watch
from kpi_pipeline.project import Project
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.runs import StageTaken


@dataclass(frozen=True)
class Context:
    """A run at work: the project, the warehouse, the clock read once, and who looks on."""

    project: Project
    warehouse: Warehouse
    run_id: str
    now: datetime
    watch: Watch
    full: bool = False
    since: date | None = None
    taken: list[StageTaken] = field(default_factory=list)
    handed: HandedBy | None = None
    """Gives the rows of sources that somebody else reads, as Dagster does those of its assets."""
    as_loaded: bool = False
    """Whether sources stay as they were loaded, but for those that are defined otherwise now."""

    @cached_property
    def clusters(self) -> Clusters:
        """Where the rows are that are not in the warehouse; whoever made the context closes it."""
        return Clusters(self.project, self.warehouse)

    @property
    def today(self) -> date | None:
        """The day that counts as today, or None where each KPI goes by its own data."""
        as_of = self.project.settings.as_of
        if as_of == "data":
            return None
        if isinstance(as_of, date):
            return as_of
        return self.now.astimezone(ZoneInfo(self.project.settings.timezone)).date()

    def moment_for(self, state: SourceState | None) -> datetime:
        """What counts as now for checks on a source: with `as_of: data` the end of its newest day."""
        day = self.today
        if day is None:
            day = state.newest_day if state and state.newest_day else None
        elif self.project.settings.as_of == "now":
            return self.now
        if day is None:
            return self.now
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(self.project.settings.timezone))
        return end.astimezone(UTC) - timedelta(microseconds=1)

    @property
    def finished_at(self) -> datetime:
        """When the stages taken so far were done, counted from the moment that counts as now."""
        return self.now + timedelta(seconds=sum(stage.seconds for stage in self.taken))

    @property
    def docs(self) -> Path:
        """Where Great Expectations' pages go: beside the published file."""
        return self.project.path(self.project.settings.publish.duckdb).parent / "data_docs"

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[list[int]]:
        """A stage of the run, timed; what is put into the list is counted as its rows out.

        One that is gone through again adds to what it took before: a run tells of each stage once.
        """
        self.watch.stage(name, total)
        began = time.perf_counter()
        rows: list[int] = []
        yield rows
        before = next((one for one in self.taken if one.stage == name), StageTaken(name, 0, 0, 0))
        seconds, rows_out = before.seconds + time.perf_counter() - began, before.rows_out + sum(rows)
        others = [one for one in self.taken if one.stage != name]
        taken = StageTaken(name, seconds, _peak_mb(), rows_out)
        self.taken[:] = [*others, taken]
        tell_stage(taken)


def _peak_mb() -> float:
    """The most memory this process has held so far, in MB; 0 where the system does not say (Windows)."""
    try:
        import resource
    except ImportError:
        return 0
    # NOTE: Linux counts in kB, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024) if sys.platform == "darwin" else peak / 1024
