"""Attainment, variance and status of a value against its target, as expressions."""

from __future__ import annotations

import polars as pl

from kpi_pipeline.computing import over

VALUE, LOW, HIGH = pl.col("value"), pl.col("target_low"), pl.col("target_high")


def has_target() -> pl.Expr:
    """Whether there is anything to reach."""
    return LOW.is_not_null() | HIGH.is_not_null()


def variance() -> pl.Expr:
    """The value minus its target; from a band, the value minus the nearer end, and 0 inside."""
    from_band = pl.when(VALUE < LOW).then(VALUE - LOW).when(VALUE > HIGH).then(VALUE - HIGH).otherwise(0.0)
    is_band = LOW.is_not_null() & HIGH.is_not_null() & VALUE.is_not_null()
    return pl.when(is_band).then(from_band).otherwise(VALUE - pl.col("target"))


def _ahead() -> pl.Expr:
    """How far the value lies on the good side of its target; negative on the other, 0 anywhere inside a band."""
    above, below = VALUE - LOW, HIGH - VALUE
    inside = pl.when(VALUE.is_not_null()).then(pl.min_horizontal(above, below, pl.lit(0.0)))
    return pl.when(LOW.is_null()).then(below).when(HIGH.is_null()).then(above).otherwise(inside)


def attainment() -> pl.Expr:
    """How far the value is towards its target: 1 at the target, more beyond it.

    1 + ahead / scale, where `ahead` is how far the value lies on the good side (negative on the other) and the scale is
    |target|, the width of a band, or the length of a whole way. Where the scale is zero no distance can be told:
    1 where the target is reached, else 0.
    """
    ahead, scale = _ahead(), pl.col("target_scale")
    share = 1 + over(ahead, scale)
    whether = pl.when(ahead >= 0).then(1.0).when(ahead < 0).then(0.0)
    return pl.when(scale == 0).then(whether).when(share.is_finite()).then(share)


def status() -> pl.Expr:
    """The first rule that applies; see `status_rule` for its words. `rule_status` is what the KPI's own rules say."""
    return _first_of(
        {
            "no_data": pl.lit("no_data"),
            "in_progress": pl.lit("in_progress"),
            "rule": pl.col("rule_status"),
            "no_target": pl.lit("no_target"),
            "reached": pl.lit("on_track"),
            "near": pl.lit("at_risk"),
            "far": pl.lit("off_track"),
        }
    )


def status_rule() -> pl.Expr:
    """The rule that gave the status, in words."""
    risk = (pl.col("at_risk_within") * 100).round(1).cast(pl.String).str.replace(r"\.0$", "")
    kind = pl.col("target_type")
    reached = {"within": "inside the band", **dict.fromkeys(_PATHS, "on the expected path or ahead of it")}
    near = {"within": "of the band's width", **dict.fromkeys(_PATHS, "of the way behind the expected path")}
    far = {"within": "of the band's width outside", **dict.fromkeys(_PATHS, "of the way behind the expected path")}
    return _first_of(
        {
            "no_data": pl.lit("the period has no value"),
            "in_progress": pl.lit("the period is not over"),
            "rule": pl.col("rule_words"),
            "no_target": pl.lit("no target is set for the period"),
            "reached": kind.replace_strict(reached, default="the target is reached"),
            "near": pl.format("within {} % {}", risk, kind.replace_strict(near, default="of the target")),
            "far": pl.format("more than {} % {}", risk, kind.replace_strict(far, default="from the target")),
        }
    )


_PATHS = ("increase_to", "decrease_to")


def _conditions() -> dict[str, pl.Expr]:
    """The rules in their order."""
    return {
        "no_data": pl.col("value").is_null() & pl.col("is_complete"),
        "in_progress": ~pl.col("is_complete"),
        "rule": pl.col("rule_status").is_not_null(),
        "no_target": ~has_target(),
        "reached": (_ahead() >= 0).fill_null(value=False),
        "near": (pl.col("attainment") >= 1 - pl.col("at_risk_within")).fill_null(value=False),
        "far": pl.lit(value=True),
    }


def _first_of(answers: dict[str, pl.Expr]) -> pl.Expr:
    return pl.coalesce(pl.when(condition).then(answers[name]) for name, condition in _conditions().items())
