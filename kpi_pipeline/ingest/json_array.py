"""JSON arrays: one large array of objects, or objects one after another, written out as one line each."""

from __future__ import annotations

import json
from array import array
from pathlib import Path
from typing import TextIO

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest.records import TextFile

PIECE = 1 << 20
BLANK = " \t\r\n"


def as_lines(file: TextFile, target: Path) -> TextFile:
    """Writes every element as a line of its own and remembers in which line of the file it begins.

    An element that is no object is left to the reader of lines, which says so. One that is no JSON ends the array
    nobody knows where: then nothing of the file is loaded.
    """
    begins = array("q")
    with file.opened() as stream, target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as out:
        try:
            _write_elements(_Text(stream, file.name), begins, out)
        except UnicodeError as problem:
            raise file.no_text(problem) from problem
    return TextFile(target, file.name, "utf-8", begins=begins)


def _write_elements(text: _Text, begins: array[int], out: TextIO) -> None:
    in_array = text.next_sign() == "["
    if in_array:
        text.skip_sign()
    first = True
    while (sign := text.next_sign()) != ("]" if in_array else ""):
        if not sign:
            raise text.broken("the array is not closed: the file ends within it")
        if in_array and not first:
            if sign != ",":
                raise text.broken("a comma or the end of the array is missing")
            text.skip_sign()
            text.next_sign()
        first = False
        begins.append(text.line)
        out.write(text.element().replace("\r", " ").replace("\n", " ") + "\n")
    if in_array:
        text.skip_sign()
        if text.next_sign():
            raise text.broken("something follows the end of the array")


class _Text:
    """The text of a file, read piece by piece, and where in it we are."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._held = ""
        self._at = 0
        self._ended = False
        self._decoder = json.JSONDecoder()
        self.line = 1

    def next_sign(self) -> str:
        """The next sign that is not blank; empty at the end of the file."""
        while True:
            start = self._at
            while self._at < len(self._held) and self._held[self._at] in BLANK:
                self._at += 1
            self._count_lines(self._held[start : self._at])
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._read_on(PIECE):
                return ""

    def skip_sign(self) -> None:
        self._at += 1

    def element(self) -> str:
        """The text of the value that begins here."""
        more = PIECE
        while True:
            try:
                _, end = self._decoder.raw_decode(self._held, self._at)
            except json.JSONDecodeError as problem:
                if not self._read_on(more):
                    raise self.broken(problem.msg) from problem
                more *= 2
                continue
            except RecursionError as problem:
                raise self.broken("values are nested too deeply") from problem
            # NOTE: a number that ends where the piece ends may go on in the next one.
            if end == len(self._held) and self._read_on(more):
                continue
            found = self._held[self._at : end]
            self._count_lines(found)
            self._at = end
            return found

    def broken(self, what: str) -> DataError:
        return DataError(
            f"{self._name} is not JSON: {what}, in the value that begins in line {self.line}.\n"
            "Hint: was the export cut off? Deliver the file again; nothing of it was loaded."
        )

    def _count_lines(self, passed: str) -> None:
        self.line += passed.count("\n") or passed.count("\r")

    def _read_on(self, size: int) -> bool:
        if self._ended:
            return False
        piece = self._stream.read(size)
        self._ended = not piece
        self._held = self._held[self._at :] + piece
        self._at = 0
        return bool(piece)
