"""Database: the rows of a table or query as they are at one moment, all of them or those from a cursor on."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from kpi_pipeline.errors import DataError, DefinitionError, KpiError, Problem
from kpi_pipeline.ingest.arriving import Arriving, Since
from kpi_pipeline.ingest.connectors import other_database, postgresql, sqlite
from kpi_pipeline.ingest.connectors.refusals import Unread, without_secrets
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.sources.database import DatabaseConnector


class SourceGone(DataError):
    """The database cannot be reached just now; another try may find it."""


@contextmanager
def opened(load: Loading, connector: DatabaseConnector, since: Since | None) -> Iterator[Arriving]:
    """The rows, and the connection they come through for as long as the block lasts."""
    reads = {"postgresql": postgresql.read, "sqlite": sqlite.read}.get(connector.driver, other_database.read)
    try:
        with reads(load, connector, since) as rows:
            try:
                yield rows
            finally:
                # NOTE: whoever stops in the midst leaves threads that read; they end before their connections do.
                if isinstance(rows.batches, Generator):
                    rows.batches.close()
    except Unread as problem:
        raise _refusal(load, connector, problem) from None


def _refusal(load: Loading, connector: DatabaseConnector, problem: Unread) -> KpiError:
    """What to tell of an error of the database: where, what it said, and what to look at."""
    place = load.project.place("sources", load.source.name, "connector")
    where = f"Source '{load.source.name}': {without_secrets(connector, _address(connector))}"
    match problem.reason:
        case "password":
            text, hint = "does not let us in", "are user and password in `uri` right, and may the user connect?"
        case "host":
            text, hint = "is not found", "is the host in `uri` written right, and is the network there?"
        case "gone":
            text = "cannot be reached, or broke the connection off"
            hint = "nothing of this source was loaded. Is the database up? Run again once it is."
        case "unknown":
            text = f"cannot read {connector.where}"
            hint = "look at `table`, `query` and `cursor`; names are taken as they are written, capitals and all"
        case _:
            text, hint = f"did not give the rows of {connector.where}", "nothing of this source was loaded."
    told = Problem(f"{where} {text}: {problem.said}.", place, hint)
    if problem.reason == "unknown":
        return DefinitionError([told])
    return SourceGone(str(told)) if problem.reason == "gone" else DataError(str(told))


def _address(connector: DatabaseConnector) -> str:
    """Which database, without who we are there."""
    if connector.driver == "sqlite" and connector.uri:
        return f"the file {connector.uri.get_secret_value()}"
    try:
        parts = urlsplit(connector.uri.get_secret_value() if connector.uri else "")
        host = parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        host, port = None, ""
    return f"the {connector.driver} database at {host}{port}" if host else f"the {connector.driver} database"
