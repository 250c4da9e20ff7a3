"""A look at a source's files before anything is loaded: which columns they name."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest import workbook
from kpi_pipeline.ingest.files import FoundFile, find_files
from kpi_pipeline.ingest.land import naming
from kpi_pipeline.ingest.records import TextFile, with_header
from kpi_pipeline.ingest.staged import LINEAGE
from kpi_pipeline.ingest.unpack import beginning
from kpi_pipeline.project import Project
from kpi_pipeline.sources import Source
from kpi_pipeline.sources.file import FileConnector

WORKBOOKS_AT_MOST = 3
"""Workbooks are opened one by one, which takes half a second each: too long for a look at many."""


def peek(project: Project, source: Source) -> tuple[str, ...] | None:
    """The columns that the raw table will have, by the headers of all files; None where they do not tell.

    A file that cannot be read tells nothing here: loading it says what is wrong. Nor does one that is elsewhere: a look
    at the definitions needs no network.
    """
    if not isinstance(source.connector, FileConnector) or source.connector.store:
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="kpi_peek_") as folder:
            found = [file for file in find_files(project, source) if file.size]
            if sum(file.format == "excel" for file in found) > WORKBOOKS_AT_MOST:
                return None
            headers = [_header(source, file, Path(folder)) for file in found]
    except (DataError, OSError):
        return None
    if not headers or any(header is None for header in headers):
        return None
    return tuple(dict.fromkeys([*(name for header in headers for name in header or ()), *LINEAGE]))


def _header(source: Source, file: FoundFile, folder: Path) -> tuple[str, ...] | None:
    if file.format in ("jsonl", "json") or (file.packing and file.format != "csv"):
        return None
    with naming(file):
        own = _own_columns(source.files, file, folder)
    names = {name.lower() for name in own}
    return (*own, *(key for key, _ in file.partition if key.lower() not in names))


def _own_columns(connector: FileConnector, file: FoundFile, folder: Path) -> tuple[str, ...]:
    if file.format == "parquet":
        return tuple(pl.scan_parquet(file.path, glob=False, hive_partitioning=False).collect_schema().names())
    if file.format == "excel":
        return workbook.header_of(file.path, file.name, connector)
    path = beginning(file.path, file.name, file.packing, folder / "beginning") if file.packing else file.path
    text = TextFile(path, file.name, connector.encoding, skipped=connector.skip_rows)
    return with_header(text, connector.delimiter).header
