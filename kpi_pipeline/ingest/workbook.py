"""Workbooks: a sheet of Excel or OpenDocument, written out as CSV that says what a person sees in the cells.

Numbers are written in full, whole ones without a fraction, days and moments as ISO writes them. Cells with an error
such as #N/A are no values: their rows go to quarantine, unless the source names the error among its `null_values`.
"""

from __future__ import annotations

import csv
import os
import pickle
import re
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import IO, Any

from kpi_pipeline.errors import DataError, did_you_mean, listed
from kpi_pipeline.ingest import workbook_cells
from kpi_pipeline.ingest.records import Record, Scan, TextFile
from kpi_pipeline.sources import ColumnType
from kpi_pipeline.sources.file import RANGE, FileConnector

ERRORS = {
    "NA": "#N/A", "Div0": "#DIV/0!", "Name": "#NAME?", "Null": "#NULL!", "Num": "#NUM!", "Ref": "#REF!",
    "Value": "#VALUE!", "GettingData": "#GETTING_DATA",
}  # fmt: skip
"""How cells say what went wrong in them, by the reader's words for it."""
EXACT = 2**53
"""Whole numbers up to this one are kept exactly in a cell."""


@dataclass(frozen=True)
class Area:
    """Where on a sheet the table is; rows and columns count from 0, ends are included and None where open."""

    first_row: int
    first_column: int = 0
    last_column: int | None = None
    last_row: int | None = None


@dataclass(frozen=True)
class Sheet:
    """A sheet as it was read."""

    name: str
    start: tuple[int, int]
    """Row and column of the first cell that holds something."""
    rows: Iterator[tuple[int, list[Any]]]
    """The cells from column A on, with the row they stand in."""
    errors: Mapping[tuple[int, int], str]
    """The error in a cell, by its row and column."""


def as_csv(
    path: Path,
    name: str,
    connector: FileConnector,
    target: Path,
    *,
    null_values: Sequence[str] = (),
    columns: Mapping[str, ColumnType] | None = None,
) -> tuple[TextFile, Scan]:
    """Writes the sheet's whole rows as CSV; those with an error in a cell are the broken ones."""
    begins = array("q")
    broken: list[Record] = []
    longest = 0
    with _opened(path, name, connector) as sheet, target.open("w", encoding="utf-8", newline="") as stream:
        area = _area(connector, sheet)
        rows = _rows(sheet, area)
        header = _header(rows, connector.header_rows, name, sheet.name)
        formats = [(columns or {}).get(one) for one in header]
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        for number, cells in rows:
            errors = _errors_of(sheet, number, range(area.first_column, area.first_column + len(cells)), null_values)
            if not errors and all(cell == "" for cell in cells):
                continue
            texts = [
                errors.get(at) or _text(cell, kind) for at, (cell, kind) in enumerate(zip(cells, formats, strict=True))
            ]
            if errors:
                at, word = next(iter(errors.items()))
                place = f"cell {_letters(at + area.first_column)}{number + 1} of sheet '{sheet.name}'"
                shown = f"{sheet.name}!{number + 1}: {','.join(texts)}"
                broken.append(Record(number + 1, shown, problem=f"{place} holds the error {word}", column=header[at]))
                continue
            begins.append(number + 1)
            longest = max(longest, sum(map(len, texts)) + 3 * len(texts))
            writer.writerow(texts)
    text = TextFile(target, name, "utf-8", ",", header=header, begins=begins, prefix=f"{sheet.name}!")
    return text, Scan(len(begins) + len(broken), tuple(broken), longest, needs_copy=False)


def header_of(path: Path, name: str, connector: FileConnector) -> tuple[str, ...]:
    """The names of the sheet's columns."""
    with _opened(path, name, connector) as sheet:
        return _header(_rows(sheet, _area(connector, sheet)), connector.header_rows, name, sheet.name)


def _errors_of(sheet: Sheet, row: int, columns: range, null_values: Sequence[str]) -> dict[int, str]:
    """The errors in a row of the table, by the place of the cell in it; those that mean unknown are none."""
    found = ((at, sheet.errors.get((row, column))) for at, column in enumerate(columns))
    return {at: word for at, word in found if word and word not in null_values}


