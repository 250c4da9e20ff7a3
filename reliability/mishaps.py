"""Files that something went wrong with: cut, flipped, mixed up; and a count of lines by another than the loader."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import openpyxl
import polars as pl
import pyarrow as pa
import xlwt

ROWS = [
    (n, f"näme {n}" if n % 3 else f'q "{n}", and\nmore', n * 1.25, f"2024-01-{n % 28 + 1:02}") for n in range(1, 40)
]
PLAIN = [(n, f"name {n}", n * 1.25, f"2024-01-{n % 28 + 1:02}") for n in range(1, 40)]
HEADER = ("id", "name", "amount", "day")


def frame(rows: list[tuple[int, str, float, str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=list(HEADER), orient="row")


def workbook(rows: list[tuple[int, str, float, str]]) -> bytes:
    book = openpyxl.Workbook()
    for row in [HEADER, *rows]:
        book.active.append(row)
    return saved(book.save)


def old_workbook(rows: list[tuple[int, str, float, str]]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for down, row in enumerate([HEADER, *rows]):
        for right, value in enumerate(row):
            sheet.write(down, right, value)
    return saved(book.save)


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def originals() -> dict[str, bytes]:
    """A sound file of each kind by its suffix."""
    csv = frame(ROWS).write_csv().encode()
    lines = frame(ROWS).write_ndjson().encode()
    return {
        "csv": csv,
        "plain.csv": frame(PLAIN).write_csv().encode(),
        "tsv": frame(ROWS).write_csv(separator="\t").encode(),
        "csv.gz": gzip.compress(csv, mtime=0),
        "csv.zst": pa.compress(csv, codec="zstd", asbytes=True),
        "jsonl": lines,
        "json": json.dumps([dict(zip(HEADER, row, strict=True)) for row in ROWS], indent=1).encode(),
        "parquet": saved(frame(ROWS).write_parquet),
        "xlsx": workbook(ROWS),
        "xls": old_workbook(ROWS),
    }


@dataclass(frozen=True)
class Mutation:
    """What was done to a file, and what came of it."""

    what: str
    content: bytes


def mutated(content: bytes, chance: random.Random) -> Mutation:
    """The file after one to three mishaps."""
    names = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        name = chance.choice(list(MISHAPS))
        names.append(name)
        content = MISHAPS[name](content, chance)
    return Mutation(" + ".join(names), content)


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _flip(content: bytes, chance: random.Random) -> bytes:
    flipped = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 20))):
        if flipped:
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _insert(*pieces: bytes) -> Callable[[bytes, random.Random], bytes]:
    def inserted(content: bytes, chance: random.Random) -> bytes:
        place = chance.choice((0, len(content), chance.randrange(len(content) + 1)))
        return content[:place] + chance.choice(pieces) + content[place:]

    return inserted


def _drop(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    return content[:start] + content[start + chance.randrange(200) :]


def _twice(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    return content[:start] + content[max(0, start - chance.randrange(200)) :]


def _zeros(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    length = min(chance.randrange(1, 300), len(content) - start)
    return content[:start] + bytes(length) + content[start + length :]


MISHAPS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut": _cut,
    "flip": _flip,
    "NUL": _insert(b"\0", b"\0\0\0\0"),
    "BOM": _insert(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"),
    "other encoding": _insert("größer,日本\n".encode("utf-16-le"), "größer;\n".encode("latin-1"), b"\xf0\x9f"),
    "quote": _insert(b'"', b'""', b'","', b'"\n', b"'"),
    "line end": _insert(b"\r", b"\r\n", b"\n", b"\n\n\n", b"\x0b", b"\x0c", b"\x1a", "\u2028".encode()),
    "CR only": lambda content, _: content.replace(b"\n", b"\r"),
    "delimiter": _insert(b",", b";;;;", b"\t", b"\x1f\x1e"),
    "bracket": _insert(b"[", b"]", b"{", b"}", b"[[[[", b'{"id": 1e999}', b"NaN"),
    "dropped": _drop,
    "twice": _twice,
    "zeros": _zeros,
    "long value": _insert(b"x" * 140_000),
}
"""What happens to files."""


def line_count(suffix: str, content: bytes) -> int | None:
    """The lines that hold something, without a header; None where lines are no rows, or a quote may join some."""
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lines = re.split(r"\r\n|\n|\r", text)
    if suffix == "jsonl":
        return len([line for line in lines if line.strip()])
    if suffix == "plain.csv" and '"' not in text:
        return len([line for line in lines if line]) - 1
    return None


def cases(count: int, seed: int) -> Iterator[tuple[str, Mutation]]:
    """So many mutated files of all kinds in turn, the same for the same seed."""
    chance = random.Random(seed)
    sound = list(originals().items())
    for number in range(count):
        suffix, content = sound[number % len(sound)]
        yield suffix, mutated(content, chance)
