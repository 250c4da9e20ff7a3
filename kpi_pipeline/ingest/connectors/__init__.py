"""Connectors at work: one file a kind of source whose rows come as they are; each gives them a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kpi_pipeline.ingest.arriving import Arriving, Since
from kpi_pipeline.ingest.connectors import asset, database, dlt, python
from kpi_pipeline.ingest.connectors.database import SourceGone
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.sources import AssetConnector, DatabaseConnector, DltConnector, PythonConnector


@contextmanager
def arriving(load: Loading, since: Since | None) -> Iterator[Arriving]:
    """The rows of a source, all of them or those from a value of its cursor on; good for as long as the block lasts."""
    match load.source.connector:
        case DatabaseConnector() as connector:
            with database.opened(load, connector, since) as rows:
                yield rows
        case PythonConnector() as connector:
            with python.called(load, connector, since) as rows:
                yield rows
        case DltConnector() as connector:
            with dlt.extracted(load, connector) as rows:
                yield rows
        case AssetConnector() as connector:
            yield asset.handed(load, connector, since)
        case _:
            raise AssertionError(f"the rows of source '{load.source.name}' are in files")


__all__ = ["SourceGone", "arriving"]
