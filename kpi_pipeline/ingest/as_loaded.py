"""A source as it was loaded, without a look at where it comes from."""

from __future__ import annotations

from datetime import UTC, datetime

from kpi_pipeline.ingest.loading import loading_of
from kpi_pipeline.ingest.staged import Staged
from kpi_pipeline.plan import Executor
from kpi_pipeline.project import Project
from kpi_pipeline.sources import Source


def as_loaded(project: Project, source: Source, executor: Executor) -> Staged | None:
    """What is there of a source; None where it was never loaded, or by a definition that asks for something else."""
    load = loading_of(project, source, executor, run_id="", now=datetime.now(UTC))
    if load.state is None or load.afresh:
        return None
    return Staged(source.name, False, load.state, columns=load.in_use)
