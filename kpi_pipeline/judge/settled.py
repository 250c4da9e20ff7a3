"""A status that does not flicker: another one is believed when it has lasted for some periods."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpi_pipeline.kpis import Kpi
from kpi_pipeline.status import JUDGED

SERIES = ("kpi", "segment")


def settled(values: pl.DataFrame, kpis: Mapping[str, Kpi]) -> pl.DataFrame:
    """The values with status and status_rule as they stand once settled, for KPIs that say `settles_after`.

    Only periods that could be judged count: one without data, target or end neither confirms nor breaks a status. The
    first status of a series is believed at once. It looks back over periods, never over earlier runs.
    """
    patience = {name: kpi.status.settles_after for name, kpi in kpis.items() if kpi.status.settles_after > 1}
    if not patience:
        return values
    waiting = pl.col("kpi").is_in(list(patience)) & pl.col("status").is_in(JUDGED)
    judged = values.filter(waiting).sort(*SERIES, "period_start_utc")
    run = pl.col("status").rle_id().over(SERIES)
    judged = judged.with_columns(_run=run).with_columns(
        _lasted=pl.int_range(1, pl.len() + 1).over(*SERIES, "_run"),
        _needed=pl.col("kpi").replace_strict(patience, return_dtype=pl.Int64),
    )
    believed = (pl.col("_lasted") >= pl.col("_needed")) | (pl.col("_run") == 0)
    judged = judged.with_columns(_believed=pl.when(believed).then("status").forward_fill().over(SERIES))
    waits = pl.format(
        "{} until {} has lasted {} periods ({} so far: {})",
        *("_believed", "status", "_needed", "_lasted", "status_rule"),
    )
    kept = pl.col("_believed") != pl.col("status")
    judged = judged.with_columns(
        status="_believed", status_rule=pl.when(kept).then(waits).otherwise("status_rule")
    ).select(values.columns)
    return pl.concat([values.filter(~waiting), judged])
