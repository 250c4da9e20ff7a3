"""What must hold of every KPI table before anybody sees it; built in, so nobody has to write it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl

from kpi_pipeline.checks import AcceptedRange, AcceptedValues, CheckBase, NotNull, RowCount, Unique
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.quality.frames import check_frames
from kpi_pipeline.quality.targets import FrameTarget
from kpi_pipeline.status import Status

KEY = ("kpi", "grain", "period_start", "period_start_utc", "segment")
"""One row a KPI, period and segment; a segment's name says its breakdown."""

LOOKED_AT = (*KEY, "value", "numerator", "denominator", "status")
"""What is handed over; every column costs time and memory, once an expectation."""

STATUSES = tuple(one.value for one in Status)

CLOSE_ENOUGH = 1e-9
"""How far, as a share, a value may lie from numerator / denominator: the last bits of a DOUBLE."""

VALUE_IS = "value is"
OFF_BY = "value is off by"


def check_kpi_values(
    frame: pl.DataFrame, *, as_of: datetime, docs: Path | None = None, heights: Mapping[str, int] | None = None
) -> tuple[CheckResult, ...]:
    """The results for every KPI in a frame with the columns of `kpi_value`, as assets `kpi/<name>`.

    All rows are looked at together first. Where they pass, every KPI does: each check says something of every row, or
    of rows of one KPI. Where something fails, each KPI is checked on its own, to tell which it is.

    Args:
        frame: rows of KPIs.
        as_of: what counts as now.
        docs: the folder of the site that shows the results.
        heights: how many rows each KPI has, where the frame holds only those that are not known to pass.
    """
    sizes = {str(name): rows for name, rows in frame.group_by("kpi").len().sort("kpi").iter_rows()}
    if not sizes:
        return ()
    together = check_frames([kpi_table("published/kpi_value", frame)], as_of=as_of, docs=docs)
    if all(one.passed for one in together):
        whole = sizes | {name: rows for name, rows in (heights or {}).items() if name in sizes}
        return tuple(_of_one(one, name, frame.height, rows) for name, rows in whole.items() for one in together)
    by_kpi = {str(name): rows for (name,), rows in frame.partition_by("kpi", as_dict=True).items()}
    alone = [kpi_table(f"kpi/{name}", by_kpi[name], name) for name in sizes]
    return check_frames(alone, as_of=as_of, docs=docs)


def _of_one(found: CheckResult, kpi: str, together: int, alone: int) -> CheckResult:
    """What was found for all rows, said of one KPI's: the same whichever KPIs it was checked together with."""
    return replace(found, asset=f"kpi/{kpi}", observed=found.observed.replace(f"{together:,}", f"{alone:,}"))


def kpi_table(asset: str, frame: pl.DataFrame, kpi: str | None = None) -> FrameTarget:
    """A KPI table such as `kpi/weekly_net_sales` or `published/kpi_value` with the checks every one of them must pass.

    A value is a number or missing, never NaN or infinite; it is numerator / denominator wherever both are given and
    the denominator is not zero; the status is one of those there are; no KPI, period or segment comes twice; and there
    is at least one row.

    Args:
        asset: the name it is reported under.
        frame: the columns of `kpi_value`.
        kpi: the only KPI in it, where it holds one; by default it may hold any.
    """
    looked_at = frame.select(name for name in LOOKED_AT if name in frame.columns)
    return FrameTarget(asset, _with_judgements(looked_at), _checks(frame, kpi))


def _checks(frame: pl.DataFrame, kpi: str | None) -> tuple[CheckBase, ...]:
    key = tuple(column for column in KEY if column in frame.columns)
    has_status = "status" in frame.columns
    required = (*key, "status") if has_status else key
    checks: list[CheckBase] = [
        RowCount(type="row_count", name="has_rows", min=1),
        NotNull(type="not_null", name="key_not_null", columns=required),
        Unique(type="unique", name="key_unique", columns=key),
        AcceptedValues(type="accepted_values", name="value_is_a_number", column=VALUE_IS, values=("a number",)),
        AcceptedRange(type="accepted_range", name="value_is_its_ratio", column=OFF_BY, max=CLOSE_ENOUGH),
    ]
    if has_status:
        checks.append(AcceptedValues(type="accepted_values", name="status_known", column="status", values=STATUSES))
    if kpi is not None:
        checks.append(AcceptedValues(type="accepted_values", name="one_kpi", column="kpi", values=(kpi,)))
    return tuple(checks)


def _with_judgements(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with two columns in words and numbers that pandas, which mixes up NaN and missing, can be trusted with.

    `value is` says a number, not a number or infinite, and is missing where the value is. `value is off by` is the
    relative distance from numerator / denominator, and missing where one of the two is, or the denominator is zero.
    """
    value, numerator, denominator = (pl.col(name).cast(pl.Float64) for name in ("value", "numerator", "denominator"))
    ratio = numerator / denominator
    scale = pl.max_horizontal(value.abs(), ratio.abs())
    apart = pl.when(value == ratio).then(0.0).otherwise((value - ratio).abs() / scale)
    return frame.with_columns(
        pl.when(value.is_nan())
        .then(pl.lit("not a number"))
        .when(value.is_infinite())
        .then(pl.lit("infinite"))
        .when(value.is_not_null())
        .then(pl.lit("a number"))
        .alias(VALUE_IS),
        pl.when(ratio.is_not_null() & (denominator != 0))
        .then(pl.when(value.is_null() | value.is_nan()).then(1.0).otherwise(apart))
        .alias(OFF_BY),
    )
