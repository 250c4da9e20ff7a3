"""Malformed definitions, files, targets, variables and arguments: each ends in a message, and no row is lost.

Each input goes through the command line of a small project that has run before. It must end with an exit code that the
documentation names, without a traceback and without a secret; what is refused leaves the published file as it was; a
refused definition says file and line; of a delivered file every row is in the warehouse or in quarantine, counted by
another reader; and definitions that `kpi check` lets pass must not be refused by the run.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.parse import quote, quote_plus

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from reliability.malformed_inputs import AIMS, DEFINITIONS, PROJECT, SALES, SECRET, Input, inputs
from tests.project import Said, kpi

csv.field_size_limit(2**30)
KNOWN_CODES = frozenset({0, 1, 2, 3, 4, 5})
"""Exit codes that the documentation explains; 70 would be our own mistake."""
PLACE = re.compile(r"\.ya?ml(:\d+)?\b|definitions|\$\{|environment variable|\.duckdb|warehouse")
PATIENCE = 120
"""Seconds after which an input counts as one that hangs."""


@dataclass
class Tally:
    """What came of the inputs."""

    kinds: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    faults: list[str] = field(default_factory=list)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--inputs", type=int, default=600, help="how many inputs to try")
    parser.add_argument("--seed", type=int, default=1, help="where the random mutations begin")
    parser.add_argument("--only", default="", help="only inputs whose name contains this")


def main(asked: argparse.Namespace) -> int:
    began = time.perf_counter()
    tally = tried(asked.inputs, asked.seed, only=asked.only)
    for kind, count in sorted(tally.kinds.items()):
        ends = ", ".join(f"{code}: {times}" for (code, times) in sorted(_ends_of(tally, kind)))
        print(f"{kind:12} {count:5} inputs   exit codes {ends}")
    print(f"{tally.rows:,} delivered rows found again in the warehouse or in quarantine")
    print(f"{sum(tally.kinds.values())} inputs, {len(tally.faults)} faults, {time.perf_counter() - began:.0f} s")
    for fault in tally.faults:
        print(fault)
    return 1 if tally.faults else 0


def _ends_of(tally: Tally, kind: str) -> Iterator[tuple[str, int]]:
    for name, times in tally.ended.items():
        of_kind, code = name.rsplit(" ", 1)
        if of_kind == kind:
            yield code, times


def tried(count: int, seed: int, *, only: str = "") -> Tally:
    """Tries so many inputs, each on a project that has run before."""
    tally = Tally()
    with (
        tempfile.TemporaryDirectory(prefix="malformed-") as scratch,
        _environment({"STALL_HOOK": SECRET, "STALL_MAIL": SECRET}),
    ):
        ready = _ready(Path(scratch) / "ready")
        for one in inputs(count, seed):
            if only in one.name:
                _try(one, ready, Path(scratch) / "tried", tally)
    return tally


def _ready(root: Path) -> Path:
    """The small project after its first run."""
    files = {
        "definitions/project.yaml": PROJECT,
        "definitions/all.yaml": DEFINITIONS,
        "data/sales.csv": SALES,
        "data/aims.csv": AIMS,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    said = kpi("run", "--project", str(root))
    if said.code:
        raise RuntimeError(said.err)
    return root


def _try(one: Input, ready: Path, root: Path, tally: Tally) -> None:
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(ready, root)
    for name, content in one.files.items():
        path = root / name
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)
    before = _hash(root / "out/kpi.duckdb")
    tally.kinds[one.kind] += 1
    with _environment(one.environment), _within(root):
        said = _said(one.arguments, root)
        tally.ended[f"{one.kind} {said.code}"] += 1
        faults = [*_faults(one, said)]
        if said.code and one.arguments[0] == "run" and _hash(root / "out/kpi.duckdb") != before:
            faults.append("was refused, yet something was published")
        if one.delivered and said.code in (0, 3):
            faults += _lost(one, root, said, tally)
        if one.arguments == ("check",) and said.code in (0, 1):
            again = _said(("run", "--wait", "0"), root)
            faults += [f"run after check: {fault}" for fault in _faults(one, again)]
            if again.code == 2 and said.code == 0:
                faults.append(f"kpi check lets it pass, kpi run refuses it: {again.err[:300]}")
    tally.faults += [f"{one.name}: {fault}" for fault in faults]


def _said(arguments: tuple[str, ...], root: Path) -> Said:
    takes_project = arguments[0] != "schema"
    return kpi(*arguments, *(("--project", str(root)) if takes_project else ()))


def _faults(one: Input, said: Said) -> Iterator[str]:
    """What is wrong with how a command ended."""
    text = said.bytes.decode("utf-8", "replace") + said.err
    if said.code not in KNOWN_CODES:
        yield f"ended with {said.code}: {said.err[:300]}"
    if "Traceback (most recent" in text:
        yield f"a traceback: {text[-300:]}"
    values = {os.environ.get(name, "") for name in ("STALL_HOOK", "STALL_MAIL")}
    for secret in {
        form
        for value in values
        if len(value) > 8
        for form in (value, quote(value), quote(value, safe=""), quote_plus(value))
    }:
        if secret in text and secret not in " ".join(one.arguments):
            yield f"tells a secret: {text[max(text.find(secret) - 100, 0) :][:250]}"
    if said.code and not said.err.strip() and not text.strip():
        yield f"ended with {said.code} and said nothing"
    if said.code == 2 and one.kind in ("yaml", "project") and not PLACE.search(text):
        yield f"says no place: {said.err[:300]}"


def _lost(one: Input, root: Path, said: Said, tally: Tally) -> Iterator[str]:
    """Rows of a delivered file that are nowhere; files that were refused leave everything as it was."""
    source = "aims" if one.kind == "targets" else "sales"
    with duckdb.connect(str(root / "data/warehouse.duckdb"), read_only=True) as warehouse:
        loaded = _count(warehouse, f'raw."{source}"')
        aside = _count(warehouse, f'quarantine."{source}"')
        aside = aside if said.code == 0 else 0
    delivered = one.delivered or ""
    if said.code == 3:
        # NOTE: refused as a whole: the rows of the first run are still there, or its data as it was checked.
        if loaded != (24 if source == "sales" else 2):
            yield f"was refused, yet {loaded} rows are loaded"
        return
    expected = _counted(root / delivered)
    tally.rows += loaded + aside
    if expected is not None and loaded + aside != expected:
        yield f"{expected} rows were delivered, {loaded} loaded and {aside} set aside"


def _count(warehouse: duckdb.DuckDBPyConnection, table: str) -> int:
    try:
        return int(warehouse.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
    except duckdb.CatalogException:
        return 0


def _counted(path: Path) -> int | None:
    """How many rows a file has, by a reader that is not ours; None where readers may differ."""
    content = path.read_bytes()
    if path.suffix == ".parquet":
        try:
            return int(pq.read_metadata(path).num_rows)
        except (pa.ArrowException, OSError):
            return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if path.suffix == ".jsonl":
        return sum(bool(line.strip(" \t\r")) for line in text.split("\n"))
    if '"' in text or "\0" in text or "\r" in text.replace("\r\n", ""):
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except csv.Error:
            return None
        return None if "\0" in text or "\r" in text.replace("\r\n", "") else _below_the_header(rows)
    return _below_the_header(list(csv.reader(io.StringIO(text, newline=""))))


def _below_the_header(rows: list[list[str]]) -> int:
    return max(sum(bool(row) for row in rows) - 1, 0)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@contextmanager
def _environment(values: dict[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    try:
        _set(values)
        yield
    finally:
        _set(before)


def _set(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _within(root: Path) -> Iterator[None]:
    """In the project's folder, without anybody to answer questions, and not for ever."""
    here, answers = Path.cwd(), sys.stdin
    handler = signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(PATIENCE)
    sys.stdin = io.StringIO("")
    os.chdir(root)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
        sys.stdin = answers
        os.chdir(here)


def _hangs(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"no answer after {PATIENCE} seconds")
