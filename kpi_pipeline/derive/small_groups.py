"""Groups too small to be shown: their values are taken away, and so many beside them that none can be computed back.

A value is hidden where anything it is computed from rests on fewer rows than the metric's `min_group_size` (and on
more than none). Then, until nothing changes:

* where a value is hidden, so is everything it is made of: the segments of a total, the days of a week;
* where a value is shown, those hidden among its parts are at least two and together as large as a group must be; if
  they are not, the smallest part that is still shown is hidden too.

What says how things stood (stocks, sums over a window) does not add up along time; there values of different grains
that end on the same day are hidden together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.names import COHORT_AGE
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.plan import Derivation, Series, leaves

GROUP_SIZE = "_group_size"
"""The rows behind the part of a value that rests on fewest; no frame that leaves this room has it."""
TAKEN_AWAY = ("value", "numerator", "denominator", "sample_size")
EARLIER = ("previous_value", "year_ago_value")

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Cells:
    """The values of one metric in all its series: how large their groups are, and where each series begins."""

    series: Sequence[Series]
    frames: Sequence[pl.DataFrame]
    first: Sequence[int]
    sizes: npt.NDArray[np.int64]

    def keyed(self, at: int) -> pl.DataFrame:
        """The keys of a series' rows, each with the number of its cell."""
        frame = self.frames[at]
        return frame.select(PERIOD, *self.series[at].breakdown, "is_other").with_columns(
            cell=pl.int_range(frame.height, dtype=pl.Int64) + self.first[at]
        )


def without_small_groups(
    found: Mapping[Series, pl.DataFrame], derivations: Mapping[str, Derivation], calendar: Calendar, *, alone: bool
) -> dict[Series, pl.DataFrame]:
    """The frames, their small groups and what would tell them taken away: value, parts, sample size and comparisons.

    `alone`: the frames answer a question, beside which totals may be asked that are not among them.
    """
    shown = dict(found)
    guarded = sorted({one.metric for one in found if derivations[one.metric].min_group_size})
    for metric in guarded:
        some = [one for one in found if one.metric == metric and GROUP_SIZE in found[one].columns]
        cells = _cells_of(some, [found[one] for one in some])
        hidden = _hidden(cells, derivations[metric], calendar, alone=alone)
        for at, one in enumerate(some):
            first = cells.first[at]
            shown[one] = _taken_away(one, cells.frames[at], hidden[first : first + cells.frames[at].height], calendar)
    return shown


def _cells_of(series: Sequence[Series], frames: Sequence[pl.DataFrame]) -> _Cells:
    first = np.concatenate([[0], np.cumsum([frame.height for frame in frames])]).astype(int)
    sizes = [frame.get_column(GROUP_SIZE).fill_null(0).cast(pl.Int64).to_numpy() for frame in frames]
    return _Cells(series, frames, [int(one) for one in first], np.concatenate([np.zeros(0, np.int64), *sizes]))


def _hidden(cells: _Cells, derivation: Derivation, calendar: Calendar, *, alone: bool) -> Flags:
    """Which cells are hidden."""
    least = derivation.min_group_size
    hidden: Flags = (cells.sizes > 0) & (cells.sizes < least)
    adds_up = not any(leaf.reach or leaf.measure.stock for leaf in leaves(derivation.node))
    sums = _numbered(
        [*_of_segments(cells, alone=alone), *(_of_periods(cells, calendar) if adds_up else ())],
        cells.sizes,
    )
    twins = None if adds_up else _of_same_end(cells, calendar)
    while True:
        more = hidden | _with_parts(sums, hidden) | _beside_few(sums, hidden, least)
        if twins is not None:
            more |= _with_twins(twins, more)
        if np.array_equal(more, hidden):
            return hidden
        hidden = more


def _with_parts(sums: pl.DataFrame, hidden: Flags) -> Flags:
    """The parts of what is hidden."""
    marked = sums.filter(pl.Series(_of(hidden, sums.get_column("whole"))) & (pl.col("size") > 0))
    return _flags(marked.get_column("cell"), len(hidden))


