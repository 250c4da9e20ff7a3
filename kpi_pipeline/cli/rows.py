"""Rows as other programs read them: CSV, JSON or Parquet."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

FORMULA = r"^\s*[=+\-@\t\r]"
"""How a text begins that a spreadsheet takes for a formula."""


def write_rows(rows: pl.DataFrame, form: str) -> None:
    """Writes rows to the output, byte for byte."""
    sys.stdout.buffer.write(encoded(rows, form))
    sys.stdout.flush()


def encoded(rows: pl.DataFrame, form: str) -> bytes:
    """Rows as a file of that form holds them."""
    match form:
        case "csv":
            return fit_for_spreadsheets(rows).write_csv().encode()
        case "json":
            return rows.write_json().encode() + b"\n"
        case _:
            stream = BytesIO()
            rows.write_parquet(stream)
            return stream.getvalue()


def fit_for_spreadsheets(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with an apostrophe before texts that a spreadsheet would take for formulas; CSV is opened there.

    Texts of data, such as names that customers gave themselves, could otherwise run as formulas on a reader's machine.
    JSON and Parquet hold every text as it is.
    """
    import polars as pl

    return rows.with_columns(pl.selectors.string().str.replace(FORMULA, "'$0"))
