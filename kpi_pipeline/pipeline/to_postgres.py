"""The published tables in PostgreSQL: handed over after everything else was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.project import Project
from kpi_pipeline.publish import in_batches, table_named
from kpi_pipeline.publish.postgres import ToPublish, driver_missing, publish_to_postgres, published_run
from kpi_pipeline.publish.view import View
from kpi_pipeline.store.snapshot import Since
from kpi_pipeline.store.warehouse import quoted


def refuse_missing_driver(project: Project) -> None:
    """Nothing is computed for a place that could not be written to.

    Raises:
        StorageError: the package that speaks to PostgreSQL is not installed.
    """
    if served(project) and (missing := driver_missing()):
        raise missing


def served(project: Project) -> dict[str, str]:
    """The servers that readers ask, by kind, told without name and password."""
    target = project.settings.publish.postgres
    return {"postgres": target.place} if target and target.url else {}


def is_served(context: Context) -> bool:
    """Whether the servers have the tables that were published last."""
    target = context.project.settings.publish.postgres
    if target is None or target.url is None:
        return True
    snapshot = TableRef("kpi", "snapshot")
    if not context.warehouse.table_kind(snapshot):
        return False
    return [(published_run(target),)] == context.warehouse.rows(f"SELECT run_id FROM {quoted(snapshot)}")


def serve(
    context: Context,
    tables: Mapping[str, pl.DataFrame],
    values: Mapping[str, int],
    views: tuple[View, ...],
    since: Since | None,
) -> None:
    """Writes the tables to PostgreSQL, where the settings name a server; `values` are heights of the larger ones.

    Raises:
        StorageError: the server has what it had; the next run tries again.
    """
    target = context.project.settings.publish.postgres
    if target is None or target.url is None:
        return
    what = ToPublish(
        context.project.settings.name,
        context.run_id,
        tables,
        values,
        lambda name: _some_at_a_time(context, name),
        views,
        since.run_id if since else None,
        since.changes if since else {},
    )
    publish_to_postgres(target, what)
    context.watch.step("postgres")


def _some_at_a_time(context: Context, name: str) -> Iterator[pl.DataFrame]:
    """All rows of a table of values, each series together and from its beginning."""
    key = table_named(name).schema.names()[0]
    table = quoted(TableRef("kpi", name))
    order = f'"{key}", grain, breakdown, segment, period_start_utc'
    heights = dict(context.warehouse.rows(f'SELECT "{key}", count(*) FROM {table} GROUP BY ALL ORDER BY ALL'))
    for some in in_batches(heights):
        query = f'SELECT * FROM {table} WHERE list_contains(?, "{key}") ORDER BY {order}'
        yield context.warehouse.fetch(query, [some])
