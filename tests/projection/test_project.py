"""The way that is used, its interval, and that nothing is known too early."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.projection import Board, Projected, project
from kpi_pipeline.projection.choice import FEWEST, ORIGINS, choose
from kpi_pipeline.projection.interval import widths
from kpi_pipeline.projection.methods import forecasts, values_of
from kpi_pipeline.projection.nouns import METHODS, Method, Reason
from tests.projection.boards import NAN, board

RANDOM = np.random.default_rng(7)
SEED = RANDOM.bit_generator.state


@pytest.fixture(autouse=True)
def _same_draws() -> None:
    """Every test draws the same, whichever ran before it."""
    RANDOM.bit_generator.state = SEED


def method(found: Projected) -> Method:
    """The way that is used for the one series."""
    return METHODS[int(found.method[0])]


def noisy(
    periods: int, *, share: float = 0.5, noise: float = 0.02, size: float = 0.4
) -> tuple[list[float], list[float]]:
    """Ends that vary much, and what was in at a share of each that varies little."""
    ends = 100 * np.exp(RANDOM.normal(0, size, periods))
    so_far = ends * share * np.exp(RANDOM.normal(0, noise, periods))
    return ends.tolist(), so_far.tolist()


def test_what_is_in_tells_more_than_the_period_before() -> None:
    ends, so_far = noisy(40)
    found = project(board(ends, so_far))
    assert method(found) in (Method.share_in, Method.blend)
    assert METHODS[int(found.reference[0])] is Method.naive
    assert found.value[0] == pytest.approx(so_far[-1] / 0.5, rel=0.05)
    assert found.low[0] < found.value[0] < found.high[0]
    assert found.errors[found.method[0], 0] < 0.05 < found.errors[found.reference[0], 0]


def test_where_nothing_beats_the_naive_way_it_is_used() -> None:
    """What is in says nothing at all: a random walk."""
    ends = (1000 + np.cumsum(RANDOM.normal(0, 10, 60))).tolist()
    found = project(board(ends, RANDOM.uniform(100, 900, 60).tolist()))
    assert method(found) is Method.naive
    assert found.value[0] == pytest.approx(ends[-2])


def test_the_naive_way_goes_by_the_season_where_that_is_known() -> None:
    ends = [100 + 50 * (place % 4) + float(RANDOM.normal(0, 1)) for place in range(40)]
    found = project(board(ends, season=4))
    assert METHODS[int(found.reference[0])] is Method.seasonal_naive
    assert found.value[0] == pytest.approx(100 + 50 * 3, rel=0.05)


def test_about_four_of_five_intervals_hold() -> None:
    held = tried = 0
    for _ in range(40):
        ends, so_far = noisy(60, noise=0.1)
        found = project(board(ends, so_far))
        held, tried = held + int(found.covered[0]), tried + int(found.tried[0])
    assert tried > 1500
    assert 0.75 <= held / tried <= 0.85


def test_the_interval_is_the_error_at_its_place_by_hand() -> None:
    """Nine errors of the period before, in logarithms: 1 to 9 hundredths. Place 0.8 x 10 is the eighth of them."""
    steps = np.array([3, -1, 4, -6, 5, -9, 2, -8, 7]) / 100
    ends = np.exp(np.concatenate([[0.0], np.cumsum(steps)]))
    found = project(board([*ends, NAN]))
    assert method(found) is Method.naive
    assert (found.origins[0], found.value[0]) == (9, pytest.approx(ends[-1]))
    assert found.high[0] == pytest.approx(ends[-1] * np.exp(0.08))
    assert found.low[0] == pytest.approx(ends[-1] * np.exp(-0.08))


@pytest.mark.parametrize("periods", [1, 2, FEWEST, FEWEST + 1])
def test_too_few_periods_tell_nothing(periods: int) -> None:
    ends, so_far = noisy(periods)
    found = project(board(ends, so_far))
    assert np.isnan([found.value[0], found.low[0], found.high[0]]).all()
    assert found.reason == (Reason.too_few_periods,)


def test_a_constant_series_ends_as_ever() -> None:
    found = project(board([7.0] * 20, [3.5] * 20))
    assert (found.value[0], found.low[0], found.high[0]) == (7, 7, 7)
    assert found.covered[0] == found.tried[0] > 0


def test_when_all_is_in_it_ends_as_it_stands() -> None:
    ends, _ = noisy(30)
    found = project(board(ends, ends, share=1.0))
    assert found.value[0] == pytest.approx(ends[-1])
    assert found.high[0] - found.low[0] == pytest.approx(0, abs=1e-6)


def test_the_interval_narrows_as_the_period_goes_on() -> None:
    ends, _ = noisy(60)
    rest = np.exp(RANDOM.normal(0, 0.3, 60))
    widths = []
    for share in (0.2, 0.5, 0.9):
        so_far = np.array(ends) * share / (share + (1 - share) * rest)
        found = project(board(ends, so_far.tolist(), share=share))
        widths.append(float((found.high[0] - found.low[0]) / found.value[0]))
    assert widths == sorted(widths, reverse=True)


def test_a_period_that_has_just_begun_is_projected_all_the_same() -> None:
    ends, _ = noisy(30, size=0.1)
    found = project(board(ends))
    assert 50 < found.low[0] < found.value[0] < found.high[0] < 200


def test_what_never_falls_ends_no_lower_than_it_stands() -> None:
    """More is in than ever was in all: also by what came after the last complete day."""
    ends, so_far = noisy(30, size=0.1)
    much = [*so_far[:-1], 500.0]
    found = project(board(ends, much, grows=True, now=620))
    assert found.low[0] >= 620
    assert found.value[0] >= 620
    ungrown = project(board(ends, so_far, now=620))
    assert ungrown.low[0] < 620


def test_shares_stay_between_0_and_1() -> None:
    lower = [100.0] * 40
    upper = RANDOM.uniform(93, 100, 40).tolist()
    found = project(board(upper, [one / 2 for one in upper], below=(lower, [50.0] * 40)))
    assert 0.9 < found.low[0] <= found.value[0] <= found.high[0] <= 1
    assert not found.relative[0]


def test_values_below_zero_have_intervals_in_their_own_unit() -> None:
    ends = RANDOM.normal(-5, 40, 60)
    found = project(board(ends.tolist(), (ends / 2 + RANDOM.normal(0, 2, 60)).tolist()))
    assert not found.relative[0]
    assert found.low[0] < found.value[0] < found.high[0]


def test_counts_with_nothing_in_some_periods_do_not_end_below_nothing() -> None:
    ends = RANDOM.poisson(1.0, 60).astype(float).tolist()
    found = project(board(ends))
    assert found.low[0] >= 0


def test_gaps_are_passed_over() -> None:
    ends, so_far = noisy(60)
    for place in (3, 17, 18, 40, 58):
        ends[place] = NAN
    found = project(board(ends, so_far))
    assert found.value[0] == pytest.approx(so_far[-1] / 0.5, rel=0.1)


def test_one_huge_outlier_does_not_blow_it_up() -> None:
    ends, so_far = noisy(60)
    ends[30] *= 1e6
    found = project(board(ends, so_far))
    assert found.value[0] == pytest.approx(so_far[-1] / 0.5, rel=0.1)
    assert found.high[0] < 3 * found.value[0]


def test_everything_missing_tells_nothing() -> None:
    found = project(board([NAN] * 30, [NAN] * 30))
    assert found.reason == (Reason.too_few_periods,)


def test_a_leader_that_tells_is_used() -> None:
    """What the leader said a while ago moves the value up or down with it."""
    leader = RANDOM.normal(50, 10, 80)
    ends = 1000 + 20 * (leader - 50) + RANDOM.normal(0, 5, 80)
    found = project(board(ends.tolist(), leader=leader.tolist()))
    assert method(found) is Method.leader
    assert found.value[0] == pytest.approx(1000 + 20 * (leader[-1] - 50), abs=60)
    silent = project(board(ends.tolist()))
    assert method(silent) is not Method.leader
    assert found.errors[found.method[0], 0] < 0.6 * silent.errors[silent.method[0], 0]


def test_a_leader_that_tells_nothing_changes_little() -> None:
    """What follows it is learned, and next to nothing does."""
    moved = []
    for _ in range(30):
        ends = RANDOM.normal(1000, 100, 80).tolist()
        led = project(board(ends, leader=RANDOM.normal(50, 10, 80).tolist()))
        moved.append(abs(float(led.value[0] / project(board(ends)).value[0]) - 1))
    assert np.median(moved) < 0.01
    assert max(moved) < 0.1


@settings(max_examples=40)
@given(place=st.integers(3, 30), ahead=st.integers(1, 3), season=st.sampled_from([None, 4]), other=st.floats(-1e6, 1e6))
def test_no_period_of_the_past_knows_what_came_after_it(
    place: int, ahead: int, season: int | None, other: float
) -> None:
    """Whatever came from the period on that is asked about: forecasts, the way and the width are the same."""
    ends, so_far = noisy(34)
    leader = RANDOM.normal(50, 10, 34).tolist()
    later_ends = [*ends[: place - ahead + 1], *(other for _ in ends[place - ahead + 1 :])]
    later_so_far = [*so_far[: place + 1], *(other for _ in so_far[place + 1 :])]
    stages = [noisy(34)[1] for _ in range(1, ahead)]
    later_stages = [
        [*stood[: place - step + 1], *(other for _ in stood[place - step + 1 :])]
        for step, stood in enumerate(stages, 1)
    ]
    told = []
    for pair, later in (((ends, so_far), stages), ((later_ends, later_so_far), later_stages)):
        steps = list(enumerate(later, 1))
        made = forecasts(board(*pair, ahead=ahead, season=season, leader=leader, later=steps))
        off = np.abs(made - values_of(board(*pair, ahead=ahead)))
        chosen = choose(off, made, ahead)
        width, number = widths(off, chosen.method, ahead)
        told.append([made[:, 0, : place + 1], *(one[0, : place + 1] for one in (chosen.method, width, number))])
    for one, same in zip(*told, strict=True):
        np.testing.assert_array_equal(one, same)


def test_rows_of_a_board_do_not_touch_each_other() -> None:
    """Projected together or one by one, the same comes out; and twice the same."""
    boards = [board(*noisy(ORIGINS + 20), grows=bool(place % 2), now=1.0) for place in range(5)]
    together = project(_stacked(boards))
    again = project(_stacked(boards))
    np.testing.assert_array_equal(together.value, again.value)
    for place, one in enumerate(boards):
        alone = project(one)
        assert (alone.value[0], alone.low[0], alone.high[0]) == (
            together.value[place],
            together.low[place],
            together.high[place],
        )


def _stacked(boards: list[Board]) -> Board:
    def all_of(part: str, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.concatenate([getattr(getattr(one, part) if part else one, name) for one in boards])

    names = ("ends", "so_far", "adds")
    parts = {
        part: replace(boards[0].upper, **{name: all_of(part, name) for name in names}) for part in ("upper", "lower")
    }
    rest = {name: all_of("", name) for name in ("is_ratio", "grows", "now", "leader")}
    return replace(boards[0], **parts, **rest)
