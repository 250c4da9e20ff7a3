"""`kpi query METRIC...`: a question to the engine, answered on the terminal or in a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.text import Text

from kpi_pipeline.cli.pivot import pivoted, refuse_pivot
from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.rows import encoded, write_rows
from kpi_pipeline.cli.shown import Notes, console, plain_table
from kpi_pipeline.errors import QueryError, StorageError
from kpi_pipeline.kpis import written
from kpi_pipeline.project import Project

if TYPE_CHECKING:
    import polars as pl

MOST_SHOWN = 200


@dataclass(frozen=True)
class Question:
    """What was asked on the command line."""

    metrics: tuple[str, ...]
    by: tuple[str, ...]
    grain: str | None
    start: str | None
    end: str | None
    where: str | None
    order_by: tuple[str, ...]
    limit: int | None
    pivot: str | None = None
    """The dimension whose values become columns."""


def answer(asked: Path, question: Question, *, form: str, output: Path | None, wait: float) -> None:
    """Asks the engine and writes the rows to the terminal, a pipe or a file."""
    loaded = open_project(asked)
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise QueryError("Parquet is not for reading on a terminal.\nHint: add --output FILE, or pipe it somewhere.")
    pivot, by = question.pivot, question.by
    if pivot:
        refuse_pivot(question.metrics)
        by = tuple(dict.fromkeys([*by, pivot]))
    rows = loaded.query(
        question.metrics,
        by=by,
        grain=question.grain,
        where=question.where,
        start=question.start,
        end=question.end,
        order_by=question.order_by,
        limit=None if pivot else question.limit,
        wait=wait,
        watch=Notes(),
    )
    metric_of = {name: name for name in question.metrics}
    if pivot:
        [metric] = metric_of
        wide = pivoted(rows, metric, pivot)
        metric_of = {name: metric for name in wide.columns if name not in rows.columns}
        rows = wide if question.limit is None else wide.head(question.limit)
    if form == "table" and output is None:
        _print(loaded.project, rows, metric_of)
    else:
        _write(rows, "csv" if form == "table" else form, output)


def _write(rows: pl.DataFrame, form: str, output: Path | None) -> None:
    if output is None:
        write_rows(rows, form)
        return
    try:
        output.write_bytes(encoded(rows, form))
    except OSError as problem:
        raise StorageError.not_written(str(output), problem) from problem


def _print(project: Project, rows: pl.DataFrame, metric_of: Mapping[str, str]) -> None:
    out = console(piped=10_000)  # NOTE: a column more is better than a cell that is cut off.
    table = plain_table()
    for name in rows.columns:
        table.add_column(name, justify="right" if name in metric_of else "left", no_wrap=True)
    for row in rows.head(MOST_SHOWN).iter_rows(named=True):
        table.add_row(*(_cell(project, name, value, metric_of.get(name)) for name, value in row.items()))
    out.print(table)
    if rows.height > MOST_SHOWN:
        out.print(Text(f"… and {rows.height - MOST_SHOWN:,} more rows: add --limit, or --format csv.", style="dim"))
    elif rows.is_empty():
        out.print(Text("No rows: there is no data for what was asked.", style="dim"))


def _cell(project: Project, name: str, value: object, metric_name: str | None) -> str:
    metric = project.metrics[metric_name] if metric_name else None
    if name == "period_start" and isinstance(value, datetime):
        here = value.astimezone(ZoneInfo(project.settings.timezone))
        return here.isoformat(sep=" ", timespec="minutes")
    if metric is None:
        return "(none)" if value is None else str(value)
    return written(value if isinstance(value, float) else None, metric.unit, project.settings.currency)