def _beside_few(sums: pl.DataFrame, hidden: Flags, least: int) -> Flags:
    """Of each sum that would tell a group too small: the smallest part that is still shown, else the whole."""
    marked = sums.filter("counts")
    marked = marked.with_columns(
        gone=pl.Series(_of(hidden, marked.get_column("cell")), dtype=pl.Boolean),
        whole_gone=pl.Series(_of(hidden, marked.get_column("whole")), dtype=pl.Boolean),
    ).filter(~pl.col("whole_gone") & (pl.col("size") > 0))
    told = (
        marked.sort("size", "cell")
        .group_by("line")
        .agg(
            few=pl.col("gone").sum(),
            together=pl.col("size").filter("gone").sum(),
            next=pl.col("cell").filter(~pl.col("gone")).first(),
            whole=pl.col("whole").first(),
        )
        .filter((pl.col("few") > 0) & ((pl.col("few") < 2) | (pl.col("together") < least)))
    )
    return _flags(told.select(pl.coalesce("next", "whole")).to_series().drop_nulls(), len(hidden))


def _with_twins(twins: pl.DataFrame, hidden: Flags) -> Flags:
    """What says the same as something hidden."""
    gone = twins.filter(pl.Series(_of(hidden, twins.get_column("cell")), dtype=pl.Boolean)).select("line").unique()
    return _flags(twins.join(gone, on="line", how="semi").get_column("cell"), len(hidden))


def _of(hidden: Flags, cells: pl.Series) -> Flags:
    """Whether each of some cells is hidden; a whole that is not among the cells is not."""
    places = cells.fill_null(-1).to_numpy()
    found: Flags = np.where(places >= 0, hidden[np.maximum(places, 0)] if len(hidden) else False, False)
    return found


def _flags(cells: pl.Series, width: int) -> Flags:
    found = np.zeros(width, np.bool_)
    found[cells.to_numpy()] = True
    return found


_LINE: dict[str, pl.DataType] = {"cell": pl.Int64(), "whole": pl.Int64(), "group": pl.Int64(), "counts": pl.Boolean()}


def _numbered(lines: Sequence[pl.DataFrame], sizes: npt.NDArray[np.int64]) -> pl.DataFrame:
    """All sums under numbers of their own: line, cell (a part), whole, size of the part, whether the parts add up."""
    found = [pl.DataFrame(schema={"line": pl.Int64, **_LINE})]
    begun = 0
    for one in lines:
        numbered = one.with_columns(line=pl.col("group").rank("dense").cast(pl.Int64) + begun)
        found.append(numbered.select("line", *_LINE))
        begun += one.height
    table = pl.concat(found)
    places = table.get_column("cell").to_numpy()
    return table.with_columns(size=pl.Series(sizes[places] if len(places) else [], dtype=pl.Int64))


def _of_segments(cells: _Cells, *, alone: bool) -> Iterator[pl.DataFrame]:
    """The sums over segments: those of a finer breakdown are the parts of a coarser one's."""
    at_of = {(one.grain, one.breakdown): at for at, one in enumerate(cells.series)}
    for at, series in enumerate(cells.series):
        for size in range(len(series.dimensions)):
            for kept in combinations(series.dimensions, size):
                coarser = tuple(sorted((*kept, COHORT_AGE) if series.by_age else kept))
                whole = at_of.get((series.grain, coarser))
                if whole is None and not alone:
                    continue
                keys = [PERIOD, *coarser]
                parts = cells.keyed(at)
                # NOTE: the rest beyond the largest segments is a part of the total only.
                parts = parts.filter(~pl.col("is_other")) if kept else parts
                if whole is None:
                    parts = parts.with_columns(whole=pl.lit(None, pl.Int64))
                else:
                    above = cells.keyed(whole).filter(~pl.col("is_other")).select(*keys, whole="cell")
                    parts = parts.join(above, on=keys, how="inner", nulls_equal=True)
                yield _line(parts, keys)


def _line(parts: pl.DataFrame, keys: Sequence[str], *, counts: bool | pl.Expr = True) -> pl.DataFrame:
    group = pl.struct(keys).rank("dense").cast(pl.Int64)
    return parts.select("cell", "whole", group=group, counts=pl.lit(counts) if isinstance(counts, bool) else counts)


