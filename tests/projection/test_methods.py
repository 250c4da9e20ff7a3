"""Each way to tell where a period ends, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from kpi_pipeline.projection import Board
from kpi_pipeline.projection.methods import forecasts
from kpi_pipeline.projection.nouns import METHODS, Method
from kpi_pipeline.projection.smoothing import WEIGHTS, later, usual
from tests.projection.boards import NAN, board

ENDS = [100.0, 120.0, 80.0, 100.0, 110.0, NAN]
SO_FAR = [40.0, 60.0, 40.0, 50.0, 55.0, 60.0]


def last(made: Board, method: Method) -> float:
    """What a method says of the period in progress."""
    return float(forecasts(made)[METHODS.index(method), 0, -1])


def test_naive_is_as_the_period_before_ended() -> None:
    assert last(board(ENDS, SO_FAR), Method.naive) == 110
    assert last(board(ENDS, SO_FAR, season=4), Method.seasonal_naive) == 120
    assert np.isnan(last(board(ENDS, SO_FAR), Method.seasonal_naive))


def test_what_is_in_is_divided_by_the_share_that_usually_is() -> None:
    # 40 %, 50 %, 50 %, 50 % and 50 % were in when half of the working days were over; 60 are in now.
    assert last(board(ENDS, SO_FAR), Method.share_in) == pytest.approx(60 / 0.5)


def test_the_usual_share_goes_by_working_days() -> None:
    """Half as many of this period's working days are over as of the others: half of the usual share is expected."""
    made = board(ENDS, SO_FAR, share=[0.5] * 5 + [0.25])
    assert last(made, Method.share_in) == pytest.approx(60 / 0.25)


def test_the_share_of_the_season_before_is_that_of_one_period() -> None:
    assert last(board(ENDS, SO_FAR, season=5), Method.share_in_season) == pytest.approx(60 / 0.4)


def test_the_rest_is_that_of_the_working_days_left() -> None:
    """Always 10 a working day in the second half; this period has 8 working days after this point instead of 5."""
    ends, so_far = [70.0, 80.0, 90.0, 100.0, NAN], [20.0, 30.0, 40.0, 50.0, 33.0]
    made = board(ends, so_far, share=[0.5] * 4 + [0.2], work=10)
    assert last(made, Method.usual_rest) == pytest.approx(33 + 8 * 10)


def test_the_rest_of_the_season_before_grows_as_lately() -> None:
    """Twice as much came in each period as in the same one of the season before, when 60 more followed."""
    ends, so_far = [100.0, 40.0, 200.0, 80.0, NAN], [40.0, 20.0, 80.0, 40.0, 90.0]
    assert last(board(ends, so_far, season=2), Method.seasonal_rest) == pytest.approx(90 + 120 * 2)


def test_the_blend_is_the_middle_one() -> None:
    made = board(ENDS, SO_FAR)
    others = [last(made, one) for one in (Method.naive, Method.share_in, Method.usual_rest)]
    seasonal = last(made, Method.seasonal_rest)
    assert np.isnan(seasonal)
    assert last(made, Method.blend) == pytest.approx(sorted(others)[1])


def test_a_level_stays_or_changes_as_usual() -> None:
    """A stock that always lost 5 after this point."""
    ends, so_far = [50.0, 60.0, 40.0, 45.0, NAN], [55.0, 65.0, 45.0, 50.0, 70.0]
    made = board(ends, so_far, adds=False)
    assert (last(made, Method.share_in), last(made, Method.usual_rest)) == (70, 65)


def test_a_ratio_is_projected_by_its_parts() -> None:
    """As much of the numerator as of the denominator is in; so far it is 30 of 60."""
    lower = ([200.0] * 5 + [NAN], [100.0] * 5 + [60.0])
    made = board([100.0] * 5 + [NAN], [25.0] * 5 + [30.0], below=lower)
    assert last(made, Method.share_in) == pytest.approx((30 / 0.25) / (60 / 0.5))
    assert last(made, Method.usual_rest) == pytest.approx((30 + 75) / (60 + 100))


def test_before_anything_is_in_the_whole_is_to_come() -> None:
    made = board([90.0, 100.0, 110.0, NAN])
    assert np.isnan(last(made, Method.share_in))
    assert 90 < last(made, Method.usual_rest) <= 110


def test_further_ahead_only_what_was_over_by_then_counts() -> None:
    made = board([1.0, 2.0, 3.0, 4.0, NAN, NAN, NAN], ahead=3)
    assert last(made, Method.naive) == 4
    assert forecasts(made)[METHODS.index(Method.naive), 0].tolist()[3:] == [1, 2, 3, 4]


def test_what_follows_a_period_is_told_step_by_step() -> None:
    """After this point 10 came within a period, as two periods show, then 5 until nothing could, as three show."""
    ends = [35.0, 45.0, 55.0, NAN, NAN, NAN]
    so_far = [20.0, 30.0, 40.0, 50.0, 60.0, 70.0]
    then = [30.0, 40.0, 50.0, 60.0, 70.0, NAN]
    made = board(ends, so_far, ahead=3, work=1, later=[(1, then)])
    assert last(made, Method.usual_rest) == pytest.approx(70 + 10 + 5)


def test_what_follows_is_a_share_of_those_it_may_follow() -> None:
    """Of each hundred ten came back within a period and five more after it; now there are a thousand."""
    people = [100.0, 200.0, 400.0, 1000.0, 1000.0]
    so_far = [20.0, 40.0, 80.0, 200.0, 300.0]
    then = [30.0, 60.0, 120.0, 300.0, NAN]
    made = board([35.0, 70.0, 140.0, NAN, NAN], so_far, below=(people, people), ahead=2, later=[(1, then)])
    assert last(made, Method.usual_rest) == pytest.approx((300 + 100 + 50) / 1000)


def test_smoothing_is_that_of_statsmodels() -> None:
    """With one weight on offer, the level is simple exponential smoothing as a kept library has it."""
    values = np.random.default_rng(1).normal(100, 10, 40)
    for weight in WEIGHTS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("kpi_pipeline.projection.smoothing.WEIGHTS", (weight,))
            ours = usual(values[None], 1)[0]
        fitted = SimpleExpSmoothing(values, initialization_method="known", initial_level=values[0]).fit(
            smoothing_level=weight, optimized=False
        )
        np.testing.assert_allclose(ours[1:], fitted.fittedvalues[1:])


def test_a_missing_period_leaves_the_level_as_it_is() -> None:
    np.testing.assert_array_equal(usual(np.array([[8.0, 8.0, NAN, NAN, 8.0]]), 1), [[NAN, 8, 8, 8, 8]])
    np.testing.assert_array_equal(later(np.array([[1.0, 2.0]]), 3), [[NAN, NAN]])
