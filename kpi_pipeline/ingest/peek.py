"""A look at a source's files before anything is loaded: which columns they name."""

from __future__ import annotations

import polars as pl

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest.files import FoundFile, find_files
from kpi_pipeline.ingest.records import TextFile, with_header
from kpi_pipeline.ingest.staged import LINEAGE
from kpi_pipeline.project import Project
from kpi_pipeline.sources import Source


def peek(project: Project, source: Source) -> tuple[str, ...] | None:
    """The columns that the raw table will have, by the headers of all files; None where they do not tell.

    A file that cannot be read tells nothing here: loading it says what is wrong.
    """
    try:
        headers = [_header(source, file) for file in find_files(project, source) if file.size]
    except (DataError, OSError, pl.exceptions.PolarsError):
        return None
    if not headers or any(header is None for header in headers):
        return None
    return tuple(dict.fromkeys([*(name for header in headers for name in header or ()), *LINEAGE]))


def _header(source: Source, file: FoundFile) -> tuple[str, ...] | None:
    match file.format:
        case "csv":
            connector = source.connector
            return with_header(TextFile(file.path, file.name, connector.encoding), connector.delimiter).header
        case "parquet":
            return tuple(pl.scan_parquet(file.path, glob=False).collect_schema().names())
        case _:
            return None
