"""What a table says, as one fingerprint: equal for two runs that publish the same, whatever the order of rows."""

from __future__ import annotations

import hashlib

import polars as pl

from kpi_pipeline.publish.table import Table

ABOUT_THE_RUN = ("snapshot", "source_status", "run", "run_stage", "kpi_value_history")
"""Tables that tell of runs: what each said differs with how many there were."""

MISSING, BETWEEN, ROW = "\\N", "\x1f", "\x1e"


def content_hash(table: Table, frame: pl.DataFrame) -> str | None:
    """The fingerprint of a table's rows; None for a table that tells of the run itself.

    Columns that say when something was done (`*_at`) do not count. 0.0 and -0.0 are the same, and so are rows in
    another order.
    """
    if table.name in ABOUT_THE_RUN:
        return None
    columns = [column.name for column in table.columns if not column.name.endswith("_at")]
    header = BETWEEN.join(f"{name} {table.schema[name]}" for name in columns)
    rows = (
        frame.select(pl.concat_str([_as_text(name, frame) for name in columns], separator=BETWEEN)).to_series().sort()
    )
    digest = hashlib.sha256(header.encode())
    for row in rows.to_list():
        digest.update((ROW + row).encode())
    return digest.hexdigest()


def _as_text(name: str, frame: pl.DataFrame) -> pl.Expr:
    """A column as text that can be told apart from its neighbours and from a missing value."""
    column = pl.col(name)
    type_ = frame.schema[name]
    if type_ == pl.String:
        # NOTE: a backslash is doubled, so that no text can look like MISSING; the separators are control characters.
        text = column.str.replace_all("\\", "\\\\", literal=True)
        text = text.str.replace_all(BETWEEN, "\\u", literal=True).str.replace_all(ROW, "\\r", literal=True)
    elif type_ == pl.Float64:
        text = (column + 0.0).cast(pl.String)
    elif isinstance(type_, pl.Datetime):
        text = column.dt.epoch("us").cast(pl.String)
    else:
        text = column.cast(pl.String)
    return text.fill_null(MISSING)
