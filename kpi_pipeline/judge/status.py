"""Attainment, variance and status of a value against its target, as expressions."""

from __future__ import annotations

import polars as pl


def attainment() -> pl.Expr:
    """How far the value is towards its target: 1 at the target, more beyond it; NULL for a target of zero.

    at_least: 1 + (value - target) / |target|; at_most: 1 + (target - value) / |target|.
    """
    better_by = pl.when(pl.col("target_type") == "at_most").then(-pl.col("variance")).otherwise(pl.col("variance"))
    return pl.when(pl.col("target") != 0).then(1 + better_by / pl.col("target").abs())


def reached() -> pl.Expr:
    """Whether the value is on the good side of its target."""
    value, target = pl.col("value"), pl.col("target")
    return pl.when(pl.col("target_type") == "at_most").then(value <= target).otherwise(value >= target)


def status() -> pl.Expr:
    """The first rule that applies; see `status_rule` for its words."""
    return _first_of(
        {
            "no_data": pl.lit("no_data"),
            "in_progress": pl.lit("in_progress"),
            "no_target": pl.lit("no_target"),
            "reached": pl.lit("on_track"),
            "near": pl.lit("at_risk"),
            "far": pl.lit("off_track"),
        }
    )


def status_rule() -> pl.Expr:
    """The rule that gave the status, in words."""
    risk = (pl.col("at_risk_within") * 100).round(1).cast(pl.String).str.replace(r"\.0$", "")
    return _first_of(
        {
            "no_data": pl.lit("the period has no value"),
            "in_progress": pl.lit("the period is not over"),
            "no_target": pl.lit("no target is set for the period"),
            "reached": pl.lit("the target is reached"),
            "near": pl.format("within {} % of the target", risk),
            "far": pl.format("more than {} % from the target", risk),
        }
    )


def _conditions() -> dict[str, pl.Expr]:
    """The rules in their order."""
    return {
        "no_data": pl.col("value").is_null() & pl.col("is_complete"),
        "in_progress": ~pl.col("is_complete"),
        "no_target": pl.col("target").is_null(),
        "reached": reached(),
        "near": (pl.col("attainment") >= 1 - pl.col("at_risk_within")).fill_null(False),
        "far": pl.lit(True),
    }


def _first_of(answers: dict[str, pl.Expr]) -> pl.Expr:
    return pl.coalesce(pl.when(condition).then(answers[name]) for name, condition in _conditions().items())
