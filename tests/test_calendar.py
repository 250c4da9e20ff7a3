"""Every period is a row of the calendar, and what lies before it is looked up there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest

from kpi_pipeline.calendar import MONTHS, WEEKDAYS, Calendar, CalendarRules, build_calendar, fits
from kpi_pipeline.periods import Grain, Window

FIRST, LAST = date(2019, 6, 1), date(2021, 6, 30)
PLAIN = build_calendar(FIRST, LAST, CalendarRules())


@pytest.mark.parametrize("grain", Grain)
@pytest.mark.parametrize("week_start", WEEKDAYS)
def test_periods_follow_one_another_without_a_gap(grain: Grain, week_start: str) -> None:
    periods = build_calendar(FIRST, LAST, CalendarRules(week_start, "april")).of(grain)
    spans = periods.select("period_start", "period_end", "last_day").rows()
    assert all(one[1] == following[0] for one, following in pairwise(spans))
    assert all(end == last + timedelta(days=1) > start for start, end, last in spans)


@pytest.mark.parametrize("month", MONTHS)
def test_fiscal_years_and_quarters_begin_in_their_month(month: str) -> None:
    calendar = build_calendar(FIRST, LAST, CalendarRules(year_start=month))
    number = MONTHS.index(month) + 1
    assert {start.month for start in calendar.of(Grain.year)["period_start"][1:]} == {number}
    assert {(start.month - number) % 3 for start in calendar.of(Grain.quarter)["period_start"]} == {0}
    for quarter in calendar.of(Grain.quarter).iter_rows(named=True):
        assert quarter["period_number"] == (quarter["period_start"].month - number) % 12 // 3 + 1


@pytest.mark.parametrize("week_start", WEEKDAYS)
def test_weeks_begin_on_their_day_and_their_numbers_never_repeat(week_start: str) -> None:
    weeks = build_calendar(FIRST, LAST, CalendarRules(week_start)).of(Grain.week)
    assert set(weeks["period_start"].dt.weekday()) == {WEEKDAYS.index(week_start) + 1}
    assert weeks.select("year_number", "period_number").is_unique().all()


@pytest.mark.parametrize(
    ("rules", "grain", "day", "label"),
    [
        (CalendarRules(), Grain.week, date(2021, 1, 3), "2020-W53"),
        (CalendarRules(), Grain.week, date(2021, 1, 4), "2021-W01"),
        (CalendarRules(), Grain.week, date(2019, 12, 30), "2020-W01"),
        (CalendarRules("sunday"), Grain.week, date(2021, 1, 3), "2021-W01"),
        (CalendarRules(), Grain.month, date(2020, 2, 29), "2020-02"),
        (CalendarRules(), Grain.quarter, date(2020, 5, 1), "2020-Q2"),
        (CalendarRules(), Grain.year, date(2020, 5, 1), "2020"),
        (CalendarRules(year_start="april"), Grain.year, date(2020, 3, 31), "FY2020"),
        (CalendarRules(year_start="april"), Grain.year, date(2020, 4, 1), "FY2021"),
        (CalendarRules(year_start="april"), Grain.quarter, date(2020, 4, 1), "FY2021-Q1"),
        (CalendarRules(year_start="february"), Grain.quarter, date(2020, 1, 31), "FY2020-Q4"),
        (CalendarRules(year_start="april"), Grain.month, date(2020, 4, 1), "2020-04"),
        (CalendarRules(), Grain.day, date(2020, 2, 29), "2020-02-29"),
    ],
)
def test_labels(rules: CalendarRules, grain: Grain, day: date, label: str) -> None:
    calendar = build_calendar(FIRST, LAST, rules)
    assert (
        _row(calendar, grain, calendar.start_of(day, grain) if grain is not Grain.day else day)["period_label"] == label
    )


@pytest.mark.parametrize(
    ("grain", "window", "start", "source"),
    [
        (Grain.day, "1 month", date(2020, 3, 31), date(2020, 2, 29)),
        (Grain.day, "1 month", date(2020, 3, 29), date(2020, 2, 29)),
        (Grain.day, "1 year", date(2020, 2, 29), date(2019, 2, 28)),
        (Grain.day, "7 days", date(2020, 3, 1), date(2020, 2, 23)),
        (Grain.week, "1 year", date(2021, 1, 4), date(2019, 12, 30)),
        (Grain.week, "1 year", date(2020, 12, 28), None),
        (Grain.week, "2 years", date(2021, 1, 4), date(2018, 12, 31)),
        (Grain.week, "28 days", date(2021, 1, 4), date(2020, 12, 7)),
        (Grain.week, "1 month", date(2020, 3, 30), date(2020, 2, 24)),
        (Grain.month, "1 quarter", date(2020, 3, 1), date(2019, 12, 1)),
        (Grain.month, "1 year", date(2020, 2, 1), date(2019, 2, 1)),
        (Grain.quarter, "6 months", date(2020, 7, 1), date(2020, 1, 1)),
        (Grain.year, "1 year", date(2020, 1, 1), date(2019, 1, 1)),
        (Grain.year, "4 quarters", date(2020, 1, 1), date(2019, 1, 1)),
    ],
)
def test_period_a_window_before(grain: Grain, window: str, start: date, source: date | None) -> None:
    earlier = PLAIN.earlier(grain, Window.parse(window))
    assert earlier.filter(pl.col("period_start") == start)["source_start"].to_list() == [source]


@pytest.mark.parametrize(
    ("grain", "window"),
    [
        (Grain.month, "28 days"),
        (Grain.month, "4 weeks"),
        (Grain.week, "10 days"),
        (Grain.quarter, "1 month"),
        (Grain.year, "2 quarters"),
    ],
)
def test_window_that_is_no_whole_number_of_periods_is_refused(grain: Grain, window: str) -> None:
    assert not fits(grain, Window.parse(window))
    with pytest.raises(ValueError, match="cannot be moved"):
        PLAIN.earlier(grain, Window.parse(window))


@pytest.mark.parametrize("grain", Grain)
@pytest.mark.parametrize(
    "window", ["1 day", "14 days", "3 weeks", "1 month", "3 months", "12 months", "1 quarter", "4 quarters", "1 year"]
)
def test_every_window_that_fits_can_be_looked_up(grain: Grain, window: str) -> None:
    if fits(grain, Window.parse(window)):
        assert PLAIN.earlier(grain, Window.parse(window)).height == PLAIN.of(grain).height


def test_previous_and_last_year_stand_in_the_table() -> None:
    march = _row(PLAIN, Grain.month, date(2020, 3, 1))
    assert (march["previous_start"], march["year_ago_start"]) == (date(2020, 2, 1), date(2019, 3, 1))
    assert _row(PLAIN, Grain.week, date(2020, 12, 28))["year_ago_start"] is None
    assert _row(PLAIN, Grain.week, date(2021, 1, 4))["year_ago_start"] == date(2019, 12, 30)


def test_days_begin_at_midnight_in_the_zone_or_when_the_clocks_have_passed_it() -> None:
    london = build_calendar(FIRST, LAST, CalendarRules(timezone="Europe/London"))
    assert _row(london, Grain.day, date(2020, 7, 1))["period_start_utc"] == datetime(2020, 6, 30, 23, tzinfo=UTC)
    assert _row(london, Grain.day, date(2020, 1, 1))["period_start_utc"] == datetime(2020, 1, 1, tzinfo=UTC)
    beirut = build_calendar(FIRST, LAST, CalendarRules(timezone="Asia/Beirut"))
    assert _row(beirut, Grain.day, date(2020, 3, 29))["period_start_utc"] == datetime(2020, 3, 28, 22, tzinfo=UTC)


def test_offsets_in_a_fiscal_year_compare_the_same_days() -> None:
    rules = CalendarRules(year_start="february")
    calendar = build_calendar(FIRST, LAST, rules)
    year = Window.parse("1 year")
    day = calendar.counterpart(date(2021, 3, 10), Grain.year, year, date(2021, 2, 1), date(2020, 2, 1))
    assert day == date(2020, 3, 10)


def _row(calendar: Calendar, grain: Grain, start: date) -> dict[str, object]:
    return calendar.of(grain).row(by_predicate=pl.col("period_start") == start, named=True)
