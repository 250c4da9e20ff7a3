"""Every period is a row of the calendar, and what lies before it is looked up there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest

from kpi_pipeline.calendar import (
    MONTHS,
    PATTERNS,
    WEEKDAYS,
    Calendar,
    CalendarRules,
    RetailYear,
    YearEnd,
    build_calendar,
    day_table,
    fits,
)
from kpi_pipeline.errors import DataError
from kpi_pipeline.periods import OF_DAYS, Grain, Window

FIRST, LAST = date(2019, 6, 1), date(2021, 6, 30)
PLAIN = build_calendar(FIRST, LAST, CalendarRules())


@pytest.mark.parametrize("grain", OF_DAYS)
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


@pytest.mark.parametrize("grain", OF_DAYS)
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


@pytest.mark.parametrize(
    ("text", "year", "day"),
    [
        ("last saturday of january", 2024, date(2024, 1, 27)),
        ("last saturday of january", 2026, date(2026, 1, 31)),
        ("Saturday nearest 31 January", 2024, date(2024, 2, 3)),
        ("saturday nearest to january 31", 2018, date(2018, 2, 3)),
        ("last sunday of december", 2023, date(2023, 12, 31)),
        ("friday nearest 31 december", 2026, date(2027, 1, 1)),
        ("last thursday of february", 2024, date(2024, 2, 29)),
    ],
)
def test_last_days_of_retail_years(text: str, year: int, day: date) -> None:
    assert YearEnd.parse(text).in_year(year) == day
    assert YearEnd.parse(str(YearEnd.parse(text))) == YearEnd.parse(text)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    "ends", ["last saturday of january", "saturday nearest 31 january", "friday nearest 31 december"]
)
def test_retail_periods_are_whole_weeks_and_fill_each_other(pattern: str, ends: str) -> None:
    end = YearEnd.parse(ends)
    calendar = build_calendar(FIRST, LAST, CalendarRules(end.week_start, retail=RetailYear(pattern, end)))
    days = pl.col("period_end") - pl.col("period_start")
    assert set(calendar.of(Grain.week).select(days.dt.total_days()).to_series()) == {7}
    assert set(calendar.of(Grain.year).select(days.dt.total_days()).to_series()[1:]) <= {364, 371}
    months = calendar.of(Grain.month).with_columns(weeks=days.dt.total_days() // 7, place=pl.col("period_number") % 3)
    weeks = [int(one) for one in pattern.split("-")]
    for month in months[1:].iter_rows(named=True):
        extra = month["weeks"] - weeks[(month["period_number"] - 1) % 3]
        assert extra == 0 or (extra == 1 and month["period_number"] == 12)
    for grain in (Grain.month, Grain.quarter, Grain.year):
        starts = set(calendar.of(Grain.week)["period_start"])
        assert set(calendar.of(grain)["period_start"][1:]) <= starts


def test_labels_of_retail_periods() -> None:
    end = YearEnd.parse("saturday nearest 31 january")
    calendar = build_calendar(FIRST, LAST, CalendarRules("sunday", retail=RetailYear("4-5-4", end)))
    labels = [
        _row(calendar, grain, calendar.start_of(date(2020, 1, 31), grain))["period_label"]
        for grain in (Grain.day, Grain.week, Grain.month, Grain.quarter, Grain.year)
    ]
    assert labels == ["2020-01-31", "FY2019-W52", "FY2019-P12", "FY2019-Q4", "FY2019"]


def test_trailing_months_end_with_the_day() -> None:
    begins = dict(PLAIN.trailing(Window.parse("1 month")).rows())
    assert begins[date(2020, 2, 29)] == date(2020, 2, 1)
    assert begins[date(2020, 2, 28)] == date(2020, 1, 29)
    assert begins[date(2020, 3, 30)] == date(2020, 2, 29)
    assert dict(PLAIN.trailing(Window.parse("28 days")).rows())[date(2020, 3, 1)] == date(2020, 2, 3)


def test_a_day_that_the_clocks_skipped_counts_on_the_next_one() -> None:
    apia = build_calendar(date(2011, 12, 1), date(2012, 1, 31), CalendarRules(timezone="Pacific/Apia"))
    assert apia.start_of(date(2011, 12, 30), Grain.day) == date(2011, 12, 31)
    days = apia.of(Grain.day).filter(pl.col("period_start").is_between(date(2011, 12, 29), date(2011, 12, 31)))
    assert days["period_start"].to_list() == [date(2011, 12, 29), date(2011, 12, 31)]
    assert days["period_start_utc"].diff().to_list()[1] == timedelta(days=1)
    week_later = apia.earlier(Grain.day, Window.parse("7 days")).filter(pl.col("period_start") == date(2012, 1, 6))
    assert week_later["source_start"].to_list() == [date(2011, 12, 30)]


def _table(**columns: object) -> pl.DataFrame:
    days = pl.DataFrame({"day": pl.date_range(date(2020, 1, 1), date(2020, 1, 10), eager=True)})
    return days.with_columns(**columns)  # type: ignore[arg-type]


def test_a_calendar_table_of_numbers() -> None:
    table = day_table("mine", _table(month=pl.Series([1, 1, 1, 2, 2, 2, 2, 3, 3, 3]), year=pl.lit(7)))
    months = build_calendar(date(2020, 1, 5), date(2020, 1, 5), CalendarRules(table=table)).of(Grain.month)
    assert months.select("period_start", "period_end", "period_number", "year_number", "period_label").rows() == [
        (date(2020, 1, 1), date(2020, 1, 4), 1, 7, "FY7-P01"),
        (date(2020, 1, 4), date(2020, 1, 8), 2, 7, "FY7-P02"),
        (date(2020, 1, 8), date(2020, 1, 11), 3, 7, "FY7-P03"),
    ]


def test_weeks_of_a_calendar_table_that_is_cut_off_within_a_week() -> None:
    """1 January 2011 is in week 52 of 2010, 31 December 2012 in week 1 of 2013; neither year is in the table."""
    days = pl.DataFrame({"day": pl.date_range(date(2011, 1, 1), date(2012, 12, 31), eager=True)})
    table = day_table("iso", days.with_columns(week=pl.col("day").dt.week(), year=pl.col("day").dt.year()))
    weeks = build_calendar(date(2011, 1, 1), date(2012, 12, 31), CalendarRules(table=table)).of(Grain.week)
    named = weeks.select("period_start", "year_number", "period_number").rows()
    assert (named[0], named[1]) == ((date(2011, 1, 1), 2010, 52), (date(2011, 1, 3), 2011, 1))
    assert (named[-2], named[-1]) == ((date(2012, 12, 24), 2012, 52), (date(2012, 12, 31), 2013, 1))
    assert weeks.select("year_number", "period_number").is_unique().all()


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        ({"year": [7] * 3 + [6] * 3 + [7] * 4}, "year 7 goes from 2020-01-01 to 2020-01-03, and again from 2020-01-07"),
        ({"month": [1] * 3 + [2] * 3 + [1] * 2 + [2] * 2}, "month 1 of 2020 goes from 2020-01-01 to 2020-01-03, and"),
    ],
)
def test_periods_of_a_calendar_table_that_bear_the_same_number(columns: dict[str, list[int]], wrong: str) -> None:
    table = day_table("mine", _table(**{name: pl.Series(values) for name, values in columns.items()}))
    with pytest.raises(DataError, match=wrong):
        build_calendar(date(2020, 1, 5), date(2020, 1, 5), CalendarRules(table=table))


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        (_table().clear(), "it has no rows"),
        (_table().filter(pl.col("day") != date(2020, 1, 4)), "the day before 2020-01-05 is missing"),
        (pl.concat([_table(), _table()[3:4]]), "2020-01-04 has several rows"),
        (_table(month=pl.Series([1] * 9 + [None])), "'month' is empty in some rows"),
        (
            _table(month=pl.Series([date(2020, 1, 1)] * 4 + [date(2020, 1, 4)] * 6)),
            "'month' says 2020-01-04 on 2020-01-05, where another month begins",
        ),
    ],
)
def test_a_table_that_is_no_calendar(rows: pl.DataFrame, wrong: str) -> None:
    with pytest.raises(DataError, match=wrong) as raised:
        day_table("mine", rows)
    assert "Hint: it needs one row for every day" in str(raised.value)


@pytest.mark.parametrize(
    ("zone", "day", "labels"),
    [
        ("Europe/London", date(2024, 3, 31), ["00:00+00:00", "02:00+01:00", 23]),
        ("Europe/London", date(2024, 10, 27), ["00:00+01:00", "01:00+01:00", "01:00+00:00", 25]),
        ("America/New_York", date(2024, 11, 3), ["00:00-04:00", "01:00-04:00", "01:00-05:00", 25]),
        ("Australia/Sydney", date(2024, 10, 6), ["00:00+10:00", "01:00+10:00", "03:00+11:00", 23]),
        ("Australia/Lord_Howe", date(2024, 10, 6), ["00:00+10:30", "01:00+10:30", "02:30+11:00", 24]),
        ("Australia/Lord_Howe", date(2024, 4, 7), ["00:00+11:00", "01:00+11:00", "02:00+10:30", 24]),
        ("Asia/Kathmandu", date(2024, 1, 1), ["00:00+05:45", "01:00+05:45", 24]),
        ("Pacific/Pago_Pago", date(2011, 12, 30), ["00:00-11:00", "01:00-11:00", 24]),
        ("Asia/Beirut", date(2024, 3, 31), ["01:00+03:00", "02:00+03:00", 23]),
        ("America/Sao_Paulo", date(2018, 2, 17), ["00:00-02:00", 25]),
    ],
)
def test_hours_of_a_day(zone: str, day: date, labels: list[str | int]) -> None:
    hours = build_calendar(day, day, CalendarRules(timezone=zone)).hours.filter(pl.col("day") == day)
    *first, number = labels
    assert hours["period_label"].to_list()[: len(first)] == [f"{day} {label}" for label in first]
    assert hours.height == number


def test_no_hour_of_a_day_that_was_skipped() -> None:
    hours = build_calendar(date(2011, 12, 29), date(2011, 12, 31), CalendarRules(timezone="Pacific/Apia")).hours
    labels = hours["period_label"].to_list()
    last = labels.index("2011-12-29 23:00-10:00")
    assert labels[last + 1] == "2011-12-31 00:00+14:00"


@pytest.mark.parametrize(
    ("zone", "back", "hour", "source"),
    [
        ("Europe/London", "1 hour", "2024-03-31 02:00+01:00", "2024-03-31 00:00+00:00"),
        ("Europe/London", "24 hours", "2024-04-01 00:00+01:00", "2024-03-30 23:00+00:00"),
        ("Europe/London", "1 day", "2024-04-01 01:00+01:00", None),
        ("Europe/London", "1 day", "2024-04-01 02:00+01:00", "2024-03-31 02:00+01:00"),
        ("Europe/London", "1 day", "2024-10-28 01:00+00:00", "2024-10-27 01:00+01:00"),
        ("Europe/London", "1 day", "2024-10-27 01:00+00:00", "2024-10-26 01:00+01:00"),
        ("Europe/London", "1 month", "2024-03-31 05:00+01:00", "2024-02-29 05:00+00:00"),
        ("Europe/London", "1 year", "2024-02-29 05:00+00:00", "2023-02-28 05:00+00:00"),
        ("Asia/Kathmandu", "1 week", "2024-01-08 13:00+05:45", "2024-01-01 13:00+05:45"),
    ],
)
def test_hour_a_window_before(zone: str, back: str, hour: str, source: str | None) -> None:
    calendar = build_calendar(date(2024, 1, 1), date(2024, 12, 1), CalendarRules(timezone=zone))
    labels = calendar.hours.select("period_start", "period_label")
    found = (
        calendar.earlier(Grain.hour, Window.parse(back))
        .join(labels, on="period_start")
        .join(labels.rename({"period_start": "source_start", "period_label": "source"}), on="source_start", how="left")
    )
    assert found.filter(pl.col("period_label") == hour)["source"].to_list() == [source]
