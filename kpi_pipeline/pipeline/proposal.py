"""What other definitions would change in the published numbers: tried on a branch of the warehouse."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from kpi_pipeline.compile import compile_project
from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest import as_loaded
from kpi_pipeline.ingest.files import find_files
from kpi_pipeline.log import untold
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.impact import Impact
from kpi_pipeline.pipeline.published_otherwise import impact_of
from kpi_pipeline.pipeline.run import run_within
from kpi_pipeline.pipeline.touched import touched
from kpi_pipeline.pipeline.watch import Quiet, Watch
from kpi_pipeline.project import Project, Publish
from kpi_pipeline.sources import FileConnector, Source
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.branch import TRUNK, branch, take_over
from kpi_pipeline.store.said import last_said
from kpi_pipeline.store.state import prepare_state


def what_would_change(project: Project, proposed: Project, *, wait: float = 60, watch: Watch | None = None) -> Impact:
    """What the proposed definitions would publish otherwise, of the rows that were loaded when it was published.

    It is the run itself, on a branch of the warehouse that is thrown away: neither the warehouse nor anything published
    is touched, nobody is told, and only KPIs that may differ are computed. A source that is new or defined otherwise is
    read from where it is, with the rows that it has now.

    Args:
        project: the project whose published numbers are looked at.
        proposed: the definitions that may take the place of its own.
        wait: seconds to wait for a run that is writing.
        watch: is told how far it is.

    Raises:
        DataError: nothing was published yet, or a source that has to be read cannot be.
        WarehouseBusy: the run that is writing did not end in time.
    """
    began = time.perf_counter()
    seen_by = watch or Quiet()
    path = project.path(project.settings.warehouse)
    if not path.exists():
        raise _nothing_published(f"there is no {path}")

    def tell(whom: str) -> None:
        seen_by.note(f"The warehouse is {whom}; waiting up to {wait:.0f} s.")

    memory = project.settings.memory
    with (
        TemporaryDirectory(prefix="kpi_proposal_", ignore_cleanup_errors=True) as folder,
        branch(path, wait=wait, on_wait=tell, memory=memory) as warehouse,
    ):
        published = _published(warehouse)
        prepare_state(warehouse)
        said = last_said(warehouse)
        names = proposed.former_names
        said = {names.get(name, name): one for name, one in said.items()}
        kpis, metrics = touched(project, proposed, said, published.version)
        tried, read = _apart(proposed, project, warehouse, Path(folder))
        plan = compile_project(tried, kpis=kpis, metrics=metrics)
        context = Context(tried, warehouse, f"{published.run_id}-proposal", published.at, seen_by, as_loaded=True)
        with untold():
            report = run_within(context, plan, kpis, whole=False, began=began)
        found = impact_of(warehouse, tried, published.run_id, published.published_at, report.blocked)
    changed = {one.asset.removeprefix("raw/") for one in report.assets if one.changed}
    return replace(
        found,
        read_again=tuple(sorted(read & changed)),
        computed=len(kpis),
        seconds=time.perf_counter() - began,
    )


class _Published(NamedTuple):
    """What is published now: by which run, since when, by which definitions, and the moment that was now for it."""

    run_id: str
    published_at: datetime
    version: str
    at: datetime


def _published(warehouse: Warehouse) -> _Published:
    known = warehouse.rows(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'kpi' "
        "AND list_contains(['snapshot', 'kpi_value', 'metric_value'], table_name)",
        [TRUNK],
    )
    if known != [(3,)]:
        raise _nothing_published("there are only rows as they were loaded")
    return _Published(
        *warehouse.rows(
            "SELECT run_id, now.published_at, now.definition_version, coalesce(started_at, now.published_at) "
            f'FROM "{TRUNK}".kpi.snapshot AS now LEFT JOIN "{TRUNK}".state.run USING (run_id)'
        )[0]
    )


def _nothing_published(why: str) -> DataError:
    return DataError(f"Nothing was published yet: {why}.\nHint: `kpi run` publishes it; then ask again.")


def _apart(proposed: Project, project: Project, warehouse: Warehouse, folder: Path) -> tuple[Project, set[str]]:
    """The definitions as they are tried: what they write goes to a folder of its own. And which sources they read."""
    publish = Publish(duckdb=str(folder / "kpi.duckdb"), scorecard=None, grains=proposed.settings.publish.grains)
    settings = proposed.settings.model_copy(update={"publish": publish, "warehouse": str(folder / "none.duckdb")})
    tried = replace(proposed, settings=settings)
    read = {name for name, one in tried.sources.items() if as_loaded(tried, one, warehouse) is None}
    for name in read:
        take_over(warehouse, name)
    sources: Mapping[str, Source] = {
        name: _where_its_files_are(tried, project, one) if name in read else one for name, one in tried.sources.items()
    }
    return replace(tried, sources=sources), read


def _where_its_files_are(proposed: Project, project: Project, source: Source) -> Source:
    """A source of files that lie beside the project's definitions, and not beside the proposed ones, is read there."""
    connector = source.connector
    if not isinstance(connector, FileConnector) or connector.store:
        return source
    with suppress(DataError):
        find_files(proposed, source)
        return source
    return source.model_copy(
        update={"connector": connector.model_copy(update={"path": str(project.root / connector.path)})}
    )
