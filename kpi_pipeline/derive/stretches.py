"""The stretches of time that a sheet looks at: its own periods, and earlier ones that they are compared with.

A value is computed once a stretch. Whatever looks back finds it there by the stretch's number: the period before, the
year before, and as much of an earlier period as the one in progress has come to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce as fold_left

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kpi_pipeline.derive.timeline import PERIOD, Timeline
from kpi_pipeline.periods import Grain, Shift, Window

STRETCH = "_stretch"
LAYER = "_layer"
TO = "_to"
"""The last day that counts, of what is compared with a period in progress; none where all days do."""

Numbers = NDArray[np.int64]
Way = tuple[Shift, ...]
"""Steps back in time, taken from left to right."""


@dataclass(frozen=True, eq=False)
class Stretches:
    """Numbered stretches: the sheet's own periods in order, what they look back at, and last of all nothing.

    `timeline`: the sheet's own periods. `table`: _stretch, period_start, period_end, its first `day`, and the _layer it
    is computed in. `back`: by the way back, the number of the stretch that each one looks at. `timelines`: those of the
    layers; the stretches of a layer are different periods, so that a day lies in one of them at most.
    """

    timeline: Timeline
    table: pl.DataFrame
    back: Mapping[Way, Numbers]
    timelines: tuple[Timeline, ...]

    @property
    def own(self) -> int:
        """How many stretches, from the first on, are the sheet's own periods."""
        return self.timeline.periods.height

    def of(self, layer: int) -> pl.DataFrame:
        """The stretches of a layer: period_start, _stretch."""
        return self.table.filter(pl.col(LAYER) == layer).select(PERIOD, STRETCH)

    def overlapping(self, days: tuple[date, date] | None) -> NDArray[np.bool_]:
        """Whether each stretch's period overlaps the days from the first of some span to the newest with data."""
        newest_day = self.timeline.newest_day
        if days is None or self.timeline.grain is None:
            return np.full(self.table.height, days is not None)
        inside = (pl.col("period_end") > days[0]) & (pl.col("day") <= newest_day)
        return self.table.select(inside.fill_null(value=False)).to_series().to_numpy()


def stretches_of(timeline: Timeline, compared: Iterable[Way], within: Iterable[Way], since: date) -> Stretches:
    """The stretches of a sheet.

    Args:
        timeline: the sheet's own periods.
        compared: the ways on which a period is compared with earlier ones.
        within: the ways on which metrics look back themselves, from the period or from what it is compared with.
        since: the first day with data; periods that end before are nothing.
    """
    filling = pl.col(PERIOD) == pl.lit(timeline.in_progress, pl.Date)
    own = timeline.periods.select(PERIOD, pl.when(filling).then(pl.lit(timeline.newest_day)).alias(TO))
    compared_with = {way: _back(own, way, timeline, since) for way in compared}
    looking = _different([own, *compared_with.values()])
    looked_at = {way: _back(looking, way, timeline, since) for way in within if way}
    every = _different([looking, *looked_at.values()])
    back = {way: _numbers(frame, every) for way, frame in (compared_with | looked_at).items()}
    table = _in_layers(every, timeline)
    nothing = table.clear(1).with_columns(pl.lit(every.height, pl.Int64).alias(STRETCH))
    return Stretches(
        timeline, pl.concat([table, nothing]), back | {(): np.arange(every.height + 1)}, _timelines(table, timeline)
    )


def _different(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames).unique(maintain_order=True).drop_nulls(PERIOD)


def _back(frame: pl.DataFrame, way: Way, timeline: Timeline, since: date) -> pl.DataFrame:
    """For every stretch the one that a way leads back to: period_start, _to; none where there is none."""
    return fold_left(lambda here, step: _step(here, step, timeline, since), way, frame)


def _step(frame: pl.DataFrame, back: Shift, timeline: Timeline, since: date) -> pl.DataFrame:
    """NOTE: what a longer period began with is the same for all periods in it, and whole."""
    assert timeline.grain is not None
    periods = timeline.calendar.of(timeline.grain)
    known = periods.filter(pl.col("period_end") > since).select(source_start=PERIOD)
    steps = timeline.calendar.earlier(timeline.grain, back).join(known, on="source_start", how="semi")
    moved = frame.join(steps, on=PERIOD, how="left", maintain_order="left")
    to = pl.repeat(None, frame.height, dtype=pl.Date, eager=True).alias(TO)
    if isinstance(back, Window):
        held = moved.select(pl.col(TO).is_not_null() & pl.col("source_start").is_not_null()).to_series()
        days = [
            timeline.calendar.counterpart(day, timeline.grain, back, start, source)
            for start, day, source in moved.filter(held).select(PERIOD, TO, "source_start").iter_rows()
        ]
        to = to.scatter(held.arg_true(), days)
    return moved.select(pl.col("source_start").alias(PERIOD), to)


def _numbers(frame: pl.DataFrame, every: pl.DataFrame) -> Numbers:
    """The numbers of stretches; that of nothing where there is none."""
    numbered = every.with_row_index(STRETCH)
    found = frame.join(numbered, on=[PERIOD, TO], how="left", nulls_equal=True, maintain_order="left")
    numbers = np.full(every.height + 1, every.height)
    numbers[: frame.height] = found.get_column(STRETCH).fill_null(every.height).to_numpy()
    return numbers


def _in_layers(every: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """The stretches with their days: whole periods in layer 0, parts of periods in those above."""
    if timeline.grain is None:
        periods = timeline.periods.select(PERIOD, "period_end", day=PERIOD)
    else:
        first_day = "day" if timeline.grain is Grain.hour else PERIOD
        periods = timeline.calendar.of(timeline.grain).select(PERIOD, "period_end", day=first_day)
    table = every.join(periods, on=PERIOD, how="left", maintain_order="left").with_row_index(STRETCH)
    # NOTE: of the sheet's own period in progress all days count, there are no later ones with data.
    is_part = (pl.col(STRETCH) >= timeline.periods.height) & (pl.col(TO) < pl.col("period_end") - pl.duration(days=1))
    part = is_part.fill_null(value=False)
    layer = pl.when(part).then(part.cum_sum().over(PERIOD)).otherwise(0)
    return table.select(
        pl.col(STRETCH).cast(pl.Int64), PERIOD, "period_end", "day", TO, layer.cast(pl.Int64).alias(LAYER)
    )


def _timelines(table: pl.DataFrame, timeline: Timeline) -> tuple[Timeline, ...]:
    """The timelines of the layers; each has only the days that count."""
    layers = table.select(pl.col(LAYER).max().fill_null(0) + 1).item()
    return tuple(_timeline(table.filter(pl.col(LAYER) == layer), timeline, whole=layer == 0) for layer in range(layers))


def _timeline(stretches: pl.DataFrame, timeline: Timeline, *, whole: bool) -> Timeline:
    end = "period_end" if whole else pl.col(TO) + pl.duration(days=1)
    periods = stretches.select(PERIOD, period_end=end).unique(maintain_order=True).sort(PERIOD)
    if timeline.grain is Grain.hour:
        return replace(timeline, periods=periods)
    days = timeline.days.join(periods, on=PERIOD, maintain_order="left")
    if not whole:
        days = days.filter(pl.col("_day") < pl.col("period_end"))
    return replace(timeline, periods=periods, days=days.drop("period_end"))
