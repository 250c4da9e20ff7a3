"""The Python API: a project that can be run, asked and explained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kpi_pipeline.errors import StorageError, WarehouseBusy
from kpi_pipeline.load import findings, load
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL

if TYPE_CHECKING:
    import polars as pl

    from kpi_pipeline.load import Finding, Known
    from kpi_pipeline.periods import Grain
    from kpi_pipeline.pipeline.cleaning import Cleaned
    from kpi_pipeline.pipeline.context import Context
    from kpi_pipeline.pipeline.discover import Discovered
    from kpi_pipeline.pipeline.health import Health
    from kpi_pipeline.pipeline.impact import Impact
    from kpi_pipeline.pipeline.notify import Told
    from kpi_pipeline.pipeline.quarantine import Broken, Replayed
    from kpi_pipeline.pipeline.report import RunReport
    from kpi_pipeline.pipeline.said import Difference
    from kpi_pipeline.pipeline.watch import Watch
    from kpi_pipeline.reviews import ReviewDue
    from kpi_pipeline.why import Against, Why


@dataclass(frozen=True)
class LoadedProject:
    """A project's definitions and what can be done with them; nothing is read or written before it is asked to."""

    project: Project

    @classmethod
    def load(cls, definitions: Path) -> Self:
        """Reads the definitions below a folder."""
        return cls(load(definitions))

    def known(self, *, data: bool = True) -> Known:
        """What the rules may know beside the definitions: the day, and what was published; see `check`."""
        from kpi_pipeline.pipeline.known_values import known_values

        return known_values(self.project, data=data)

    def check(self, known: Known | None = None) -> tuple[Finding, ...]:
        """What makes for bad KPIs in these definitions; most errors would have stopped the loading.

        Args:
            known: what the rules know beside the definitions; looked up in what was published if not given.

        Raises:
            DefinitionError: a check names an expectation that Great Expectations does not have.
        """
        from kpi_pipeline.pipeline.known_expectations import refuse_unknown_expectations

        refuse_unknown_expectations(self.project)
        return findings(self.project, self.known() if known is None else known)

    def check_columns(self) -> tuple[str, ...]:
        """Looks up every column that the definitions name, in the files and in what was loaded before.

        Returns the sources whose columns are not known yet, so that nothing could be said about them.

        Raises:
            DefinitionError: a definition names a column that its table does not have.
        """
        from kpi_pipeline.pipeline.known_columns import refuse_unknown_columns

        sources = self.project.sources
        if not self._warehouse.exists():
            return refuse_unknown_columns(self.project, sources)
        try:
            with self._opened(wait=0) as context:
                return refuse_unknown_columns(self.project, sources, context.warehouse)
        except (WarehouseBusy, StorageError):
            # NOTE: what was loaded before cannot be seen now; files that replace it as a whole still tell.
            whole = [name for name, one in sources.items() if one.load.mode == "full"]
            unknown = refuse_unknown_columns(self.project, whole)
            return tuple(name for name in sources if name in unknown or name not in whole)

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
        """Brings the published tables up to date; see `kpi_pipeline.pipeline.run.run`."""
        from kpi_pipeline.pipeline.run import run

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
        watch: Watch | None = None,
    ) -> pl.DataFrame:
        """Metrics by period and dimensions as a Polars frame; see `kpi_pipeline.pipeline.ask.query`."""
        from kpi_pipeline.pipeline.ask import query

        with self._context(wait=wait, watch=watch) as context:
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

    def reviews_due(self, *, now: datetime | None = None) -> tuple[ReviewDue, ...]:
        """The KPIs whose review is overdue or was never held; see `kpi_pipeline.pipeline.reviews.reviews_due`."""
        from kpi_pipeline.pipeline.reviews import reviews_due

        return reviews_due(self.project, now=now)

    def status(self, *, now: datetime | None = None) -> Health:
        """What is fresh, late, failing or off track, also during a run; see `kpi_pipeline.pipeline.health`."""
        from kpi_pipeline.pipeline.health import health

        return health(self.project, now=now)

    def clean(self, *, raw: bool = False, wait: float = 600, now: datetime | None = None) -> Cleaned:
        """Removes what no definition asks for, and gives its room back; see `kpi_pipeline.pipeline.cleaning.clean`."""
        from kpi_pipeline.pipeline.cleaning import clean

        return clean(self.project, raw=raw, wait=wait, now=now)

    def notify(self, *, say: Callable[[str], None] = print, wait: float = 600, now: datetime | None = None) -> Told:
        """Tells people what is new to them; see `kpi_pipeline.pipeline.notify.notify`."""
        from kpi_pipeline.pipeline.notify import notify

        return notify(self.project, say=say, wait=wait, now=now)

    def explain(
        self,
        *metrics: str,
        by: Sequence[str] = (),
        grain: Grain | str | None = None,
        where: str | None = None,
        wait: float = 60,
        watch: Watch | None = None,
    ) -> str:
        """How a metric's number, or the answer to a whole question, is made, from source to value, with the SQL."""
        from kpi_pipeline.pipeline.ask import grain_asked
        from kpi_pipeline.pipeline.explain import explain

        asked = grain_asked(grain)

        if not self._warehouse.exists():
            return explain(self.project, metrics, by=by, grain=asked, where=where)
        with self._context(wait=wait, watch=watch) as context:
            return explain(self.project, metrics, context, by=by, grain=asked, where=where)

    def why(
        self,
        kpi: str,
        *,
        by: Sequence[str] = (),
        against: Against | None = None,
        start: str | None = None,
        end: str | None = None,
        wait: float = 60,
        watch: Watch | None = None,
    ) -> Why:
        """Why a KPI changed between two periods; see `kpi_pipeline.pipeline.why.why`."""
        from kpi_pipeline.pipeline.why import why

        with self._context(wait=wait, watch=watch) as context:
            return why(context, kpi, by=by, against=against, start=start, end=end)

    def history(self, kpi: str, *, period: str | None = None, segment: str = TOTAL) -> pl.DataFrame:
        """Everything that was said of a KPI, when and why; see `kpi_pipeline.pipeline.said.kpi_history`."""
        from kpi_pipeline.pipeline.said import kpi_history

        return kpi_history(self.project, kpi, period=period, segment=segment)

    def diff(self, earlier: str = "previous", later: str = "latest") -> Difference:
        """Which values two publications say differently; see `kpi_pipeline.pipeline.said.difference`."""
        from kpi_pipeline.pipeline.said import difference

        return difference(self.project, earlier, later)

    def frozen(self, kpis: Iterable[str] = ()) -> pl.DataFrame:
        """Values of closed periods that the data would move: the rows of `kpi_refused`; see `refused`."""
        from kpi_pipeline.pipeline.said import refused

        return refused(self.project, tuple(kpis))

    def quarantine(self, *, everything: bool = False, wait: float = 60) -> pl.DataFrame:
        """The rows that were not let in, counted by source, file, column and check."""
        from kpi_pipeline.pipeline.quarantine import in_quarantine

        with self._context(wait=wait) as context:
            return in_quarantine(context, everything=everything)

    def quarantined(self, source: str, *, wait: float = 60) -> pl.DataFrame:
        """The rows of a source in quarantine: file, line, column, value, reason, and what was said of them."""
        from kpi_pipeline.pipeline.quarantine import rows_of

        with self._context(wait=wait) as context:
            return rows_of(context, source)

    def refused_rows(self, source: str, *, wait: float = 60) -> pl.DataFrame:
        """Examples of the rows for which the last load of a source was refused; empty where it was let in."""
        from kpi_pipeline.pipeline.quarantine import refused_rows

        with self._context(wait=wait) as context:
            return refused_rows(context, source)

    def quarantine_rules(self, source: str, *, wait: float = 60) -> tuple[Broken, ...]:
        """The rules that rows of a source in quarantine break, where they stand, and what to do."""
        from kpi_pipeline.pipeline.quarantine import rules_broken

        with self._context(wait=wait) as context:
            return rules_broken(context, source)

    def replay_quarantine(
        self, source: str, *, wait: float = 600, watch: Watch | None = None, now: datetime | None = None
    ) -> Replayed:
        """Tries the rows of a source in quarantine again; see `kpi_pipeline.pipeline.quarantine.replay`."""
        from kpi_pipeline.pipeline.quarantine import replay

        return replay(self.project, source, wait=wait, watch=watch, now=now)

    def drop_quarantine(
        self,
        source: str,
        *,
        note: str,
        file: str | None = None,
        check: str | None = None,
        column: str | None = None,
        line: int | None = None,
        before: datetime | None = None,
        wait: float = 600,
        watch: Watch | None = None,
    ) -> int:
        """Says of open rows that nobody will mend them, and why; see `kpi_pipeline.pipeline.quarantine.drop`."""
        from kpi_pipeline.pipeline.quarantine import drop

        return drop(
            self.project, source, note=note, file=file, check=check, column=column, line=line, before=before,
            wait=wait, watch=watch,
        )  # fmt: skip

    def diff_definitions(self, definitions: Path, *, wait: float = 60, watch: Watch | None = None) -> Impact:
        """What the definitions in a folder would change; see `kpi_pipeline.pipeline.proposal.what_would_change`."""
        from kpi_pipeline.pipeline.proposal import what_would_change

        return what_would_change(self.project, load(definitions), wait=wait, watch=watch)

    def discover(self, *, grain: Grain | None = None) -> Discovered:
        """Leaders that nobody has claimed, in the published values; see `kpi_pipeline.pipeline.discover`."""
        from kpi_pipeline.pipeline.discover import discover_leaders

        return discover_leaders(self.project, grain=grain)

    @property
    def _warehouse(self) -> Path:
        return self.project.path(self.project.settings.warehouse)

    @contextmanager
    def _context(self, *, wait: float, watch: Watch | None = None) -> Iterator[Context]:
        """What a question works with; whatever SQL is in it, it reads no file."""
        with self._opened(wait=wait, watch=watch) as context:
            context.warehouse.shut()
            yield context

    @contextmanager
    def _opened(self, *, wait: float, watch: Watch | None = None) -> Iterator[Context]:
        from kpi_pipeline.pipeline.opened import opened_to_ask

        with opened_to_ask(self.project, wait=wait, watch=watch) as context:
            yield context
