"""Workbooks: a sheet of Excel or OpenDocument, written out as CSV that says what a person sees in the cells.

Numbers are written in full, whole ones without a fraction, days and moments as ISO writes them. Cells with an error
such as #N/A are no values: their rows go to quarantine, unless the source names the error among its `null_values`.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from kpi_pipeline.errors import DataError, did_you_mean, listed
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
    sheet = _opened(path, name, connector)
    area = _area(connector, sheet)
    rows = _rows(sheet, area)
    found = _errors(path, sheet)
    header = _header(rows, connector.header_rows, name, sheet.name)
    formats = [(columns or {}).get(one) for one in header]
    begins = array("q")
    broken: list[Record] = []
    longest = 0
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        for number, cells in rows:
            errors = {
                at: word
                for at in range(len(cells))
                if (word := found.get((number, at + area.first_column))) and word not in null_values
            }
            if not errors and all(cell == "" for cell in cells):
                continue
            texts = [
                errors[at] if at in errors else _text(cell, kind)
                for at, (cell, kind) in enumerate(zip(cells, formats, strict=True))
            ]
            if errors:
                shown = f"{sheet.name}!{number + 1}: {','.join(texts)}"
                at, word = next(iter(errors.items()))
                cell_name = f"{_letters(at + area.first_column)}{number + 1}"
                reason = f"cell {cell_name} of sheet '{sheet.name}' holds the error {word}"
                broken.append(Record(number + 1, shown, problem=reason, column=header[at]))
                continue
            begins.append(number + 1)
            longest = max(longest, sum(map(len, texts)) + 3 * len(texts))
            writer.writerow(texts)
    text = TextFile(target, name, "utf-8", ",", header=header, begins=begins, prefix=f"{sheet.name}!")
    return text, Scan(len(begins) + len(broken), tuple(broken), longest, needs_copy=False)


def header_of(path: Path, name: str, connector: FileConnector) -> tuple[str, ...]:
    """The names of the sheet's columns."""
    sheet = _opened(path, name, connector)
    return _header(_rows(sheet, _area(connector, sheet)), connector.header_rows, name, sheet.name)


def _opened(path: Path, name: str, connector: FileConnector) -> Sheet:
    try:
        import python_calamine
    except ImportError as problem:
        raise DataError(
            f"{name} is a workbook, and what reads those is not installed.\nHint: pip install 'kpi-pipeline[excel]'"
        ) from problem
    workbook = python_calamine.CalamineWorkbook.from_path(str(path))
    wanted = connector.sheet if connector.sheet is not None else next(iter(workbook.sheet_names), None)
    if wanted is None or wanted not in workbook.sheet_names:
        raise DataError(
            f"{name} has no sheet '{wanted}'.\n"
            f"Hint: {did_you_mean(wanted or '', workbook.sheet_names) or f'it has {listed(workbook.sheet_names)}.'}"
        )
    cells = workbook.get_sheet_by_name(wanted)
    if cells.start is None:
        raise DataError(f"Sheet '{wanted}' of {name} is empty: not even a header.\nHint: is it the right sheet?")
    left = [""] * cells.start[1]
    rows = ((at, [*left, *row]) for at, row in enumerate(cells.iter_rows()))
    return Sheet(wanted, cells.start, rows)


def _errors(path: Path, sheet: Sheet) -> dict[tuple[int, int], str]:
    """The cells that hold an error, by row and column.

    NOTE: the reader of the values gives such a cell as an empty one; a second reader is asked where they are.
    """
    import fastexcel

    _, found = (
        fastexcel.read_excel(str(path))
        .load_sheet(sheet.name, header_row=None, dtypes="string", skip_whitespace_tail_rows=False)
        .to_arrow_with_errors()
    )
    top, left = sheet.start
    return {
        (top + one.position[0], left + one.position[1]): _error_word(one.detail)
        for one in (found.errors if found else ())
    }


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
