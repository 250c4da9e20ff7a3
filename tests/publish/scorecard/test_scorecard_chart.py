"""The drawing of a history: what was wished, how each period stood, what happened, where it is heading."""

from __future__ import annotations

from itertools import pairwise

from kpi_pipeline.publish.scorecard.chart import BOTTOM, TOP, Box, Chart, Instant, chart_of, round_steps


def drawn(*instants: Instant) -> Chart:
    chart = chart_of(instants, lambda value: f"{value:g}", "month")
    assert chart is not None
    return chart


def test_without_any_value_there_is_no_drawing() -> None:
    assert chart_of([Instant("May", None, 10.0)], str, "month") is None
    assert chart_of([], str, "month") is None


def test_the_scale_goes_from_nothing_where_the_lowest_value_is_not_far_above_it() -> None:
    assert [tick.text for tick in drawn(Instant("May", 20.0), Instant("June", 95.0)).scale] == [
        "0",
        "25",
        "50",
        "75",
        "100",
    ]
    assert drawn(Instant("May", 80.0), Instant("June", 95.0)).scale[0].text == "80"
    assert drawn(Instant("May", -95.0), Instant("June", -20.0)).scale[-1].text == "0"


def test_zero_has_a_line_only_between_values_of_both_signs() -> None:
    assert drawn(Instant("May", -4.0), Instant("June", 4.0)).zero == (TOP + BOTTOM) / 2
    assert drawn(Instant("May", 2.0), Instant("June", 4.0)).zero is None


def test_values_that_stay_the_same_have_a_scale_around_them() -> None:
    chart = drawn(Instant("May", 5.0), Instant("June", 5.0))
    assert chart.last == (990.0, (TOP + BOTTOM) / 2)
    assert round_steps(0.0, 0.0) == [-1.0, -0.5, 0.0, 0.5, 1.0]


def test_what_was_wished_is_open_upwards_downwards_or_a_band() -> None:
    above = drawn(Instant("May", 0.0, 5.0, low=5.0), Instant("June", 10.0, 5.0, low=5.0))
    assert above.wished == (Box(0.0, TOP, 1000.0, (BOTTOM - TOP) / 2),)
    below = drawn(Instant("May", 0.0, 5.0, high=5.0), Instant("June", 10.0, 5.0, high=5.0))
    assert below.wished == (Box(0.0, (BOTTOM + TOP) / 2, 1000.0, (BOTTOM - TOP) / 2),)
    band = drawn(Instant("May", 0.0, low=2.5, high=5.0), Instant("June", 10.0, low=2.5, high=5.0))
    assert [(box.y, box.height) for box in band.wished] == [((BOTTOM + TOP) / 2, (BOTTOM - TOP) / 4)]
    assert not band.target and band.edges.count("M") == 2, "a band has two ends and no line between them"


def test_a_target_that_changes_makes_boxes_without_a_gap() -> None:
    chart = drawn(*(Instant(f"{at}", float(at), float(at), low=float(at)) for at in range(7)))
    ends = [(box.x, box.x + box.width) for box in chart.wished]
    assert len(ends) == 7 and ends[0][0] == 0 and ends[-1][1] == 1000
    assert all(end == begin for (_, end), (begin, _) in pairwise(ends))


def test_what_is_wished_can_be_seen_where_no_value_came_near() -> None:
    chart = drawn(Instant("May", 61.0, 75.0, low=75.0), Instant("June", 68.0, 75.0, low=75.0))
    assert chart.scale[-1].text == "80" and chart.wished[0].height > 10
    spent = drawn(Instant("May", 81.0, 75.0, high=75.0), Instant("June", 94.0, 75.0, high=75.0))
    assert spent.scale[0].text == "70" and spent.wished[0].height > 10


def test_periods_without_a_target_have_no_box() -> None:
    chart = drawn(Instant("May", 1.0), Instant("June", 2.0, 2.0, low=2.0), Instant("July", 3.0))
    assert len(chart.wished) == 1


def test_each_status_has_marks_of_its_own_height() -> None:
    chart = drawn(
        Instant("May", 1.0, status="on_track"),
        Instant("June", 2.0, status="off_track"),
        Instant("July", 3.0, status="off_track"),
        Instant("August", 3.0, status="no_target"),
    )
    marks = dict(chart.ribbon)
    assert set(marks) == {"on_track", "off_track"}
    assert marks["off_track"].count("M") == 2 and "v-14" in marks["off_track"] and "v-4" in marks["on_track"]


def test_what_happened_is_numbered_from_the_left() -> None:
    chart = drawn(Instant("May", 1.0, note="Flood"), Instant("June", 2.0), Instant("July", 3.0, note="Sale"))
    assert [(flag.number, flag.x) for flag in chart.flags] == [(1, 10.0), (2, 990.0)]


def test_holidays_are_ticks_at_the_bottom() -> None:
    assert drawn(Instant("May", 1.0, holidays="Easter"), Instant("June", 2.0)).holidays == f"M10 {BOTTOM:g}v-7"


def test_the_period_in_progress_is_dashed_and_its_projection_has_an_interval() -> None:
    chart = drawn(
        Instant("May", 0.0),
        Instant("June", 5.0, complete=False, projected=10.0, projected_low=7.5, projected_high=10.0),
    )
    assert chart.line.startswith("M10") and "L" not in chart.line
    assert chart.pending.startswith("M10") and "L990" in chart.pending
    assert chart.projection is not None
    assert (chart.projection.y, chart.projection.low) == (TOP, TOP + (BOTTOM - TOP) / 4)
    assert chart.summary.endswith("June is expected to end at 10, between 7.5 and 10.")


def test_holes_in_the_data_stay_holes() -> None:
    assert drawn(Instant("May", 1.0), Instant("June", None), Instant("July", 3.0)).line.count("M") == 2


def test_dates_do_not_crowd() -> None:
    chart = drawn(*(Instant(f"{at}", 1.0 + at) for at in range(104)))
    assert [date.text for date in chart.dates] == ["0", "25", "51", "77", "103"]
    assert [date.text for date in drawn(Instant("May", 1.0)).dates] == ["May"]


def test_the_words_say_how_often_how_it_stood() -> None:
    chart = drawn(
        Instant("May", 1.0, 2.0, low=2.0, status="off_track"),
        Instant("June", 3.0, 2.0, low=2.0, status="on_track"),
        Instant("July", 1.5, 2.0, low=2.0, complete=False),
    )
    assert chart.summary == (
        "Trend over 2 months: 1 in May, 3 in June; lowest 1 in May, highest 3 in June. "
        "On track once, off track once. Wished in July: at least 2. July is not over: 1.5 so far."
    )
