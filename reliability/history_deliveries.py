"""What sources hold while a history goes on: files that come, change and go, and tables of a database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from reliability.history_projects import BY_CURSOR, FILES, TABLES, WHOLE, Row

LATER = "0", "1.5"
"""The values of a column that comes later: at first, and of a wider type."""
SQLITE = {"integer": "INTEGER", "decimal": "TEXT", "number": "REAL"}


@dataclass
class Delivered:
    """The rows of one source as they lie there now, in files or in a table."""

    name: str
    how: str
    folder: Path
    files: dict[str, list[Row]] = field(default_factory=dict)
    """By name; a table of a database is one."""
    later: str | None = None
    """What rows have in the column `later`, once there is one."""
    last_key: int = 0
    file_gone: bool = False

    @property
    def path_matters(self) -> bool:
        """Whether the warehouse may rightly hold other rows than one that loads the source for the first time.

        What was appended stays when its file goes; by a cursor, rows before the newest ones are not looked at again.
        """
        return self.how == BY_CURSOR or self.file_gone

    @property
    def rows(self) -> list[Row]:
        """All rows."""
        return [row for rows in self.files.values() for row in rows]

    @property
    def in_files(self) -> bool:
        """Whether the rows lie in files."""
        return self.how in (FILES, WHOLE)

    @property
    def named_by_values(self) -> bool:
        """Whether values name a row, so that a second one with the same is a correction."""
        return TABLES[self.name].key != ("id",)

    def add(self, file: str, rows: Iterable[Row]) -> None:
        """Rows come to a file or table; those named by values take the place of others."""
        there = self.files.setdefault(file if self.in_files else "table", [])
        for drawn in rows:
            row = dict(drawn)
            if not self.named_by_values:
                self.last_key += 1
                row["id"] = str(self.last_key)
            else:
                for held in self.files.values():
                    held[:] = [one for one in held if _name(self.name, one) != _name(self.name, row)]
            there.append(row)
        self._write()

    def correct(self, number: int, row: Row) -> None:
        """A row gets other values and keeps its name."""
        rows, at = self._place(number)
        rows[at] = row | {one: rows[at][one] for one in TABLES[self.name].key}
        self._write()

    def delete(self, number: int) -> None:
        """A row is gone."""
        rows, at = self._place(number)
        del rows[at]
        self._write()

    def remove_file(self, file: str) -> None:
        """A file is gone, and what was appended from it stays."""
        del self.files[file]
        (self.folder / "data" / self.name / f"{file}.csv").unlink()
        self.file_gone |= self.how == FILES
        self._write()

    def copy_file(self, file: str) -> None:
        """A file comes a second time under another name: of files as they are, its rows are there twice."""
        if self.in_files and not self.named_by_values:
            self.files[f"{file}_again"] = [dict(row) for row in self.files[file]]
            self._write()

    def add_column(self) -> None:
        """A column comes, or its values become of a wider type."""
        self.later = LATER[self.later is not None]
        self._write()

    def _place(self, number: int) -> tuple[list[Row], int]:
        return [(rows, at) for rows in self.files.values() for at in range(len(rows))][number]

    def _write(self) -> None:
        if self.in_files:
            for file, rows in self.files.items():
                columns = [*TABLES[self.name].columns, *(["later"] if self.later else [])]
                lines = [
                    ",".join(columns),
                    *(",".join((row | {"later": self.later or ""})[one] for one in columns) for row in rows),
                ]
                path = self.folder / "data" / self.name / f"{file}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            return
        types = dict(TABLES[self.name].columns) | ({"later": "number"} if self.later else {})
        with closing(sqlite3.connect(self.folder / "data" / "shop.sqlite")) as database, database:
            declared = ", ".join(f'"{one}" {SQLITE.get(kind, "TEXT")}' for one, kind in types.items())
            database.execute(f'DROP TABLE IF EXISTS "{self.name}"')
            database.execute(f'CREATE TABLE "{self.name}" ({declared})')
            marks = ", ".join("?" for _ in types)
            values = [[(row | {"later": self.later or ""})[one] or None for one in types] for row in self.rows]
            database.executemany(f'INSERT INTO "{self.name}" VALUES ({marks})', values)


def _name(table: str, row: Row) -> tuple[str, ...]:
    """What names a row."""
    return tuple(row[one] for one in TABLES[table].key)
