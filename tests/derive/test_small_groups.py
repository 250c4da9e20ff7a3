"""What is published of small groups: nothing, also not what one subtraction would tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.calendar import CalendarRules, build_calendar
from kpi_pipeline.derive import Partials, derive
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.plan import Coverage, Derivation, Fold, Leaf, Measure, Reach, Reduction, Series, Shape

FIRST, DAYS = date(2021, 2, 1), 28 + 31
"""February 2021 is four whole weeks, so weeks add up to a month; those of March do not."""
LAST = FIRST + timedelta(days=DAYS - 1)
SUM = Measure("m", "day", Fold.sum, "amount")
COUNTRIES, CHANNELS = ("de", "fr", "uk"), ("shop", "web")
BREAKDOWNS = ((), ("country",), ("channel",), ("channel", "country"))
GRAINS = (Grain.day, Grain.week, Grain.month)
CALENDAR = build_calendar(FIRST, LAST, CalendarRules())
Key = tuple[Grain, tuple[str, ...], date, tuple[str, ...]]

groups = st.lists(
    st.tuples(
        st.integers(0, DAYS - 1), st.sampled_from(COUNTRIES), st.sampled_from(CHANNELS), st.sampled_from([1, 2, 3, 9])
    ),
    min_size=1,
    max_size=25,
)


SERIES = [Series("amount", grain, breakdown) for grain in GRAINS for breakdown in BREAKDOWNS]
Rows = list[tuple[int, str, str, int]]


def frames(rows: Rows, least: int, series: list[Series], reach: Reach | None = None) -> dict[Series, pl.DataFrame]:
    """What is shown of rows (day, country, channel, how many), each worth 10."""
    drawn = pl.DataFrame(rows, schema=["at", "country", "channel", SUM.rows.column], orient="row")
    days = drawn.select(
        "country", "channel", pl.col(SUM.rows.column).cast(pl.Int64), _day=pl.lit(FIRST) + pl.duration(days="at")
    )
    additive = days.group_by("_day", "country", "channel").agg(pl.col(SUM.rows.column).sum())
    additive = additive.with_columns((pl.col(SUM.rows.column) * 10).alias(SUM.column))
    reduction = Reduction("m", "day", Shape.additive, ("channel", "country"), (SUM, SUM.rows))
    partials = Partials({reduction: additive.lazy()}, {("m", "day"): (FIRST, LAST)})
    leaf = Leaf(SUM, 0, reach)
    group = leaf.sampled if least else None
    derivation = Derivation("amount", leaf, leaf.sampled, (), "amount", min_group_size=least, group=group)
    coverage = {"amount": Coverage(FIRST, LAST, LAST + timedelta(days=1))}
    return derive(series, {"amount": derivation}, partials, CALENDAR, coverage, dense=True)


def shown(rows: Rows, least: int, reach: Reach | None = None) -> dict[Key, tuple[float | None, int | None]]:
    """Value and sample size of every cell of every grain and breakdown."""
    return {
        (one.grain or Grain.day, one.breakdown, row["period_start"], tuple(row[name] for name in one.breakdown)): (
            row["value"],
            row["sample_size"],
        )
        for one, found in frames(rows, least, SERIES, reach).items()
        for row in found.iter_rows(named=True)
    }


def sums(keys: set[Key]) -> Iterator[tuple[Key, list[Key]]]:
    """Every value with parts that add up to it, written down without the engine: by country, by channel, by time."""
    by_segment: dict[Key, list[Key]] = defaultdict(list)
    by_time: dict[tuple[Key, Grain], list[Key]] = defaultdict(list)
    ends = {grain: dict(CALENDAR.of(grain).select("period_start", "last_day").iter_rows()) for grain in GRAINS}
    for key in keys:
        grain, breakdown, start, segment = key
        for dropped in product([True, False], repeat=len(breakdown)):
            if any(dropped):
                kept = [at for at, gone in enumerate(dropped) if not gone]
                by_segment[
                    grain, tuple(breakdown[at] for at in kept), start, tuple(segment[at] for at in kept), str(dropped)
                ].append(key)  # type: ignore[index]
    for key in keys:
        grain, breakdown, start, segment = key
        for coarser in GRAINS[GRAINS.index(grain) + 1 :]:
            for over in {one[2] for one in keys if one[0] is coarser}:
                if over <= start and ends[grain][start] <= ends[coarser][over]:
                    by_time[(coarser, breakdown, over, segment), grain].append(key)
    for whole, parts in by_segment.items():
        yield whole[:4], parts
    for (whole, grain), parts in by_time.items():
        days = sum((ends[grain][part[2]] - part[2]).days + 1 for part in parts)
        if days == (ends[whole[0]][whole[2]] - whole[2]).days + 1:
            yield whole, parts


@settings(max_examples=20)
@given(groups, st.integers(2, 12))
def test_no_group_too_small_is_told_by_one_subtraction(rows: Rows, least: int) -> None:
    plain, guarded = shown(rows, 0), shown(rows, least)
    assert guarded.keys() == plain.keys()
    sizes = {key: size for key, (_, size) in plain.items()}
    hidden = {key for key, (_, size) in guarded.items() if size is None}
    for key, (value, size) in guarded.items():
        assert (value, size) == ((None, None) if key in hidden else plain[key])
        assert key in hidden or not 0 < sizes[key] < least
    for whole, parts in sums(set(plain)):
        gone = [part for part in parts if part in hidden]
        if whole in hidden:
            assert all(part in hidden or sizes[part] == 0 for part in parts), (whole, parts)
        elif gone:
            assert len(gone) >= 2, (whole, gone)
            assert sum(sizes[part] for part in gone) >= least


def test_no_more_is_hidden_than_need_be() -> None:
    rows = [
        (0, "uk", "web", 9),
        (0, "fr", "web", 9),
        (0, "de", "web", 9),
        (0, "uk", "shop", 9),
        (0, "fr", "shop", 9),
        (0, "de", "shop", 2),
        (9, "uk", "web", 9),
    ]
    found = shown(rows, 3)
    hidden = {
        (segment, start)
        for (grain, breakdown, start, segment), (_, size) in found.items()
        if grain is Grain.day and len(breakdown) == 2 and size is None
    }
    assert hidden == {(("shop", "de"), FIRST), (("web", "de"), FIRST), (("shop", "fr"), FIRST), (("web", "fr"), FIRST)}
    assert found[Grain.day, ("country",), FIRST, ("de",)] == (110, 11)


def test_what_stood_at_the_end_of_the_same_day_is_hidden_together() -> None:
    rows = [(27, "uk", "web", 9), (27, "fr", "web", 5), (27, "de", "web", 1)]
    found = shown(rows, 3, Reach(window=Window(1, Grain.day)))
    last = {
        grain: {
            segment
            for (one, breakdown, start, segment), (_, size) in found.items()
            if one is grain and breakdown == ("country",) and size is None
        }
        for grain in GRAINS
    }
    assert last == {grain: {("de",), ("fr",)} for grain in GRAINS}


def test_earlier_values_are_hidden_with_those_they_repeat() -> None:
    rows = [(day, country, "web", 9) for day in range(3, 6) for country in COUNTRIES]
    rows += [(2, "uk", "web", 9), (2, "fr", "web", 1), (2, "de", "web", 2)]
    series = Series("amount", Grain.day, ("country",), compared=True)
    found = frames(rows, 3, [series, Series("amount", Grain.day)])[series].filter(country="fr").sort("period_start")
    told = dict(found.select("period_start", "previous_value").iter_rows())
    assert [told[FIRST + timedelta(days=day)] for day in range(2, 6)] == [None, None, 90, 90]


@pytest.mark.parametrize("least", [0, 3])
def test_large_groups_stay_as_they_are(least: int) -> None:
    rows = [(day, country, channel, 9) for day in range(3) for country in COUNTRIES for channel in CHANNELS]
    assert all(size is not None for _, size in shown(rows, least).values())
