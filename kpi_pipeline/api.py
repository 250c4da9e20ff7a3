"""The Python API: a project that can be run, asked and explained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kpi_pipeline.load import findings, load
from kpi_pipeline.project import Project

if TYPE_CHECKING:
    import polars as pl

    from kpi_pipeline.load import Finding
    from kpi_pipeline.periods import Grain
    from kpi_pipeline.pipeline import RunReport, Watch
    from kpi_pipeline.pipeline.context import Context


@dataclass(frozen=True)
class LoadedProject:
    """A project's definitions and what can be done with them; nothing is read or written before it is asked to."""

    project: Project

    @classmethod
    def load(cls, definitions: Path) -> Self:
        """Reads the definitions below a folder."""
        return cls(load(definitions))

    def check(self) -> tuple[Finding, ...]:
        """What makes for bad KPIs in these definitions; errors would have stopped the loading."""
        return findings(self.project)

    def run(
        self,
        *,
        select: Iterable[str] = (),
        full: bool = False,
        since: date | None = None,
        wait: float = 600,
        watch: Watch | None = None,
        now: datetime | None = None,
    ) -> RunReport:
        """Brings the published tables up to date; see `kpi_pipeline.pipeline.run`."""
        from kpi_pipeline.pipeline import run

        return run(self.project, select=select, full=full, since=since, wait=wait, watch=watch, now=now)

    def query(
        self,
        metrics: Sequence[str],
        *,
        by: Sequence[str] = (),
        grain: Grain | str | None = None,
        where: str | None = None,
        start: str | None = None,
        end: str | None = None,
        order_by: Sequence[str] = (),
        limit: int | None = None,
        wait: float = 60,
    ) -> pl.DataFrame:
        """Metrics by period and dimensions as a Polars frame; see `kpi_pipeline.pipeline.query`."""
        from kpi_pipeline.pipeline import query

        with self._context(wait=wait) as context:
            return query(
                context,
                metrics,
                by=by,
                grain=grain,
                where=where,
                start=start,
                end=end,
                order_by=order_by,
                limit=limit,
            )

    def explain(self, metric: str, *, wait: float = 60) -> str:
        """How a metric's number is made, from source to value, with the SQL."""
        from kpi_pipeline.pipeline import explain

        if not self.project.path(self.project.settings.warehouse).exists():
            return explain(self.project, metric)
        with self._context(wait=wait) as context:
            return explain(self.project, metric, context)

    @contextmanager
    def _context(self, *, wait: float) -> Iterator[Context]:
        from kpi_pipeline.pipeline.context import Context
        from kpi_pipeline.pipeline.watch import Quiet
        from kpi_pipeline.store import Warehouse

        path = self.project.path(self.project.settings.warehouse)
        with Warehouse.open(path, wait=wait, holder="a query") as warehouse:
            yield Context(self.project, warehouse, "query", datetime.now(UTC), Quiet())