@contextmanager
def _opened(path: Path, name: str, connector: FileConnector) -> Iterator[Sheet]:
    """The sheet, read in a process of its own with a limit on its memory.

    A stray value in the last cell makes a sheet 17 thousand million cells large, and what reads workbooks then takes
    all memory there is, or ends its process without a word; so it may over a damaged file. Apart, only a child ends.
    """
    command = [sys.executable, workbook_cells.__file__, str(path)]
    if connector.sheet is not None:
        command.append(connector.sheet)
    with tempfile.TemporaryFile() as cells:
        child = subprocess.run(  # noqa: S603 (Python itself, and a module of ours)
            command,
            stdout=cells,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            check=False,
            env={**os.environ, "RUST_BACKTRACE": "0"},
        )
        if child.returncode:
            raise DataError(
                f"{name} cannot be read: what reads workbooks broke down over it, or wanted all memory there is.\n"
                "Hint: delete empty rows and columns right of and below the table (a value far away makes a sheet "
                "huge), or save the sheet as CSV. Is the file damaged?"
            )
        cells.seek(0)
        about = _next(cells)
        if about["problem"]:
            raise _refused(name, connector, about)
        top, left = about["start"]
        errors = {(top + row, left + column): _error_word(detail) for row, column, detail in _next(cells)}
        yield Sheet(about["sheet"], (top, left), _numbered(cells, left), errors)


def _numbered(cells: IO[bytes], left: int) -> Iterator[tuple[int, list[Any]]]:
    for number in count():
        try:
            yield number, [*[""] * left, *_next(cells)]
        except EOFError:
            return


def _next(cells: IO[bytes]) -> Any:
    return pickle.load(cells)  # noqa: S301 (our own child wrote it)


def _refused(name: str, connector: FileConnector, about: Mapping[str, Any]) -> DataError:
    match about["problem"]:
        case "missing":
            return DataError(
                f"{name} is a workbook, and what reads those is not installed.\nHint: pip install 'kpi-pipeline[excel]'"
            )
        case "no sheet":
            known = about["sheets"]
            hint = did_you_mean(connector.sheet or "", known) or f"it has {listed(known)}."
            return DataError(f"{name} has no sheet '{connector.sheet or ''}'.\nHint: {hint}")
        case "empty":
            return DataError(
                f"Sheet '{about['sheet']}' of {name} is empty: not even a header.\nHint: is it the right sheet?"
            )
        case _:
            return DataError(
                f"{name} cannot be read: {about['words'].splitlines()[0]}.\n"
                "Hint: is it a workbook, and was it cut off while being copied? Nothing of it was loaded."
            )


def _error_word(detail: str) -> str:
    match = re.search(r"Error\((\w+)\)", detail)
    return ERRORS.get(match[1], f"#{match[1]}") if match else "that cannot be read"


def _area(connector: FileConnector, sheet: Sheet) -> Area:
    match = re.fullmatch(RANGE, connector.range or "")
    if match is None:
        return Area(connector.skip_rows, sheet.start[1])
    column, row, last_column, last_row = match.groups()
    last = (_column(last_column) if last_column else None, int(last_row) - 1 if last_row else None)
    return Area(int(row) - 1, _column(column), *last)


def _rows(sheet: Sheet, area: Area) -> Iterator[tuple[int, list[Any]]]:
    stop = None if area.last_column is None else area.last_column + 1
    width = None if stop is None else stop - area.first_column
    for number, row in sheet.rows:
        if area.last_row is not None and number > area.last_row:
            return
        if number >= area.first_row:
            cells = row[area.first_column : stop]
            yield number, cells if width is None else cells + [""] * (width - len(cells))


def _header(rows: Iterator[tuple[int, list[Any]]], height: int, name: str, sheet: str) -> tuple[str, ...]:
    """The columns' names: those of several rows joined, where all but the last hold for the cells to their right.

    A merged cell has its text in its first cell only, so what it heads is read off the empty ones after it.
    """
    found: list[list[str]] = []
    for _, cells in rows:
        if found or any(cell != "" for cell in cells):
            found.append([_text(cell, None).strip() for cell in cells])
        if len(found) == height:
            break
    if len(found) < height:
        raise DataError(f"Sheet '{sheet}' of {name} has no header.\nHint: is it the right sheet, and the right range?")
    for row in found[:-1]:
        above = ""
        for at, cell in enumerate(row):
            above = row[at] = cell or above
    joined = [" ".join(part for part in dict.fromkeys(parts) if part) for parts in zip(*found, strict=True)]
    names = tuple(one or f"column_{at}" for at, one in enumerate(joined, start=1))
    for at, one in enumerate(names):
        if one.lower() in (other.lower() for other in names[:at]):
            raise DataError(
                f"Sheet '{sheet}' of {name} has two columns named '{one}'.\n"
                "Hint: give each its own name; `header_rows: 2` joins the names of two rows, `range` leaves cells out."
            )
    return names


def _text(cell: object, wanted: ColumnType | None) -> str:
    """A cell as a person would write it; a day in the format that the contract reads."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < EXACT:
            return str(int(cell))
        case datetime() | date() if wanted is not None and wanted.format:
            return cell.strftime(wanted.format)
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            seconds = round(cell.total_seconds())
            return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        case _:
            return str(cell)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _letters(column: int) -> str:
    number, letters = column + 1, ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
