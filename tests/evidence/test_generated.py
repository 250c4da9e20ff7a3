"""Series made with a known leader, and series that only look as if they had one."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.worlds import KINDS, NULLS, led, noise, remembering, unrelated
from kpi_pipeline.evidence import Claim, Reason, protocol
from kpi_pipeline.evidence.verdict import judge_all
from kpi_pipeline.verdict import Verdict

STATIONARY, WALKS, SEASONAL = KINDS
SHIFTED = 4


def _judged(claims):
    """Each as the only claim of its project."""
    return [judge_all([protocol.test(claim)])[0] for claim in claims]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("lag", [1, 4, 8])
def test_lag_and_sign_are_found(kind, lag):
    for sign in (1, -1):
        claims = [led(kind, seed, periods=200, lag=lag, strength=0.7, sign=sign) for seed in range(4)]
        for found in _judged(claims):
            assert found.tested.measured_lag == lag
            assert np.sign(found.tested.correlation) == sign
            assert found.verdict in (Verdict.CONFIRMED, Verdict.FEEDBACK)
            assert 0.1 < found.tested.skill < 0.5  # 0.29 on average
            assert found.tested.skill_low < found.tested.skill < found.tested.skill_high


def test_power_rises_with_strength_and_with_periods():
    def confirmed(periods, strength):
        claims = [led(STATIONARY, seed, periods=periods, lag=4, strength=strength) for seed in range(25)]
        return sum(one.verdict is Verdict.CONFIRMED for one in _judged(claims))

    weak, usual, strong = confirmed(150, 0.2), confirmed(150, 0.5), confirmed(80, 0.5)
    assert weak < strong < usual
    assert usual >= 18


@pytest.mark.parametrize("null", NULLS, ids=lambda null: null.name)
def test_unrelated_series_are_not_confirmed(null):
    """The full study draws 1,000 of each; here is enough to notice that something broke."""
    confirmed = sum(one.verdict is Verdict.CONFIRMED for one in _judged(unrelated(null, seed) for seed in range(20)))
    assert confirmed <= 1


def test_a_third_cause_predicts_and_so_may_be_confirmed():
    null = NULLS[-1]
    claim = unrelated(null, 3, periods=260)
    hidden = Claim(claim.leader, claim.follower, expected_lag=4, seed=3)
    found, held = judge_all([protocol.test(hidden)])[0], judge_all([protocol.test(claim)])[0]
    assert found.verdict is Verdict.CONFIRMED
    assert held.verdict is Verdict.NOT_SUPPORTED


def test_a_link_of_the_wrong_sign_is_not_supported():
    made = led(STATIONARY, 0, periods=200, lag=4, strength=0.7, sign=-1)
    claim = Claim(made.leader, made.follower, expected_lag=4, expected_sign=1)
    (found,) = _judged([claim])
    assert (found.verdict, found.reason) == (Verdict.NOT_SUPPORTED, Reason.OPPOSITE_SIGN)


def test_a_link_the_wrong_way_round_is_reversed():
    made = led(WALKS, 1, periods=200, lag=4, strength=0.7)
    (found,) = _judged([Claim(made.follower, made.leader, expected_lag=4)])
    assert (found.verdict, found.reason) == (Verdict.REVERSED, Reason.FOLLOWS)
    assert found.tested.reverse_lag == 4


def test_what_moves_together_is_coincident():
    rng = np.random.default_rng(5)
    leader = remembering(rng, 200, 0.6)
    (found,) = _judged([Claim(leader, 0.7 * leader + 0.7 * noise(rng, 200), expected_lag=2)])
    assert (found.verdict, found.tested.measured_lag) == (Verdict.COINCIDENT, 0)


def test_both_ways_is_feedback():
    rng = np.random.default_rng(6)
    one, other = np.zeros(300), np.zeros(300)
    for t in range(2, 300):
        one[t] = 0.5 * other[t - 2] + rng.standard_normal()
        other[t] = 0.5 * one[t - 1] + rng.standard_normal()
    (found,) = _judged([Claim(one, other, expected_lag=1)])
    assert (found.verdict, found.tested.measured_lag, found.tested.reverse_lag) == (Verdict.FEEDBACK, 1, 2)


def test_another_lag_than_claimed_is_told():
    made = led(STATIONARY, 2, periods=260, lag=6, strength=0.7)
    (found,) = _judged([Claim(made.leader, made.follower, expected_lag=4)])
    assert found.verdict is Verdict.CONFIRMED  # known six periods ahead is known four ahead, too
    assert found.remarks == (Reason.LAG_DIFFERS,)


def test_a_leader_that_fades_is_told():
    rng = np.random.default_rng(7)
    leader, quiet = noise(rng, 260), noise(rng, 260)
    follower = quiet.copy()
    follower[SHIFTED:120] += 1.5 * leader[: 120 - SHIFTED]
    (found,) = _judged([Claim(leader, follower, expected_lag=4)])
    assert Reason.FADING in found.remarks
    assert found.tested.windows[0].holds and not found.tested.windows[-1].holds
    assert found.tested.stability < 1


def test_a_season_that_was_seen_less_than_twice_is_no_leader_either():
    wave = next(null for null in NULLS if null.name == "shared season, a wave")
    found = _judged(unrelated(wave, seed, periods=90) for seed in range(20))
    assert sum(one.verdict is Verdict.CONFIRMED for one in found) <= 1
    assert sum(one.tested.p_value <= 0.05 for one in found) <= 4
    assert all(4 <= one.tested.season_terms < 8 for one in found)