def _of_periods(cells: _Cells, calendar: Calendar) -> Iterator[pl.DataFrame]:
    """The sums over time: periods of a finer grain are the parts of the coarser period they lie in.

    They add up to it only where they fill it: the weeks within a month mostly do not.
    """
    for at, series in enumerate(cells.series):
        for over, coarser in enumerate(cells.series):
            if series.grain is None or coarser.grain is None or series.breakdown != coarser.breakdown:
                continue
            if series.grain.rank >= coarser.grain.rank:
                continue
            keys = [*series.breakdown, "is_other"]
            within = _within(calendar, series.grain, coarser.grain)
            above = cells.keyed(over).rename({PERIOD: "over", "cell": "whole"})
            parts = cells.keyed(at).join(within, on=PERIOD, how="inner")
            joined = parts.join(above, on=["over", *keys], how="inner", nulls_equal=True)
            yield _line(joined, ["over", *keys], counts=pl.col("fills"))


def _within(calendar: Calendar, finer: Grain, coarser: Grain) -> pl.DataFrame:
    """The periods of a grain that lie within one of another: period_start, over (where that begins), fills."""
    days = calendar.days.select("day", over=f"{coarser}_start")
    if finer is Grain.hour:
        hours = calendar.hours.select(PERIOD, "day").join(days, on="day", how="inner")
        return hours.select(PERIOD, "over", fills=pl.lit(value=True))
    lengths = calendar.days.group_by(over=f"{coarser}_start").agg(days=pl.len())
    found = (
        calendar.days.select("day", f"{finer}_start", over=f"{coarser}_start")
        .group_by(f"{finer}_start")
        .agg(pl.col("over").unique(), pl.len())
        .filter(pl.col("over").list.len() == 1)
        .select(pl.col(f"{finer}_start").alias(PERIOD), pl.col("over").list.first(), "len")
        .join(lengths, on="over")
    )
    return found.select(PERIOD, "over", fills=pl.col("len").sum().over("over") == pl.col("days"))


def _of_same_end(cells: _Cells, calendar: Calendar) -> pl.DataFrame:
    """The cells of one segment that say how things stood at the end of the same day: cell, line."""
    found: list[pl.DataFrame] = []
    for breakdown in dict.fromkeys(one.breakdown for one in cells.series):
        keys = [*breakdown, "is_other"]
        some = [at for at, one in enumerate(cells.series) if one.breakdown == breakdown and _has_days(one)]
        ends = []
        for at in some:
            grain = cells.series[at].grain
            assert grain is not None, "only series by days were chosen"
            named = calendar.of(grain).select(PERIOD, "last_day")
            ends.append(cells.keyed(at).join(named, on=PERIOD).select("last_day", *keys, "cell"))
        if len(ends) > 1:
            together = pl.concat(ends)
            line = pl.struct("last_day", *keys).rank("dense").cast(pl.Int64) + sum(one.height for one in found)
            found.append(together.select("cell", line=line))
    return pl.concat([pl.DataFrame(schema={"cell": pl.Int64, "line": pl.Int64}), *found])


def _has_days(series: Series) -> bool:
    return series.grain is not None and series.grain is not Grain.hour


def _taken_away(series: Series, frame: pl.DataFrame, hidden: Flags, calendar: Calendar) -> pl.DataFrame:
    """The frame without what is hidden, and without comparisons with what is."""
    gone = pl.Series("gone", hidden, dtype=pl.Boolean)
    shown = frame.with_columns(gone)
    earlier = [name for name in EARLIER if name in frame.columns and series.grain]
    for name, back in zip(earlier, _ways_back(series), strict=False):
        keys = [*series.breakdown, "is_other"]
        before = calendar.earlier(series.grain or Grain.day, back).rename({"source_start": "before"})
        there = shown.select(pl.col(PERIOD).alias("before"), *keys, gone_before="gone")
        shown = (
            shown.join(before, on=PERIOD, how="left", maintain_order="left")
            .join(there, on=["before", *keys], how="left", nulls_equal=True, maintain_order="left")
            # NOTE: the elapsed days of an earlier period may be a small group, whatever the whole of it is.
            .with_columns(
                pl.when(pl.col("is_complete") & ~pl.col("gone_before").fill_null(value=False)).then(pl.col(name))
            )
            .drop("before", "gone_before")
        )
    taken = [*TAKEN_AWAY, *earlier]
    return shown.with_columns(pl.when(~pl.col("gone")).then(pl.col(taken))).drop("gone", GROUP_SIZE)


def _ways_back(series: Series) -> tuple[Window, Window]:
    assert series.grain is not None, "only series of a grain are compared"
    return Window(1, series.grain), Window(1, Grain.year)
