"""The records of a text file, told apart by a reader of our own: the count that every load is checked against.

DuckDB reads the rows, Python's strict `csv` reader tells where each record begins and whether it is whole. So the two
counts are independent. A broken record is never left to DuckDB: tried with 2.0, its reader of rejected lines now and
then loads the tail of a broken line as a row. Where a file has broken records, another encoding or mixed line
ends, a clean copy without them is what DuckDB reads.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from kpi_pipeline.errors import DataError

DELIMITERS = (",", ";", "\t", "|")
NOT_IN_JSON = "\x1f\x1e"
"""Signs that no line of valid JSON holds; as a delimiter they make DuckDB's CSV reader give whole lines."""
UTF_8 = ("utf-8", "utf8", "utf-8-sig")


@dataclass(frozen=True)
class Record:
    """One record of a text file: where it begins, its text, and its values or what is wrong with it."""

    line: int
    text: str
    values: tuple[str, ...] = ()
    problem: str | None = None
    column: str | None = None


@dataclass(frozen=True)
class TextFile:
    """A text file and how to read it: CSV with a delimiter, JSON lines without."""

    path: Path
    name: str
    encoding: str
    delimiter: str | None = None
    spaced: bool = False
    """CSV: blanks stand between delimiter and quote (`1, "a, b"`), so blanks before a value do not belong to it."""
    header: tuple[str, ...] = ()
    skipped: int = 0
    """CSV: lines above the header that are no part of the table."""
    begins: Sequence[int] = ()
    """Of a file written out from another one: where in that one each record begins."""
    prefix: str = ""
    """What the place of a record in that other file begins with, such as the name of a sheet."""

    def records(self) -> Iterator[Record]:
        """Every record of the file, whole or broken; blank lines are none."""
        try:
            with self.opened() as stream:
                found = self._csv_records(stream) if self.delimiter else self._line_records(stream)
                if self.begins:
                    yield from (self._in_the_other(record, place) for place, record in enumerate(found))
                else:
                    yield from found
        except UnicodeError as problem:
            raise self.no_text(problem) from problem

    def no_text(self, problem: UnicodeError) -> DataError:
        """What to say where the file is not written in the encoding that the source says."""
        return DataError(
            f"{self.name} is not text in the encoding {self.encoding}: {problem}.\n"
            "Hint: write the right one as `encoding` of the source's connector, such as latin-1 or utf-16."
        )

    def _in_the_other(self, record: Record, place: int) -> Record:
        line = self.begins[place]
        return replace(record, line=line, text=f"{self.prefix}{line}: {record.text}" if self.prefix else record.text)

    def opened(self) -> TextIO:
        """The file, open for reading where its table begins, its line ends as they are."""
        try:
            if self.encoding.lower() in UTF_8:
                stream = self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
            else:
                stream = self.path.open(encoding=self.encoding, newline="")
        except LookupError:
            raise DataError(
                f"'{self.encoding}' is not an encoding; write one such as utf-8, latin-1 or utf-16."
            ) from None
        except OSError as problem:
            raise DataError(f"{self.name} cannot be read: {problem.strerror}.") from problem
        for _ in range(self.skipped):
            stream.readline()
        return stream

    def _csv_records(self, stream: TextIO) -> Iterator[Record]:
        """The records after the header.

        A line that opens a quote and does not close it would swallow the lines after it. So of a broken record that
        spans lines only the first line counts as broken, and reading goes on with the second.
        """
        lines = _Lines(stream, first_line=self.skipped + 1)
        width = len(self.header)
        header_pending = True
        while True:
            reader = csv.reader(lines, delimiter=self.delimiter or ",", strict=True, skipinitialspace=self.spaced)
            try:
                for row in reader:
                    values = row or ([""] if width == 1 and not header_pending else [])
                    if not values:
                        lines.begin_record()
                        continue
                    if header_pending:
                        header_pending = False
                        lines.begin_record()
                        continue
                    problem, column = (None, None) if len(values) == width else self._wrong_width(len(values))
                    if problem is None and not lines.readable():
                        problem = f"it is not {self.encoding} text"
                    if problem is not None:
                        lines.give_back_all_but_first()
                    yield Record(lines.first_line, lines.text(), tuple(values), problem, column)
                    lines.begin_record()
            except csv.Error as problem:
                if header_pending:
                    raise _header_error(self.name, problem) from problem
                lines.give_back_all_but_first()
                yield Record(lines.first_line, lines.text(), problem=_in_words(problem))
                lines.begin_record()
                continue
            return

    def _wrong_width(self, found: int) -> tuple[str, str | None]:
        wanted = len(self.header)
        values = "1 value" if found == 1 else f"{found} values"
        column = self.header[found] if found < wanted else None
        return f"the line has {values}, the header names {wanted}", column

    def _line_records(self, stream: TextIO) -> Iterator[Record]:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                text = line.rstrip("\r\n")
                problem = None if _readable(text) else f"it is not {self.encoding} text"
                if NOT_IN_JSON in text:
                    problem = "the line is not a JSON object"
                yield Record(number, text, (text,), problem)


@dataclass(frozen=True)
class Scan:
    """What a first reading of a text file found."""

    records: int
    broken: tuple[Record, ...]
    longest: int
    """Characters of the longest record."""
    needs_copy: bool


