"""Quarantine: the rows of a file that did not fit, with the place, the reason and the original text."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.ingest import contract
from kpi_pipeline.ingest.land import Landed
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.ready import Ready
from kpi_pipeline.names import TableRef
from kpi_pipeline.sources import Source
from kpi_pipeline.sql_parts import sql_json

QUARANTINE = {
    "_quarantined_at": "TIMESTAMPTZ",
    "_run_id": "VARCHAR",
    "_source_file": "VARCHAR",
    "line": "BIGINT",
    "column_name": "VARCHAR",
    "value": "VARCHAR",
    "reason": "VARCHAR",
    "raw_text": "VARCHAR",
    "row_key": "VARCHAR",
    "row_cursor": "VARCHAR",
    "check_name": "VARCHAR",
    "fields": "VARCHAR",
    "status": "VARCHAR",
    "status_at": "TIMESTAMPTZ",
    "status_note": "VARCHAR",
}
"""The columns of `quarantine.<source>`: one row for each row that did not fit.

`line` counts from 1; in Parquet, and of rows from no file, it is the number of the row. `row_key` is the key of the
row where the source has one (as JSON; its MD5 where a column of it is personal), `row_cursor` its cursor. Where a
source has personal columns their values are shown as •••, and `raw_text` and `fields` are withheld, since a broken line
does not say where in it they are: file and line lead to it. `check_name` is the check that the row failed, NULL where
a value has not the type it must have. `fields` is the whole row as JSON, by which it can be tried again. `status` is
open; dropped, with who said so; or obsolete, since a newer row of its key was loaded.
"""
OPEN, DROPPED, OBSOLETE = "open", "dropped", "obsolete"
FOUND = tuple(QUARANTINE)[3:-3]
"""The columns that say where a row is and what is wrong with it."""


def quarantine_misfits(load: Loading, ready: Ready, quarantine: TableRef) -> int:
    """Puts the rows of a file that did not fit into quarantine and says how many they are."""
    landed, misfit = ready.landed, ready.misfit
    private = bool(load.source.personal)
    frames = []
    if landed.broken:
        frames.append(
            pl.DataFrame(
                {
                    "line": [record.line for record in landed.broken],
                    "column_name": [record.column for record in landed.broken],
                    "value": [None for _ in landed.broken],
                    "reason": [record.problem for record in landed.broken],
                    "raw_text": [None if private else _printable(record.text) for record in landed.broken],
                    **{name: [None for _ in landed.broken] for name in FOUND[5:]},
                },
                schema={name: pl.Int64 if name == "line" else pl.String for name in FOUND},
            )
        )
    if misfit is not None:
        first = contract.first_misfit(ready.columns, ready.rules)
        text = (
            exp.null() if private or landed.picked else sql_json((one.name, one.value.copy()) for one in landed.columns)
        )
        fields = exp.null() if private else landed.fields or fields_of(ready)
        bad = load.executor.fetch(
            exp.select(
                exp.alias_(exp.cast(landed.number.copy(), "BIGINT"), "number"),
                *(exp.alias_(exp.cast(one, "VARCHAR"), name) for name, one in first.items()),
                exp.alias_(exp.cast(fields, "VARCHAR"), "fields"),
                exp.alias_(exp.cast(text, "VARCHAR"), "raw_text"),
                exp.alias_(row_key(load, ready), "row_key"),
                exp.alias_(row_cursor(load, ready), "row_cursor"),
            )
            .from_(landed.relation)
            .where(misfit.copy())
        )
        if bad.height:
            frames.append(_with_lines(landed, bad, private))
    if not frames:
        return 0
    rejected = pl.concat([frame.select(FOUND) for frame in frames]).with_columns(
        pl.lit(load.now).alias("_quarantined_at"),
        pl.lit(load.run_id).alias("_run_id"),
        pl.lit(landed.file.name).alias("_source_file"),
        pl.lit(OPEN).alias("status"),
        pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias("status_at"),
        pl.lit(None, dtype=pl.String).alias("status_note"),
    )
    load.executor.append(quarantine, rejected.sort("line", nulls_last=True).select(list(QUARANTINE)))
    return rejected.height


def row_key(load: Loading, ready: Ready) -> exp.Expr:
    """The key of a row as text, by which it is found again; NULL where the source has none."""
    own = {column.name: column for column in ready.columns}
    return key_as_text(load.source, {name: own[name].value.copy() for name in load.source.load.key})


def key_as_text(source: Source, values: Mapping[str, exp.Expr]) -> exp.Expr:
    """The values of the key as text: as JSON, or its MD5 where a column of it is personal."""
    if not values:
        return exp.cast(exp.null(), "VARCHAR")
    text = exp.cast(sql_json((name, exp.cast(value, "VARCHAR")) for name, value in values.items()), "VARCHAR")
    return exp.MD5(this=text) if set(values) & set(source.personal) else text


def fields_of(ready: Ready) -> exp.Expr:
    """The row as it was written, as JSON; names in lower case: in that, the raw table's may differ from the file's."""
    return sql_json((one.name.lower(), one.as_written) for one in ready.landed.columns)


def row_cursor(load: Loading, ready: Ready) -> exp.Expr:
    """The cursor of a row as text, or what stands in its place; NULL where there is none."""
    for column, landed in zip(ready.columns, ready.landed.columns, strict=True):
        if column.name == load.source.load.cursor:
            return exp.Coalesce(this=exp.cast(column.value.copy(), "VARCHAR"), expressions=[landed.as_written])
    return exp.cast(exp.null(), "VARCHAR")


def _with_lines(landed: Landed, bad: pl.DataFrame, private: bool) -> pl.DataFrame:
    """The rejected rows with the line they begin at and their text as it stands in the file."""
    if landed.picked is None:
        return bad.with_columns(line=pl.col("number") + 1)
    places = pl.DataFrame(
        landed.picked(bad["number"].to_list()),
        schema={"number": pl.Int64, "line": pl.Int64, "text": pl.String},
        orient="row",
    )
    text = pl.lit(None, dtype=pl.String) if private else pl.col("text")
    return bad.join(places, on="number", how="left", maintain_order="left").with_columns(text.alias("raw_text"))


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
