"""Snowflake, BigQuery: rows with the types that their drivers declare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlglot import expressions as exp

from kpi_pipeline.ingest.arriving import Arriving, Since, Told
from kpi_pipeline.ingest.connectors import asking
from kpi_pipeline.ingest.connectors.adbc import connected
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.sources.database import DatabaseConnector


@contextmanager
def read(load: Loading, connector: DatabaseConnector, since: Since | None) -> Iterator[Arriving]:
    """The rows of one query; these databases give no snapshot that a count or a list of keys could be asked in."""
    uri = connector.uri.get_secret_value() if connector.uri else None
    with connected(connector, uri=uri, autocommit=True) as connection:
        names = connection.schema(asking.everything(connector)).names
        chosen = _chosen(names)
        wanted = [asking.from_on(since.column, exp.Placeholder())] if since else []
        query = asking.from_source(connector, *chosen).where(*wanted)

        def keys() -> Arriving:
            of_key = [name for name in names if name in load.source.load.key]
            listed = connection.batches(asking.from_source(connector, *_chosen(of_key)))
            return Arriving(name_of_rows, [Told(name) for name in of_key], listed, lambda: None)

        name_of_rows = f"database:{connector.table or 'query'}"
        batches = connection.batches(query, [since.value] if since else [])
        yield Arriving(
            name_of_rows,
            [Told(name) for name in names],
            batches,
            lambda: None,
            keys=keys,
            covers="since" if since else "all",
        )


def _chosen(names: list[str]) -> list[exp.Expr]:
    return [exp.alias_(asking.column(name), f"c{at}", quoted=True) for at, name in enumerate(names)]
