"""A source as it was loaded, without a look at where it comes from."""

from __future__ import annotations

from datetime import UTC, datetime

from kpi_pipeline.ingest import ledger
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.staged import LINEAGE, Staged
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor
from kpi_pipeline.project import Project
from kpi_pipeline.sources import Source


def as_loaded(project: Project, source: Source, executor: Executor) -> Staged | None:
    """What is there of a source; None where it was never loaded, or by a definition that asks for something else."""
    columns = executor.table_columns(TableRef("raw", source.name))
    load = Loading(
        project,
        source,
        executor,
        run_id="",
        now=datetime.now(UTC),
        full=False,
        known={},
        state=ledger.source_states(executor).get(source.name),
        in_use={name: kind for name, kind in columns.items() if name not in LINEAGE},
    )
    if load.state is None or load.afresh:
        return None
    return Staged(source.name, False, load.state, columns=load.in_use)
