"""The expected way from a baseline over milestones, straight between them."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpi_pipeline.computing import over
from kpi_pipeline.targets import DecreaseTo, PathBase

BY = ["kpi", "segment"]


def with_path(values: pl.DataFrame, given: pl.DataFrame, paths: Mapping[str, PathBase]) -> pl.DataFrame:
    """The values with what is expected of them, as `expected` has it, and who set that."""
    said = given.filter(pl.col("kpi").is_in(list(paths))).drop_nulls("value")
    said = said.select(*BY, "target_provenance").unique(BY, keep="last", maintain_order=True)
    return expected(values, way_points(values, given, paths), paths).join(said, on=BY, how="left")


def expected(asked: pl.DataFrame, points: pl.DataFrame, paths: Mapping[str, PathBase]) -> pl.DataFrame:
    """What was asked, each with what is expected on its `last_day`, `_expected`, and the length of the way, `_way`.

    Before the baseline, and where it is to be measured but was not, nothing is expected; after the last milestone it is
    what that asks for. A way whose measured baseline lies beyond its goal already asks for the goal from the beginning.
    """
    ends = points.group_by(BY).agg(_goal=pl.col("_at").last(), _way=pl.col("_at").last() - pl.col("_at").first())
    back = points.select(*BY, day="_day", _from_day="_day", _from="_at").sort("day")
    ahead = points.select(*BY, day="_day", _to_day="_day", _to="_at").sort("day")
    between = (
        asked.sort("last_day")
        .join_asof(back, left_on="last_day", right_on="day", by=BY, strategy="backward", check_sortedness=False)
        .drop("day")
        .join_asof(ahead, left_on="last_day", right_on="day", by=BY, strategy="forward", check_sortedness=False)
    )
    gone = (pl.col("last_day") - pl.col("_from_day")).dt.total_days()
    whole = (pl.col("_to_day") - pl.col("_from_day")).dt.total_days()
    step = pl.when(whole > 0).then(over((pl.col("_to") - pl.col("_from")) * gone, whole)).fill_null(0)
    begun = pl.col("last_day") > pl.col("_baseline_day")
    first = points.group_by(BY).agg(_baseline_day=pl.col("_day").first())
    falling = pl.col("kpi").is_in([name for name, path in paths.items() if isinstance(path, DecreaseTo)])
    there = (falling & (pl.col("_way") > 0)) | (~falling & (pl.col("_way") < 0))
    on_the_way = pl.when(there).then("_goal").otherwise(pl.col("_from") + step)
    return (
        between.join(ends, on=BY, how="left")
        .join(first, on=BY, how="left")
        .with_columns(_expected=pl.when(begun).then(on_the_way))
    )


def way_points(values: pl.DataFrame, given: pl.DataFrame, paths: Mapping[str, PathBase]) -> pl.DataFrame:
    """The baseline of each KPI and segment and the milestones after it, in the order of their days: `_day`, `_at`."""
    starts = pl.DataFrame(
        [(name, path.baseline.at, path.baseline.value) for name, path in paths.items()],
        schema={"kpi": pl.String, "_day": pl.Date, "_said": pl.Float64},
        orient="row",
    )
    milestones = given.drop_nulls("value").join(starts, on="kpi").filter(pl.col("day") > pl.col("_day"))
    inside = (pl.col("period_start") <= pl.col("_day")) & (pl.col("_day") <= pl.col("last_day"))
    measured = (
        values.join(starts, on="kpi")
        .filter(inside)
        .select(*BY, _measured="value")
        .unique(BY, keep="last", maintain_order=True)
    )
    baselines = (
        milestones.select(*BY, "_day", "_said")
        .unique(maintain_order=True)
        .join(measured, on=BY, how="left")
        .select(*BY, "_day", _at=pl.coalesce("_said", "_measured"))
        .drop_nulls("_at")
    )
    later = milestones.join(baselines.select(BY), on=BY, how="semi").select(*BY, _day="day", _at="value")
    both = pl.concat([baselines, later]).unique([*BY, "_day"], keep="last", maintain_order=True)
    return both.sort(*BY, "_day")
