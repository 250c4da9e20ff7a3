"""The figures that the READMEs of the shipped data promise, read from their tables as printed there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

ROOT = Path(__file__).resolve().parents[2]
SQL = Path(__file__).parent / "sql"

Key = date | str | None
"""What a row is about: a month, a priority, or everything."""


def shipped_files() -> duckdb.DuckDBPyConnection:
    """The shipped files as views, nothing else."""
    connection = duckdb.connect()
    for view, file in (
        ("invoice_lines", "online_retail_2010/online_retail.parquet"),
        ("incident_events", "it_incidents/incident_event_log.parquet"),
    ):
        connection.execute(f"CREATE VIEW {view} AS FROM '{ROOT / 'data' / file}'")
    return connection


@dataclass(frozen=True)
class Figures:
    """A table of a README: what a row is about, and which metric each of its columns, or rows, promises."""

    name: str
    data: str
    heading: str
    metrics: Mapping[str, str]
    grain: str | None = None
    dimension: str | None = None

    @property
    def rows(self) -> dict[Key, dict[str, str]]:
        """What the README prints: the row's key -> metric -> the number as printed, without thousands' commas."""
        header, *lines = _table(ROOT / "data" / self.data / "README.md", self.heading)
        if self.heading == "figure":
            return {None: {self.metrics[label]: _plain(number) for label, number in lines}}
        return {
            self._key(first): {
                self.metrics[label]: _plain(text) for label, text in zip(header[1:], numbers, strict=True)
            }
            for first, *numbers in lines
        }

    def _key(self, text: str) -> Key:
        return date.fromisoformat(f"{text}-01") if self.grain == "month" else text

    def __str__(self) -> str:
        return self.name


FIGURES = (
    Figures(
        "retail_totals", "online_retail_2010", "figure",
        {
            "lines": "invoice_lines",
            "invoices": "invoices",
            "customers": "customers",
            "stock codes": "stock_codes",
            "net value of all lines": "net_value_all_lines",
            "lines without customer": "lines_without_customer",
            "cancellation lines": "cancellation_lines",
            "cancellation invoices": "cancelled_invoices",
            "duplicate lines": "duplicate_lines",
            "clean lines": "clean_lines",
            "clean invoices": "clean_invoices",
            "clean customers": "clean_customers",
            "clean revenue": "clean_revenue",
        },
    ),
    Figures(
        "retail_months", "online_retail_2010", "month",
        {
            "clean invoices": "clean_invoices",
            "clean customers": "clean_customers",
            "clean revenue": "clean_revenue",
            "net of all lines": "net_value_all_lines",
        },
        grain="month",
    ),
    Figures(
        "incident_totals", "it_incidents", "figure",
        {
            "updates": "incident_updates",
            "incidents": "incidents",
            "incidents within SLA, share": "sla_met_rate",
            "incidents ever reopened": "incidents_reopened",
            "incidents ever reopened, share": "reopen_rate",
            "incidents reassigned more than once": "incidents_passed_around",
            "incidents without time of resolution": "incidents_without_resolved_at",
            "hours to resolve, median": "hours_to_resolve_median",
            "hours to resolve, mean": "hours_to_resolve_mean",
        },
    ),
    Figures(
        "incident_priorities", "it_incidents", "priority",
        {
            "incidents": "incidents",
            "within SLA": "sla_met_rate",
            "median hours to resolve": "hours_to_resolve_median",
        },
        dimension="priority",
    ),
    Figures(
        "incident_months", "it_incidents", "opened month",
        {"incidents": "incidents", "within SLA": "sla_met_rate"},
        grain="month",
    ),
)  # fmt: skip


def differences(answer: pl.DataFrame, figures: Figures) -> list[str]:
    """Where an answer and the README part: a row too many or too few, or a number that is not as printed."""
    key = "period_start" if figures.grain else figures.dimension
    given = {row[key] if key else None: row for row in answer.to_dicts()}
    promised = figures.rows
    found = [f"{row}: {'not promised' if row in given else 'missing'}" for row in given.keys() ^ promised.keys()]
    for row in given.keys() & promised.keys():
        for metric, printed in promised[row].items():
            number = given[row][metric]
            if number is None or not as_printed(number, printed):
                found.append(f"{row}: {metric} is {number}, the README prints {printed}")
    return found


def as_printed(number: Decimal | float, printed: str) -> bool:
    """Whether a number, written with as many digits as the printed one, is the printed one.

    >>> as_printed(0.63420018, "0.634200"), as_printed(22.2, "22.1")
    (True, False)
    """
    digits = len(printed.partition(".")[2])
    half_a_digit = Decimal(5).scaleb(-digits - 1)
    return abs(Decimal(number) - Decimal(printed)) <= half_a_digit


def _plain(printed: str) -> str:
    return printed.replace(",", "")


def _table(readme: Path, heading: str) -> Iterator[list[str]]:
    """The cells of the table whose first column has that heading: its header, then its rows."""
    lines = iter(readme.read_text(encoding="utf-8").splitlines())
    header = next(line for line in lines if line.startswith(f"| {heading} |"))
    next(lines)
    yield _cells(header)
    for line in lines:
        if not line.startswith("|"):
            return
        yield _cells(line)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
