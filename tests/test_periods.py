"""Lengths of time and the dates people write."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from kpi_pipeline.periods import (
    Grain,
    Window,
    day_after_named,
    first_day_named,
    hour_named,
    moment_before,
    shift_day,
)


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2010", date(2010, 1, 1), date(2011, 1, 1)),
        ("2010-09", date(2010, 9, 1), date(2010, 10, 1)),
        ("2010-12", date(2010, 12, 1), date(2011, 1, 1)),
        ("2010-Q4", date(2010, 10, 1), date(2011, 1, 1)),
        ("2010q1", date(2010, 1, 1), date(2010, 4, 1)),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 4)),
        ("2010-W01", date(2010, 1, 4), date(2010, 1, 11)),
        (" 2024-02-29 ", date(2024, 2, 29), date(2024, 3, 1)),
    ],
)
def test_named_dates(text: str, first: date, after: date) -> None:
    assert (first_day_named(text), day_after_named(text)) == (first, after)


@pytest.mark.parametrize(
    "text", ["2010-13", "2023-02-29", "2021-W53", "2010-Q5", "10-01-2010", "yesterday", "", "0000"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        first_day_named(text)


def test_last_year_that_can_be_written_has_no_day_after() -> None:
    with pytest.raises(ValueError, match="is not a date"):
        day_after_named("9999")


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("28 days", Window(28, Grain.day)),
        ("1 day", Window(1, Grain.day)),
        (" 4  weeks ", Window(4, Grain.week)),
        ("1 quarter", Window(1, Grain.quarter)),
        ("10 years", Window(10, Grain.year)),
        ("24 hours", Window(24, Grain.hour)),
    ],
)
def test_windows(text: str, window: Window) -> None:
    assert Window.parse(text) == window
    assert Window.parse(str(window)) == window


@pytest.mark.parametrize("text", ["28", "days", "0 days", "-1 day", "1.5 months", "2 fortnights", "1 minute"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="length of time"):
        Window.parse(text)


@pytest.mark.parametrize(
    ("day", "window", "before"),
    [
        (date(2024, 3, 31), "1 month", date(2024, 2, 29)),
        (date(2023, 3, 31), "1 month", date(2023, 2, 28)),
        (date(2024, 1, 31), "2 months", date(2023, 11, 30)),
        (date(2024, 2, 29), "1 year", date(2023, 2, 28)),
        (date(2024, 5, 31), "1 quarter", date(2024, 2, 29)),
        (date(2024, 1, 1), "1 day", date(2023, 12, 31)),
        (date(2024, 1, 1), "2 weeks", date(2023, 12, 18)),
    ],
)
def test_days_before(day: date, window: str, before: date) -> None:
    assert shift_day(day, Window.parse(window)) == before


def test_days_after() -> None:
    assert shift_day(date(2024, 1, 31), Window.parse("1 month"), back=False) == date(2024, 2, 29)
    assert shift_day(date(2023, 12, 31), Window.parse("1 day"), back=False) == date(2024, 1, 1)


def test_grains_stand_finest_first() -> None:
    assert sorted(Grain, key=lambda grain: grain.rank) == ["hour", "day", "week", "month", "quarter", "year"]


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2024-03-31T02", 2), ("2024-03-31 14:00", 14), ("2024-03-31", None), ("2024-03", None), ("2024-03-31T24", None)],
)
def test_named_hours(text: str, hour: int | None) -> None:
    assert hour_named(text) == hour
    if hour is not None:
        assert first_day_named(text) == date(2024, 3, 31)


def test_moments_before() -> None:
    assert moment_before(datetime(2024, 3, 31, 1), Window.parse("6 hours")) == datetime(2024, 3, 30, 19)
    assert moment_before(datetime(2024, 3, 31, 1), Window.parse("1 month")) == datetime(2024, 2, 29, 1)
    with pytest.raises(ValueError, match="cannot be moved by 2 hours"):
        shift_day(date(2024, 3, 31), Window.parse("2 hours"))
