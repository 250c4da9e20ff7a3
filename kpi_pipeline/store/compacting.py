"""A warehouse written anew without the room that is not used: DuckDB uses it again, but does not give it back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
from sqlglot import expressions as exp

from kpi_pipeline.errors import StorageError
from kpi_pipeline.files import building, clear_leftovers, put_in_place
from kpi_pipeline.store.warehouse import Warehouse, is_about_storage, kept_from_others


def compact(path: Path, *, wait: float = 0, on_wait: Callable[[str], None] | None = None) -> None:
    """Copies everything into a new file and puts it in the old one's place; killed at any moment, one of them is there.

    Raises:
        StorageError: there is no room for the copy; the warehouse is as it was.
    """
    if not path.exists():
        return
    with kept_from_others(path, wait=wait, on_wait=on_wait, holder="kpi clean") as is_whole:
        if not is_whole:
            raise StorageError(
                f"The warehouse {path} cannot be read.\nHint: put a backup in its place: kpi restore FILE."
            )
        clear_leftovers(path)
        built = building(path)
        try:
            _copy(path, built)
            put_in_place(built, path)
        except (OSError, duckdb.Error) as problem:
            if not is_about_storage(problem):
                raise
            raise StorageError(
                f"The warehouse {path} could not be copied: {problem}\n"
                "Hint: is the disk full? It is as it was; what was to be removed is removed, its room is used again."
            ) from problem
        finally:
            clear_leftovers(path)


def _copy(path: Path, built: Path) -> None:
    """All tables with their rows, and the views on them, into a new file."""
    with duckdb.connect(str(path)) as warehouse:
        place = exp.Literal.string(str(built)).sql(dialect=Warehouse.dialect)
        warehouse.execute(f"ATTACH {place} AS compacted")
        (name,) = warehouse.execute("SELECT current_database()").fetchall()[0]
        source = exp.to_identifier(name, quoted=True).sql(dialect=Warehouse.dialect)
        warehouse.execute(f"COPY FROM DATABASE {source} TO compacted")
        warehouse.execute("CHECKPOINT compacted")
        warehouse.execute("DETACH compacted")
