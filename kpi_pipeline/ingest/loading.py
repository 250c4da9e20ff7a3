"""One load of one source: what it starts from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kpi_pipeline.ingest import ledger
from kpi_pipeline.ingest.replaced import RowsOfKeys
from kpi_pipeline.ingest.staged import SourceFile, SourceState, without_lineage
from kpi_pipeline.ingest.tables import stands_for_lakehouse
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor, fingerprint
from kpi_pipeline.project import Project
from kpi_pipeline.sources import DatabaseConnector, LakehouseConnector, Source


@dataclass(frozen=True)
class Handed:
    """A value that somebody else had from where the source is, as Dagster has that of an asset."""

    value: object


HandedBy = Callable[[str], Handed | None]
"""Gives what is handed over for a source of that name; None where nothing is."""


@dataclass(frozen=True)
class Loading:
    """A source about to be loaded: by which run, and what is known of it from before."""

    project: Project
    source: Source
    executor: Executor
    run_id: str
    now: datetime
    full: bool
    """Whether everything is read again and taken as it is now."""
    known: Mapping[str, SourceFile]
    state: SourceState | None
    in_use: Mapping[str, str]
    """The columns of the raw table as it is, without lineage; empty where there is none."""
    handed: Handed | None = None
    """What was handed over to be loaded; None where the source is asked for its rows."""

    @property
    def raw(self) -> TableRef:
        """The table that is in use."""
        return TableRef("raw", self.source.name)

    @property
    def batch(self) -> TableRef:
        """Where the rows of a merge wait for the rows that they may replace."""
        return TableRef("staging", f"{self.source.name}__batch")

    @property
    def gone(self) -> TableRef:
        """The keys of rows that go without others in their place."""
        return TableRef("staging", f"{self.source.name}__gone")

    @property
    def deletes(self) -> bool:
        """Whether rows may go without others in their place."""
        asked = self.source.load.deleted_when is not None or self.source.load.deletions != "ignore"
        return asked or self.misfits_replace

    @property
    def misfits_replace(self) -> bool:
        """Whether a row that does not fit takes away the one of its key that was there.

        What a database says now is so: a full load would not have the earlier row either.
        """
        return self.merges and isinstance(self.source.connector, DatabaseConnector)

    @property
    def merges(self) -> bool:
        """Whether rows replace others of the same key."""
        return self.source.load.mode == "merge"

    @property
    def rows_of_keys(self) -> RowsOfKeys:
        """The rows in use that a merge replaces."""
        return RowsOfKeys(self.source.load.key, self.gone if self.deletes else None)

    @property
    def zone(self) -> str:
        """The zone of moments that do not say theirs."""
        return self.source.timezone or self.project.settings.timezone

    @property
    def definition(self) -> str:
        """Changes when the definition asks for other rows, types or limits than before; not with words or checks."""
        words = dict.fromkeys(("name", "label", "description", "ignore", "checks"), True)
        decides = self.source.model_dump(mode="json", exclude={**words, "load": {"allow_empty"}})
        settings = self.project.settings
        rules = [one.model_dump(mode="json", exclude={"tolerate"}) for one in self.source.checks if one.sets_aside]
        clock = (settings.timezone, settings.week_start, settings.fiscal_year_start)
        return fingerprint(decides, *clock, *([rules] if rules else []))

    @property
    def afresh(self) -> bool:
        """Whether every file is read again: asked for, defined otherwise than before, or the raw table is gone."""
        return self.full or (self.state is not None and (self.state.fingerprint != self.definition or not self.in_use))


def loading_of(
    project: Project,
    source: Source,
    executor: Executor,
    *,
    run_id: str,
    now: datetime,
    full: bool = False,
    handed: Handed | None = None,
) -> Loading:
    """A load of a source, with all that the warehouse knows of it."""
    raw = TableRef("raw", source.name)
    # NOTE: a view stands for rows in a lakehouse; for a source that is loaded now, nothing was there before.
    moved = stands_for_lakehouse(executor, raw) and not isinstance(source.connector, LakehouseConnector)
    return Loading(
        *(project, source, executor, run_id, now, full),
        known=ledger.files_of(executor, source.name),
        state=ledger.source_states(executor).get(source.name),
        in_use={} if moved else without_lineage(executor.table_columns(raw)),
        handed=handed,
    )
