"""The target of each period and segment: what its kind makes of the numbers that are given.

Whatever the kind, values are on the good side from `target_low` on, or up to `target_high`, or between the two.
`target_scale` is the distance that is worth a whole point of attainment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.judge.accumulated import accumulated
from kpi_pipeline.judge.path import with_path
from kpi_pipeline.kpis import Direction, Kpi
from kpi_pipeline.targets import DecreaseTo, Growth, PathBase

AIM = ("target", "target_low", "target_high", "target_scale", "target_provenance")
BY = ("kpi", "segment")


def with_targets(
    values: pl.DataFrame, given: pl.DataFrame, kpis: Mapping[str, Kpi], calendar: Calendar
) -> pl.DataFrame:
    """The values (kpi, segment, period_start, last_day, value, previous_value, year_ago_value) with their aim."""
    parts = []
    for name, rows in _by_kind(values, kpis):
        parts.append(_KINDS[name](rows, given, kpis, calendar) if name else rows.with_columns(**_NO_AIM))
    aimed = pl.concat(part.select(*values.columns, *AIM) for part in parts)
    until = {name: kpi.target.until for name, kpi in kpis.items() if kpi.target and kpi.target.until}
    if not until:
        return aimed
    over = pl.col("period_start") > pl.col("kpi").replace_strict(until, default=None, return_dtype=pl.Date)
    return aimed.with_columns(
        pl.when(over.fill_null(value=False)).then(None).otherwise(name).alias(name) for name in AIM
    )


def _by_kind(values: pl.DataFrame, kpis: Mapping[str, Kpi]) -> list[tuple[str, pl.DataFrame]]:
    """The values of the KPIs of each kind of target; '' is none."""
    kinds = {name: kpi.target.type if kpi.target else "" for name, kpi in kpis.items()}
    kind = pl.col("kpi").replace_strict(kinds, default="", return_dtype=pl.String)
    return [(str(name), rows) for (name,), rows in values.group_by(kind.alias("_kind"), maintain_order=True)]


def in_force(values: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """The values with the numbers given by the latest row on or before the period's first day, else NULL."""
    dated = given.sort("day").unique(["kpi", "segment", "day"], keep="last", maintain_order=True).sort("day")
    numbers = dated.rename({"value": "_given", "low": "_low", "high": "_high"})
    return (
        values.sort("period_start")
        .join_asof(
            numbers, left_on="period_start", right_on="day", by=list(BY), strategy="backward", check_sortedness=False
        )
        .drop("day")
    )


def _at_least(values: pl.DataFrame, given: pl.DataFrame, kpis: Mapping[str, Kpi], calendar: Calendar) -> pl.DataFrame:
    found = in_force(values, accumulated(given, kpis, calendar))
    return found.with_columns(**_bound(pl.col("_given"), down=pl.lit(False)))


def _at_most(values: pl.DataFrame, given: pl.DataFrame, kpis: Mapping[str, Kpi], calendar: Calendar) -> pl.DataFrame:
    found = in_force(values, accumulated(given, kpis, calendar))
    return found.with_columns(**_bound(pl.col("_given"), down=pl.lit(True)))


def _within(values: pl.DataFrame, given: pl.DataFrame, _: Mapping[str, Kpi], __: Calendar) -> pl.DataFrame:
    low, high = pl.col("_low"), pl.col("_high")
    width = pl.when(high > low).then(high - low).otherwise(low.abs())
    return in_force(values, given).with_columns(
        target=pl.lit(None, pl.Float64), target_low=low, target_high=high, target_scale=width
    )


def _growth(values: pl.DataFrame, given: pl.DataFrame, kpis: Mapping[str, Kpi], _: Calendar) -> pl.DataFrame:
    """The earlier value and the given share of it more; where there is none, or it is zero, no target."""
    yearly = [name for name, kpi in kpis.items() if isinstance(kpi.target, Growth) and kpi.target.against == "year_ago"]
    falling = [name for name, kpi in kpis.items() if kpi.direction is Direction.down]
    earlier = pl.when(pl.col("kpi").is_in(yearly)).then("year_ago_value").otherwise("previous_value")
    wanted = pl.when(earlier != 0).then(earlier + pl.col("_given") * earlier.abs())
    return in_force(values, given).with_columns(**_bound(wanted, down=pl.col("kpi").is_in(falling)))


def _path(values: pl.DataFrame, given: pl.DataFrame, kpis: Mapping[str, Kpi], _: Calendar) -> pl.DataFrame:
    falling = [name for name, kpi in kpis.items() if isinstance(kpi.target, DecreaseTo)]
    paths = {name: kpi.target for name, kpi in kpis.items() if isinstance(kpi.target, PathBase)}
    bound = _bound(pl.col("_expected"), down=pl.col("kpi").is_in(falling))
    return with_path(values, given, paths).with_columns(**bound).with_columns(target_scale=pl.col("_way").abs())


def _bound(target: pl.Expr, *, down: pl.Expr) -> dict[str, pl.Expr]:
    """A target with values on its good side from it on or, where down is better, up to it."""
    return {
        "target": target,
        "target_low": pl.when(~down).then(target),
        "target_high": pl.when(down).then(target),
        "target_scale": target.abs(),
    }


_NO_AIM = {
    **dict.fromkeys(("target", "target_low", "target_high", "target_scale"), pl.lit(None, pl.Float64)),
    "target_provenance": pl.lit(None, pl.String),
}
_KINDS: Mapping[str, Callable[[pl.DataFrame, pl.DataFrame, Mapping[str, Kpi], Calendar], pl.DataFrame]] = {
    "at_least": _at_least,
    "at_most": _at_most,
    "within": _within,
    "increase_to": _path,
    "decrease_to": _path,
    "growth": _growth,
}
