"""The drawing of a series."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.publish.scorecard.trend import HEIGHT, WIDTH, Moment, Trend, trend_of


def drawn(*values: float | None, complete: int | None = None, target: float | None = None) -> Trend | None:
    done = len(values) if complete is None else complete
    moments = [Moment(f"Week {at + 1}", value, target, at < done) for at, value in enumerate(values)]
    return trend_of(moments, lambda value: f"{value:g}", "week")


def test_a_hole_breaks_the_line() -> None:
    trend = drawn(1, 2, None, 3, 2)
    assert trend is not None
    assert trend.line.count("M") == 2


def test_the_unfinished_period_hangs_on_the_latest_complete_one() -> None:
    trend = drawn(1, 2, 3, 1.5, complete=3)
    assert trend is not None and trend.last is not None and trend.so_far is not None
    assert trend.pending == f"M{trend.last[0]:g} {trend.last[1]:g}L{trend.so_far[0]:g} {trend.so_far[1]:g}"
    assert trend.line.endswith(f"L{trend.last[0]:g} {trend.last[1]:g}")


def test_lowest_and_highest_leave_the_unfinished_period_out() -> None:
    trend = drawn(5, 7, 6, 1, complete=3)
    assert trend is not None
    assert (trend.low, trend.high) == ("5", "7")


def test_without_a_complete_period_there_is_only_the_hollow_dot() -> None:
    trend = drawn(4, complete=0)
    assert trend is not None
    assert (trend.line, trend.last, trend.summary) == ("", None, "No complete week has a value yet.")
    assert trend.so_far == (7, HEIGHT / 2)


def test_a_latest_period_without_a_value_has_no_dot() -> None:
    trend = drawn(4, 5, None)
    assert trend is not None
    assert trend.last is None


def test_zero_is_drawn_where_values_lie_on_both_sides() -> None:
    crossing, above = drawn(-1, 1), drawn(1, 2)
    assert crossing is not None and above is not None
    assert (crossing.zero, above.zero) == (HEIGHT / 2, None)


def test_the_target_is_always_in_the_picture() -> None:
    trend = drawn(10, 11, target=99)
    assert trend is not None
    assert trend.target == "M7 7H313"


def test_no_values_no_drawing() -> None:
    assert drawn() is None
    assert drawn(None, None, target=3) is None


numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.lists(st.none() | numbers, max_size=40), st.integers(0, 40), st.none() | numbers)
def test_every_point_lies_in_the_box(values: list[float | None], complete: int, target: float | None) -> None:
    trend = drawn(*values, complete=complete, target=target)
    assert (trend is None) == all(value is None for value in values)
    if trend is not None:
        for x, y in re.findall(r"[ML](\S+?) ([^MLh]+)", trend.line + trend.pending):
            assert 0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT
        for x in re.findall(r"[MH]([\d.]+)", trend.target):
            assert 0 <= float(x) <= WIDTH
        for y in re.findall(r"(?:V|M\S+ )([\d.]+)", trend.target):
            assert 0 <= float(y) <= HEIGHT
