"""SQLite: a value may be of any type whatever its column says, so each column is looked at before it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError, Problem
from kpi_pipeline.ingest.arriving import Arriving, Since, Told
from kpi_pipeline.ingest.connectors import asking
from kpi_pipeline.ingest.connectors.adbc import Connection, connected
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.sources.database import DatabaseConnector

KINDS = ("integer", "real", "text", "blob")
"""How SQLite keeps a value."""


@dataclass(frozen=True)
class _Column:
    """A column, how its values are kept, and whether it is declared as text."""

    name: str
    kept_as: frozenset[str]
    is_text: bool


@contextmanager
def read(load: Loading, connector: DatabaseConnector, since: Since | None) -> Iterator[Arriving]:
    """The rows as they are at one moment: everything is asked for in one transaction of a file opened to be read."""
    assert connector.uri is not None
    path = load.project.path(connector.uri.get_secret_value())
    if not path.is_file():
        place = load.project.place("sources", load.source.name, "connector", "uri")
        text = f"Source '{load.source.name}': there is no file {path}."
        hint = "`uri` of a sqlite connector is the path of the file, seen from the project's folder."
        raise DataError(str(Problem(text, place, hint)))
    with connected(connector, uri=f"file:{quote(str(path))}?mode=ro", autocommit=False) as connection:
        wanted = [_from_on(since)] if since else []
        values = [_first_value(since)] if since else []
        columns = _columns(connector, connection)
        name = f"database:{connector.table or 'query'}"

        def keys() -> Arriving:
            of_key = [one for one in columns if one.name in load.source.load.key]
            listed = connection.batches(asking.from_source(connector, *_chosen(of_key)))
            return Arriving(name, [_told(one) for one in of_key], listed, lambda: None)

        yield Arriving(
            name,
            [_told(column) for column in columns],
            connection.batches(asking.from_source(connector, *_chosen(columns)).where(*wanted), values),
            lambda: int(connection.rows(asking.count_of(connector, wanted), values)[0][0]),
            keys=keys,
            covers="since" if since else "all",
        )


def _columns(connector: DatabaseConnector, connection: Connection) -> list[_Column]:
    """The columns, with how their values are kept: all of them are looked at."""
    names = connection.schema(asking.everything(connector)).names
    declared: dict[str, str] = {}
    if connector.table is not None:
        table = connector.rows_wanted().name
        found = connection.rows("SELECT name, type FROM pragma_table_info(?)", [table])
        declared = {str(name): str(kind).lower() for name, kind in found}
    tests = [
        exp.Max(this=exp.EQ(this=_typeof(name), expression=exp.Literal.string(kind)))
        for name in names
        for kind in KINDS
    ]
    seen = connection.rows(asking.from_source(connector, *tests))[0]
    columns = []
    for at, name in enumerate(names):
        held = seen[at * len(KINDS) : (at + 1) * len(KINDS)]
        kept_as = frozenset(kind for kind, there in zip(KINDS, held, strict=True) if there)
        said = declared.get(name, "")
        columns.append(_Column(name, kept_as, any(word in said for word in ("char", "clob", "text"))))
    return columns


def _typeof(name: str) -> exp.Expr:
    return exp.Anonymous(this="typeof", expressions=[asking.column(name)])


def _told(column: _Column) -> Told:
    if column.kept_as and (column.kept_as <= {"integer", "real"} or column.kept_as == {"blob"}):
        return Told(column.name)
    return Told(column.name, "times" if column.is_text else "values")


def _chosen(columns: list[_Column]) -> list[exp.Expr]:
    """Each column as the one type that holds all its values: text where they are kept in several ways."""
    chosen: list[exp.Expr] = []
    for at, one in enumerate(columns):
        value: exp.Expr = asking.column(one.name)
        if "real" in one.kept_as and one.kept_as <= {"integer", "real"}:
            value = exp.cast(value, "REAL")
        elif one.kept_as not in ({"integer"}, {"blob"}):
            value = exp.cast(value, "TEXT")
        chosen.append(exp.alias_(value, f"c{at}", quoted=True))
    return chosen


def _from_on(since: Since) -> exp.Expr:
    return asking.from_on(since.column, exp.Placeholder())


def _first_value(since: Since) -> object:
    """The value to compare with: SQLite keeps days and moments as text that begins with the day."""
    if isinstance(since.value, datetime | date):
        return since.value.isoformat()[: len("2024-01-01")]
    return since.value
