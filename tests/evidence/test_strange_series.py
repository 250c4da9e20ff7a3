"""Whatever the series look like: no crash, and nothing confirmed that is not there."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.evidence import Claim, Reason, protocol
from kpi_pipeline.evidence.verdict import judge_all
from kpi_pipeline.verdict import Verdict

RNG = np.random.default_rng(11)
N = 120
USUAL = RNG.standard_normal(N)


def _with(series, at, value):
    changed = series.copy()
    changed[at] = value
    return changed


OTHER = RNG.standard_normal(N)
UNTESTED = {
    "nothing at all": (np.empty(0), Reason.NO_DATA),
    "one value": (np.array([1.0]), Reason.TOO_FEW_PERIODS),
    "all missing": (np.full(N, np.nan), Reason.NO_DATA),
    "all infinite": (np.full(N, np.inf), Reason.NO_DATA),
    "constant": (np.full(N, 7.0), Reason.CONSTANT),
    "constant but for the last digit": (0.1 + RNG.choice([0.0, 1e-17], N), Reason.CONSTANT),
    "all zero": (np.zeros(N), Reason.CONSTANT),
    "constant but for one huge value": (_with(np.full(N, 7.0), 60, 1e12), Reason.CONSTANT),
    "shorter than the lag": (RNG.standard_normal(5), Reason.TOO_FEW_PERIODS),
    "a hole in every stretch": (_with(OTHER, slice(0, N, 20), np.nan), Reason.TOO_FEW_PERIODS),
}


@pytest.mark.parametrize(("series", "reason"), UNTESTED.values(), ids=UNTESTED.keys())
def test_what_cannot_be_tested_says_why(series, reason):
    usual = USUAL[: len(series)]
    for claim in (Claim(series, usual, expected_lag=6), Claim(usual, series, expected_lag=6)):
        (found,) = judge_all([protocol.test(claim)])
        assert (found.verdict, found.reason) == (Verdict.TOO_LITTLE_DATA, reason)
        assert found.p_adjusted is None and found.tested.p_value is None


def test_series_of_different_grains_have_different_lengths():
    (found,) = judge_all([protocol.test(Claim(USUAL, USUAL[::4]))])
    assert (found.verdict, found.reason) == (Verdict.TOO_LITTLE_DATA, Reason.LENGTHS_DIFFER)


def test_a_season_must_have_been_seen():
    (found,) = judge_all([protocol.test(Claim(USUAL[:51], OTHER[:51], season=52))])
    assert (found.verdict, found.reason) == (Verdict.TOO_LITTLE_DATA, Reason.TOO_FEW_SEASONS)


STRANGE = {
    "a gap": _with(OTHER, 20, np.nan),
    "an infinite value": _with(OTHER, 20, -np.inf),
    "one huge value": _with(OTHER, 60, 1e9),
    "huge values": OTHER * 1e300,
    "tiny values": OTHER * 1e-300,
    "a level shift": OTHER + 50 * (np.arange(N) > 70),
    "negative values": OTHER - 1000,
    "a straight line": np.arange(N, dtype=float),
    "exact growth": 1.05 ** np.arange(N),
    "a pure wave": np.sin(np.arange(N) * 2 * np.pi / 12),
    "zero or one": (OTHER > 0).astype(float),
    "mostly zero": np.where(OTHER > 0.9, OTHER, 0.0),
    "every other period zero": np.where(np.arange(N) % 2, OTHER, 0.0),
    "whole numbers": np.round(OTHER),
    "a random walk of random walks": OTHER.cumsum().cumsum(),
    "heavy tails": np.random.default_rng(2).standard_cauchy(N),
    "begins with zeros": np.where(np.arange(N) < 80, 0.0, OTHER),
    "steps": np.repeat(OTHER[::12], 12)[:N],
}


@pytest.mark.parametrize("season", [1, 12])
@pytest.mark.parametrize("series", STRANGE.values(), ids=STRANGE.keys())
def test_nothing_strange_is_confirmed(series, season):
    for claim in (Claim(series, USUAL, season, 4), Claim(USUAL, series, season, 4)):
        (found,) = judge_all([protocol.test(claim)])
        assert found.verdict is not Verdict.CONFIRMED
        numbers = [found.tested.p_value, found.tested.correlation, found.tested.granger_p, found.tested.skill]
        assert all(np.isfinite(number) for number in numbers if number is not None)


def test_a_series_and_itself_move_together():
    assert judge_all([protocol.test(Claim(USUAL, USUAL))])[0].verdict is Verdict.COINCIDENT


def test_strange_controls_do_no_harm():
    for control in (np.zeros(N), USUAL, OTHER, np.arange(N, dtype=float)):
        (found,) = judge_all([protocol.test(Claim(USUAL, OTHER, 12, 4, controls=(control,)))])
        assert found.verdict is not Verdict.CONFIRMED


@settings(max_examples=40)
@given(
    leader=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=0, max_size=60),
    follower=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=0, max_size=60),
    season=st.sampled_from([1, 4, 7, 12]),
    lag=st.integers(0, 20),
)
def test_any_numbers_give_a_verdict(leader, follower, season, lag):
    claim = Claim(np.array(leader, dtype=float), np.array(follower, dtype=float), season, lag)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert judge_all([protocol.test(claim)])[0].verdict in Verdict


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), few=st.integers(2, 4), periods=st.integers(30, 80), lag=st.integers(0, 6))
def test_few_distinct_numbers_give_a_verdict(seed, few, periods, lag):
    rng = np.random.default_rng(seed)
    leader, follower = rng.integers(0, few, (2, periods)).astype(float)
    claim = Claim(leader, follower, 4, lag)
    assert judge_all([protocol.test(claim)])[0].verdict in Verdict
