"""A branch of a warehouse: what it holds, for a run that may change all of it while the warehouse stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from kpi_pipeline.names import TableRef
from kpi_pipeline.store.answers import ANSWER
from kpi_pipeline.store.partials import is_dictionary
from kpi_pipeline.store.warehouse import Warehouse, quoted

TRUNK = "trunk"
"""The name under which the warehouse itself is read beside its branch."""
_COPIED = ("kpi", "state")
_SEEN = ("raw", "quarantine", "model", "partial")


class _Thing(NamedTuple):
    """A table or view of the warehouse, and the statement that makes it."""

    table: TableRef
    statement: str


@contextmanager
def branch(
    path: Path, *, wait: float = 0, on_wait: Callable[[str], None] | None = None, memory: str | None = None
) -> Iterator[Warehouse]:
    """A warehouse of its own that begins with all that another one holds, and is gone afterwards.

    Published tables and the state are copied. Rows as loaded and partial results, which are many, are read where they
    are until they are made anew; so a branch costs what it changes. The warehouse itself can be read as `TRUNK`, and
    runs wait until the branch is closed.

    Raises:
        WarehouseBusy: a run that is writing did not end in time.
    """
    with (
        TemporaryDirectory(prefix="kpi_branch_", ignore_cleanup_errors=True) as folder,
        Warehouse.open(Path(folder) / "warehouse.duckdb", memory=memory) as warehouse,
    ):
        warehouse.attach(path, TRUNK, wait=wait, on_wait=on_wait)
        _branch_off(warehouse)
        yield warehouse


def take_over(warehouse: Warehouse, source: str) -> None:
    """Copies what is loaded of a source, so that it may be loaded in another way."""
    for schema in ("raw", "quarantine"):
        table = TableRef(schema, source)
        if warehouse.table_kind(table) == "VIEW":
            warehouse.drop(table)
            warehouse.run(f"CREATE TABLE {quoted(table)} AS SELECT * FROM {in_trunk(table)}")


def in_trunk(table: TableRef) -> str:
    """The table of the warehouse itself, as SQL text."""
    return f'"{TRUNK}".{quoted(table)}'


def _branch_off(warehouse: Warehouse) -> None:
    with warehouse.transaction():
        for table, statement in _things(warehouse, "table"):
            if table.schema in _COPIED or table == ANSWER:
                warehouse.run(statement)
                warehouse.run(f"INSERT INTO {quoted(table)} SELECT * FROM {in_trunk(table)}")
            # NOTE: dictionaries of keys grow; a pass that is made anew begins one of its own.
            elif not is_dictionary(table):
                warehouse.run(f"CREATE VIEW {quoted(table)} AS SELECT * FROM {in_trunk(table)}")
    lost = [one.table.name for one in _made(warehouse, _things(warehouse, "view")) if one.table.schema == "partial"]
    warehouse.run("DELETE FROM state.reduction WHERE list_contains(?, reduction)", [lost])


def _things(warehouse: Warehouse, kind: Literal["table", "view"]) -> list[_Thing]:
    """What the warehouse holds of a kind."""
    found = warehouse.rows(
        f"SELECT schema_name, {kind}_name, sql FROM duckdb_{kind}s() "
        f"WHERE database_name = ? AND NOT internal AND list_contains(?, schema_name) ORDER BY {kind}_oid",
        [TRUNK, [*_COPIED, *_SEEN]],
    )
    return [_Thing(TableRef(schema, name), statement) for schema, name, statement in found]


def _made(warehouse: Warehouse, views: Sequence[_Thing]) -> Sequence[_Thing]:
    """Makes views, of which some read others; what is left over reads something that is no more."""
    left = [view for view in views if not _is_made(warehouse, view)]
    return left if len(left) in (0, len(views)) else _made(warehouse, left)


def _is_made(warehouse: Warehouse, view: _Thing) -> bool:
    try:
        warehouse.run(view.statement)
    except warehouse.query_errors:
        return False
    return True
