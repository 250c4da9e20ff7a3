"""What the data says of links, by the two KPIs they join."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpi_pipeline.segments import TOTAL

Verdicts = Mapping[tuple[str, str], str]
"""(from, to) -> confirmed, weak, coincident, ...; a link that was not tested yet has none."""


def verdicts_of(evidence: pl.DataFrame) -> Verdicts:
    """The verdicts on links as a whole, of rows of `kpi_evidence`; those on single segments stand beside them.

    Tables of an earlier version have no segments, and no verdicts.
    """
    if "segment" not in evidence.columns:
        return {}
    rows = evidence.filter(pl.col("segment") == TOTAL).select("kpi", "leads_kpi", "verdict").drop_nulls()
    return {(kpi, leads): verdict for kpi, leads, verdict in rows.iter_rows()}
