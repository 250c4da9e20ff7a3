"""The stretches of time that a sheet looks at, and where each finds what it is compared with."""

from __future__ import annotations

from datetime import date

import polars as pl

from kpi_pipeline.calendar import CalendarRules, build_calendar
from kpi_pipeline.derive.stretches import Stretches, Way, stretches_of
from kpi_pipeline.derive.timeline import PERIOD, Timeline
from kpi_pipeline.periods import Grain, ToGrain, Window

FIRST, NEWEST = date(2023, 1, 10), date(2024, 3, 15)
MONTH_BEFORE: Way = (Window(1, Grain.month),)
YEAR_BEFORE: Way = (Window(1, Grain.year),)
START_OF_YEAR: Way = (ToGrain(Grain.year),)


def _months(*, since: date, compared: tuple[Way, ...] = (), within: tuple[Way, ...] = ()) -> Stretches:
    """The months from one on to March 2024, which has come to the 15th."""
    calendar = build_calendar(FIRST, NEWEST, CalendarRules())
    months = calendar.of(Grain.month).filter(pl.col(PERIOD).is_between(since, NEWEST)).select(PERIOD, "period_end")
    days = calendar.days.select(_day="day", period_start="month_start")
    timeline = Timeline(Grain.month, calendar, months, days, NEWEST, NEWEST)
    return stretches_of(timeline, compared, within, FIRST)


def _looked_at(stretches: Stretches, way: Way, month: date) -> tuple[date, int] | None:
    """The period that a month looks at, and how many of its days count; None for nothing."""
    own = stretches.table.head(stretches.own).get_column(PERIOD).to_list().index(month)
    period, layer = stretches.table.select(PERIOD, "_layer").row(int(stretches.back[way][own]))
    if period is None:
        return None
    return period, stretches.timelines[layer].days.filter(pl.col(PERIOD) == period).height


def test_a_month_that_is_over_is_compared_with_whole_months() -> None:
    found = _months(since=date(2024, 1, 1), compared=(MONTH_BEFORE, YEAR_BEFORE))
    assert _looked_at(found, MONTH_BEFORE, date(2024, 2, 1)) == (date(2024, 1, 1), 31)
    assert _looked_at(found, YEAR_BEFORE, date(2024, 2, 1)) == (date(2023, 2, 1), 28)


def test_the_month_in_progress_is_compared_with_as_much_of_earlier_ones() -> None:
    found = _months(since=date(2024, 1, 1), compared=(MONTH_BEFORE, YEAR_BEFORE))
    assert _looked_at(found, MONTH_BEFORE, date(2024, 3, 1)) == (date(2024, 2, 1), 15)
    assert _looked_at(found, YEAR_BEFORE, date(2024, 3, 1)) == (date(2023, 3, 1), 15)


def test_a_part_of_a_month_is_a_stretch_beside_the_whole_month() -> None:
    found = _months(since=date(2024, 1, 1), compared=(MONTH_BEFORE,))
    assert found.table.filter(pl.col(PERIOD) == date(2024, 2, 1)).get_column("_layer").to_list() == [0, 1]
    assert _looked_at(found, (), date(2024, 2, 1)) == (date(2024, 2, 1), 29)


def test_what_is_compared_looks_back_itself_over_the_same_elapsed_span() -> None:
    found = _months(since=date(2024, 3, 1), compared=(MONTH_BEFORE,), within=((), YEAR_BEFORE))
    before = int(found.back[MONTH_BEFORE][0])
    period, layer = found.table.select(PERIOD, "_layer").row(int(found.back[YEAR_BEFORE][before]))
    assert period == date(2023, 2, 1)
    assert found.timelines[layer].days.filter(pl.col(PERIOD) == period).get_column("_day").max() == date(2023, 2, 15)


def test_what_a_longer_period_began_with_is_whole() -> None:
    found = _months(since=date(2024, 1, 1), within=(START_OF_YEAR,))
    assert _looked_at(found, START_OF_YEAR, date(2024, 3, 1)) == (date(2024, 1, 1), 31)
    assert len(found.timelines) == 1


def test_before_the_first_day_with_data_there_is_nothing() -> None:
    found = _months(since=date(2023, 1, 1), compared=(MONTH_BEFORE, YEAR_BEFORE))
    assert _looked_at(found, MONTH_BEFORE, date(2023, 1, 1)) is None
    assert _looked_at(found, YEAR_BEFORE, date(2023, 12, 1)) is None
    assert _looked_at(found, MONTH_BEFORE, date(2023, 2, 1)) == (date(2023, 1, 1), 31)