def opened_csv(path: Path, name: str, *, encoding: str, delimiter: str | None, skipped: int = 0) -> TextFile:
    """The CSV file with its delimiter and the names in its header, ready to be read."""
    bare = with_header(TextFile(path, name, encoding, skipped=skipped), delimiter)
    names = bare.header
    for place, column in enumerate(names):
        if column.lower() in (other.lower() for other in names[:place]):
            raise DataError(
                f"{name} has two columns named '{column}'.\nHint: give each column of the file its own name."
            )
    return replace(bare, spaced=_blank_before_quote(bare, bare.delimiter or ","))


def with_header(bare: TextFile, delimiter: str | None) -> TextFile:
    """The CSV file with its delimiter (the one that splits the header most) and the names in its first line."""
    name, encoding = bare.name, bare.encoding
    try:
        splits = []
        for one in [delimiter] if delimiter else DELIMITERS:
            with bare.opened() as stream:
                values = next((row for row in csv.reader(stream, delimiter=one, skipinitialspace=True) if row), [])
            splits.append((one, values))
    except (UnicodeError, csv.Error) as problem:
        raise _header_error(name, problem) from problem
    best, header = max(splits, key=lambda split: len(split[1]))
    if not all(map(_readable, header)):
        raise _header_error(name, f"it is not {encoding} text")
    names = tuple(value.strip() or f"column_{place}" for place, value in enumerate(header, start=1))
    if not names:
        raise DataError(f"{name} is empty: not even a header.\nHint: was the export cut off? Deliver the file again.")
    return replace(bare, delimiter=best, header=names)


def _blank_before_quote(file: TextFile, delimiter: str) -> bool:
    """Whether values are written like `1, "a, b"`: every quote after a blank, none right after the delimiter."""
    spaced, tight = f'{delimiter} "', f'{delimiter}"'
    found = False
    with file.opened() as stream:
        try:
            for line in stream:
                if tight in line:
                    return False
                found = found or spaced in line
        except UnicodeError:
            return False
    return found


def scan(file: TextFile) -> Scan:
    """Reads the file once, counts its records and keeps the broken ones."""
    count = longest = 0
    broken = []
    for record in file.records():
        count += 1
        if record.problem:
            broken.append(record)
        elif len(record.text) > longest:
            longest = len(record.text)
    needs_copy = bool(broken or file.skipped) or file.encoding.lower() not in UTF_8 or _is_odd(file)
    return Scan(count, tuple(broken), longest, needs_copy)


def write_clean_copy(file: TextFile, target: Path) -> TextFile:
    """Writes the file's whole records as plain UTF-8 and says how to read them."""
    good = (record for record in file.records() if not record.problem)
    with target.open("w", encoding="utf-8", newline="") as stream:
        if not file.delimiter:
            stream.writelines(f"{record.text}\n" for record in good)
            return TextFile(target, file.name, "utf-8")
        writer = csv.writer(stream, delimiter=file.delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(file.header)
        writer.writerows(record.values for record in good)
    return TextFile(target, file.name, "utf-8", file.delimiter, header=file.header)


def picked(file: TextFile, wanted: Iterable[int]) -> list[tuple[int, int, str]]:
    """Number, line and text of the whole records with these numbers (from 0, in order)."""
    numbers = sorted(wanted)
    good = (record for record in file.records() if not record.problem)
    found = []
    place = 0
    for number, record in enumerate(good):
        if place == len(numbers):
            break
        if number == numbers[place]:
            found.append((number, record.line, record.text))
            place += 1
    return found


def _is_odd(file: TextFile) -> bool:
    """Whether DuckDB would read the file otherwise: its line ends are mixed, or blanks stand before a quote."""
    blank_before_quote = re.compile(rf'(^|{re.escape(file.delimiter or "")}) +"') if file.delimiter else None
    with file.opened() as stream:
        for line in stream:
            if blank_before_quote and ' "' in line and blank_before_quote.search(line):
                return True
        return isinstance(stream.newlines, tuple)


def _header_error(name: str, problem: object) -> DataError:
    return DataError(f"The header of {name} cannot be read: {problem}.\nHint: mend its first line, or its encoding.")


def _readable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _in_words(problem: csv.Error) -> str:
    text = str(problem)
    if "unexpected end" in text:
        return "a quote is opened and never closed"
    if "expected after" in text:
        return "a quote is not closed before the value goes on"
    if "field larger" in text:
        return f"a value is longer than {csv.field_size_limit():,} characters, or a quote is not closed"
    return text


class _Lines:
    """The lines of a file for `csv.reader`, remembering those of the record that is being read."""

    def __init__(self, stream: TextIO, *, first_line: int) -> None:
        self._stream = stream
        self._waiting: list[str] = []
        self._taken: list[str] = []
        self.first_line = first_line

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._waiting.pop() if self._waiting else next(self._stream)
        self._taken.append(line)
        return line

    def begin_record(self) -> None:
        self.first_line += len(self._taken)
        self._taken.clear()

    def give_back_all_but_first(self) -> None:
        self._waiting.extend(reversed(self._taken[1:]))
        del self._taken[1:]

    def text(self) -> str:
        return "".join(self._taken).rstrip("\r\n")

    def readable(self) -> bool:
        return all(_readable(line) for line in self._taken)
