"""What the tables made from definitions were made from, so that they are made again only when that changed."""

from __future__ import annotations

from kpi_pipeline.names import TableRef
from kpi_pipeline.store.warehouse import Warehouse, quoted

_MADE = quoted(TableRef("state", "made"))


def made_from(warehouse: Warehouse, table: TableRef) -> str | None:
    """The version a table was made from; None where it is not there."""
    found = warehouse.rows(f"SELECT version FROM {_MADE} WHERE name = ?", [str(table)])
    version: str | None = found[0][0] if found else None
    return version if warehouse.table_kind(table) else None


def note_made(warehouse: Warehouse, table: TableRef, version: str) -> None:
    """Remembers what a table was made from."""
    with warehouse.transaction():
        _note(warehouse, str(table), version)


def defined_by(warehouse: Warehouse, table: TableRef) -> str | None:
    """The definition that a table or view is made by; None where it is not there, or nobody noted it."""
    found = warehouse.rows(f"SELECT version FROM {_MADE} WHERE name = ?", [_definition_of(table)])
    definition: str | None = found[0][0] if found else None
    return definition if warehouse.table_kind(table) else None


def note_definition(warehouse: Warehouse, table: TableRef, definition: str) -> None:
    """Remembers the definition that a table or view is made by."""
    with warehouse.transaction():
        _note(warehouse, _definition_of(table), definition)


def _definition_of(table: TableRef) -> str:
    return f"definition of {table}"


def _note(warehouse: Warehouse, name: str, version: str) -> None:
    warehouse.run(f"DELETE FROM {_MADE} WHERE name = ?", [name])
    warehouse.run(f"INSERT INTO {_MADE} VALUES (?, ?)", [name, version])
