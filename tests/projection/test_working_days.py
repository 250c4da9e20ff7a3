"""How much of a period is over, by what usually comes on such days."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from kpi_pipeline.projection import DayCounts, Elapsed, elapsed

MONDAY = date(2024, 1, 1)


def counts(rows: list[float], *, holidays: tuple[int, ...] = ()) -> DayCounts:
    """Days from a Monday on."""
    places = np.arange(len(rows))
    return DayCounts(np.array(rows, np.float64), places % 7, np.isin(places, holidays))


def of_months(days: DayCounts, over: int) -> Elapsed:
    """Twelve months of 2024, of the last of which some days are over."""
    starts = [date(2024, month, 1) for month in range(1, 13)] + [date(2025, 1, 1)]
    places = np.array([(start - MONDAY).days for start in starts])
    return elapsed(days, places[:-1], places[1:], over)


def test_nothing_comes_at_weekends() -> None:
    """December 2024 has 22 weekdays; by Friday the 13th ten of them are over, and by Sunday the 15th still ten."""
    week = [10.0] * 5 + [0.0, 0.0]
    days = counts((week * 53)[:366])
    for over in (13, 15):
        found = of_months(days, over)
        assert found.work[-1] == pytest.approx(22 * 7 / 5)
        assert found.share[-1] == pytest.approx(10 / 22)
    # In November, which has 21 weekdays, nine over come nearest to ten of 22: until Wednesday the 13th it is 9/21.
    assert found.days[-2] == 14
    assert found.share[-2] == pytest.approx(10 / 21)


def test_holidays_count_for_as_little_as_they_did() -> None:
    """On a holiday a fifth of a usual day came: so much is expected of the two of December."""
    rows = [10.0] * 366
    spring = [(date(2024, 5, 1) - MONDAY).days, (date(2024, 5, 9) - MONDAY).days]
    winter = [(date(2024, 12, day) - MONDAY).days for day in (25, 26)]
    for place in spring:
        rows[place] = 2
    found = of_months(counts(rows, holidays=(*spring, *winter)), 24)
    assert found.work[-1] == pytest.approx(29 + 2 * 0.2, rel=0.01)
    assert found.share[-1] == pytest.approx(24 / 29.4, rel=0.01)


def test_what_comes_later_does_not_tell_what_was_usual_before() -> None:
    week = [10.0] * 5 + [0.0, 0.0]
    rows = (week * 53)[:366]
    before = of_months(counts(rows), 13)
    changed = rows[:335] + [99.0] * 31
    after = of_months(counts(changed), 13)
    np.testing.assert_array_equal(before.share, after.share)
    np.testing.assert_array_equal(before.work, after.work)


def test_without_any_rows_all_days_are_alike() -> None:
    found = of_months(counts([0.0] * 366), 31)
    assert found.share[-1] == 1
    assert found.work.tolist() == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def test_some_days_and_not_all_count_while_some_and_not_all_are_over() -> None:
    found = of_months(counts([10.0] * 366), 1)
    assert set(found.days) == {1}
    assert set(of_months(counts([10.0] * 366), 0).days) == {0}
    assert (of_months(counts([10.0] * 366), 30).days < [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]).all()


def test_days_of_weeks() -> None:
    """A period of seven days: three are over in each."""
    starts = np.arange(0, 70, 7)
    found = elapsed(counts([1.0] * 70), starts, starts + 7, 3)
    assert set(found.days) == {3}
    assert timedelta(days=int(found.days[-1])) < timedelta(days=7)
