"""The checks that a KPI's definition asks of its values, as frames that Great Expectations can look at."""

from __future__ import annotations

import polars as pl

from kpi_pipeline.checks import AcceptedRange, KpiCheck, RateBetween, SegmentsAddUp
from kpi_pipeline.checks.naming import check_names
from kpi_pipeline.errors import DefinitionError, Place, Problem, listed
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.quality.targets import FrameTarget
from kpi_pipeline.segments import TOTAL, breakdown_name

NAMES = ("period_label", "segment")
"""What tells which value fails."""

LOOKED_AT = ("period_start", "last_day", "period_label", "breakdown", "segment", "value", "numerator", "denominator",
             "sample_size", "target", "status", "previous_value", "change_pct", "year_ago_value",
             "year_over_year_pct")  # fmt: skip
"""What a check's filter may speak of."""

CHANGES = {"previous": "change_pct", "year_ago": "year_over_year_pct"}
CHANGE = {"previous": "change on the period before", "year_ago": "change on a year before"}
ROUNDING = 1e-9
"""The share by which segments may miss the total: what adding up DOUBLEs leaves."""


def kpi_check_targets(kpi: Kpi, values: pl.DataFrame) -> list[FrameTarget]:
    """Each check of a KPI on the values that it is about, with the columns of `kpi_value`: complete periods only.

    Raises:
        DefinitionError: a filter cannot be read; `kpi check` says so, too, with its place.
    """
    if problems := [one for check in kpi.checks if (one := filter_problem(check))]:
        raise DefinitionError(problems)
    complete = values.filter("is_complete").cast({pl.Categorical: pl.String})
    return [
        FrameTarget(f"kpi/{kpi.name}", *_asked(kpi, check, name, complete))
        for check, name in zip(kpi.checks, check_names(kpi.checks), strict=True)
    ]


def filter_problem(check: KpiCheck, place: Place | None = None) -> Problem | None:
    """What is wrong with the filter of a KPI's check, if anything."""
    if check.filter is None:
        return None
    try:
        pl.DataFrame(schema=_SCHEMA).filter(pl.sql_expr(check.filter))
    except pl.exceptions.PolarsError as problem:
        reason = str(problem).splitlines()[0].rstrip(".")
        return Problem(
            f"Check '{check.title}': its filter cannot be read: {reason}.",
            place,
            f"it is a condition on a value of the KPI, and may speak of {listed(LOOKED_AT)}",
        )
    return None


def _asked(
    kpi: Kpi, check: KpiCheck, name: str, complete: pl.DataFrame
) -> tuple[pl.DataFrame, tuple[AcceptedRange, ...]]:
    """The values and the range in which they have to lie."""
    rows = complete.filter(pl.sql_expr(check.filter)) if check.filter else complete
    if check.periods is not None:
        rows = rows.filter(pl.col("period_start_utc").rank("dense", descending=True) <= check.periods)
    rows = rows.sort("period_start_utc", "segment")
    if isinstance(check, SegmentsAddUp):
        wanted = [check.breakdown] if check.breakdown else [one for one in kpi.breakdowns if one]
        apart = _apart(rows, [breakdown_name(one) for one in wanted])
        column, most = "segments less the total, as a share of it", max(check.tolerate, ROUNDING)
        return apart.rename({"apart": column}), (_range(check, name, column, None, most, tolerate=0),)
    if check.segments == "total":
        rows = rows.filter(pl.col("segment") == TOTAL)
    if isinstance(check, RateBetween):
        return rows.select(*NAMES, "value"), (_range(check, name, "value", check.min, check.max),)
    column = CHANGE[check.against]
    changes = rows.select(*NAMES, pl.col(CHANGES[check.against]).alias(column))
    return changes, (_range(check, name, column, check.min, check.max),)


def _apart(rows: pl.DataFrame, breakdowns: list[str]) -> pl.DataFrame:
    """By how much the segments of each breakdown miss the total, as a share of it, period by period.

    Where the total is 0 there is no share of it: 1 if the segments are not 0 together. What is missing counts as 0.
    """
    period = ["period_start_utc", "period_label"]
    value = pl.col("value").cast(pl.Float64).fill_null(0)
    total = rows.filter(pl.col("segment") == TOTAL).select(*period, total=value)
    parts = rows.filter(pl.col("breakdown").is_in(breakdowns)).group_by(*period, "breakdown").agg(parts=value.sum())
    difference = (pl.col("parts") - pl.col("total")).abs()
    share = (
        pl.when(pl.col("total") != 0).then(difference / pl.col("total").abs()).otherwise((difference > 0).cast(float))
    )
    both = total.join(parts, on=period).sort("period_start_utc", "breakdown")
    return both.select("period_label", "breakdown", apart=share)


def _range(
    check: KpiCheck, name: str, column: str, least: float | None, most: float | None, *, tolerate: float | None = None
) -> AcceptedRange:
    return AcceptedRange(
        type="accepted_range",
        name=name,
        severity=check.severity,
        column=column,
        min=least,
        max=most,
        tolerate=check.tolerate if tolerate is None else tolerate,
    )


_TEXTS = ("period_label", "breakdown", "segment", "status")
_SCHEMA: dict[str, pl.DataType] = {
    name: pl.String() if name in _TEXTS else pl.Date() if name in ("period_start", "last_day") else pl.Float64()
    for name in LOOKED_AT
}
