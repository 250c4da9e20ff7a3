"""Quarantine: the rows of a file that did not fit, with the place, the reason and the original text."""

from __future__ import annotations

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.ingest import contract
from kpi_pipeline.ingest.land import Landed
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.ready import Ready
from kpi_pipeline.names import TableRef

QUARANTINE = {
    "_quarantined_at": "TIMESTAMPTZ",
    "_run_id": "VARCHAR",
    "_source_file": "VARCHAR",
    "line": "BIGINT",
    "column_name": "VARCHAR",
    "value": "VARCHAR",
    "reason": "VARCHAR",
    "raw_text": "VARCHAR",
}
"""The columns of `quarantine.<source>`: one row for each row that did not fit.

`line` counts from 1; in Parquet it is the number of the row. Where a source has personal columns their values are shown
as •••, and `raw_text` is withheld, since a broken line does not say where in it they are: file and line lead to it.
"""


def quarantine_misfits(load: Loading, ready: Ready, misfit: exp.Expr | None, quarantine: TableRef) -> int:
    """Puts the rows of a file that did not fit into quarantine and says how many they are."""
    landed = ready.landed
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
                },
                schema={name: pl.Int64 if name == "line" else pl.String for name in list(QUARANTINE)[3:]},
            )
        )
    if misfit is not None:
        name, value, reason = contract.first_misfit(ready.columns)
        text = exp.null() if private or landed.picked else _as_json(landed)
        bad = load.executor.fetch(
            exp.select(
                exp.alias_(exp.cast(landed.number.copy(), "BIGINT"), "number"),
                exp.alias_(name, "column_name"),
                exp.alias_(value, "value"),
                exp.alias_(reason, "reason"),
                exp.alias_(exp.cast(text, "VARCHAR"), "raw_text"),
            )
            .from_(landed.relation)
            .where(misfit.copy())
        )
        if bad.height:
            frames.append(_with_lines(landed, bad, private))
    if not frames:
        return 0
    rejected = pl.concat([frame.select(list(QUARANTINE)[3:]) for frame in frames]).with_columns(
        pl.lit(load.now).alias("_quarantined_at"),
        pl.lit(load.run_id).alias("_run_id"),
        pl.lit(landed.file.name).alias("_source_file"),
    )
    load.executor.append(quarantine, rejected.sort("line", nulls_last=True).select(list(QUARANTINE)))
    return rejected.height


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


def _as_json(landed: Landed) -> exp.Expr:
    fields = [exp.PropertyEQ(this=exp.Literal.string(one.name), expression=one.value.copy()) for one in landed.columns]
    return exp.Anonymous(this="to_json", expressions=[exp.Struct(expressions=fields)])


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
