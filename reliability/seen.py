"""What readers of a project see: every published table, by what it says; and what lies in its folders."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from kpi_pipeline.publish import TABLES
from kpi_pipeline.publish.content_hash import content_hash
from tests.project import hashes_of

Seen = dict[str, str | None]
"""The fingerprint of every table; empty where nothing is published."""

VARYING = (
    (re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}"), "RUN"),
    (re.compile(r"\d{8}T\d{6}\.\d+Z"), "MOMENT"),
    (re.compile(r"[0-9a-f]{32}"), "ID"),
)
"""What names of files have of the run that wrote them."""


def seen_in_file(file: Path) -> Seen:
    """What the published DuckDB file says."""
    return hashes_of(file) if file.exists() else {}


def seen_in_parquet(folder: Path) -> Seen:
    """What the Parquet folder says that the pointer names."""
    pointer = folder / "latest"
    if not pointer.exists():
        return {}
    latest = folder / pointer.read_text(encoding="utf-8").strip()
    return {one.name: content_hash(one, pl.read_parquet(latest / f"{one.name}.parquet")) for one in TABLES}


def broken_pages(folder: Path) -> list[str]:
    """Pages that are not there to their end."""
    return [
        page.name
        for page in folder.rglob("*.html")
        if not page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    ]


def lying_there(root: Path) -> set[str]:
    """Every file of a project, under the name that it has in each run; the log of the warehouse is part of it."""
    names = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    for pattern, word in VARYING:
        names = {pattern.sub(word, name) for name in names}
    return {name for name in names if not name.endswith(".wal") and Path(name).name not in ("said", "where")}
