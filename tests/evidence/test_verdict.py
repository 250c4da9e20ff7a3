"""The rules, each with numbers that just pass it and just do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.worlds import KINDS, led
from kpi_pipeline.evidence import PROTOCOL_VERSION, Claim, Reason, Window, input_hash, inputs, nouns, protocol
from kpi_pipeline.evidence.adjusted import adjusted, needed
from kpi_pipeline.evidence.verdict import judge_all
from kpi_pipeline.verdict import Verdict

GOOD = nouns.Tested(
    expected_lag=4,
    expected_sign=1,
    periods=150,
    longest_lag=6,
    measured_lag=4,
    correlation=0.5,
    p_value=0.05,
    reverse_lag=1,
    reverse_correlation=0.1,
    reverse_p_value=0.5,
    granger_p=0.05,
    reverse_p=0.5,
    skill=0.1,
    skill_p=0.10,
)


@pytest.mark.parametrize(
    ("changed", "verdict", "reason"),
    [
        ({}, "confirmed", "leads"),
        ({"expected_sign": 0, "correlation": -0.5}, "confirmed", "leads"),
        ({"skill_p": 0.101}, "weak", "no_skill"),
        ({"skill_p": None, "skill": None}, "weak", "no_skill"),
        ({"skill": -0.01}, "weak", "no_skill"),
        ({"granger_p": 0.051}, "weak", "no_precedence"),
        ({"granger_p": None}, "weak", "no_precedence"),
        ({"correlation": -0.5}, "not_supported", "opposite_sign"),
        ({"p_value": 0.051}, "not_supported", "no_correlation"),
        ({"measured_lag": 0}, "coincident", "same_period"),
        ({"reverse_p_value": 0.05, "reverse_p": 0.05}, "feedback", "leads_both_ways"),
        ({"reverse_p_value": 0.05}, "confirmed", "leads"),
        ({"reverse_p": 0.05}, "confirmed", "leads"),
        ({"reverse_p_value": 0.05, "reverse_p": 0.05, "granger_p": 0.051}, "reversed", "follows"),
        ({"reverse_p_value": 0.05, "reverse_p": 0.05, "p_value": 0.051}, "reversed", "follows"),
        ({"p_value": None, "reverse_p_value": None, "reason": Reason.NO_DATA}, "too_little_data", "no_data"),
    ],
)
def test_rules(changed, verdict, reason):
    (found,) = judge_all([replace(GOOD, **changed)])
    assert (found.verdict, found.reason) == (verdict, reason)


@pytest.mark.parametrize(("expected", "measured", "told"), [(1, 2, True), (1, 1, False), (4, 5, False), (4, 6, True)])
def test_a_lag_that_differs_is_told(expected, measured, told):
    (found,) = judge_all([replace(GOOD, expected_lag=expected, measured_lag=measured)])
    assert (Reason.LAG_DIFFERS in found.remarks) is told


def test_fading_is_told():
    first, last = Window(0, 74, 0.6, 0.001, holds=True), Window(75, 149, 0.1, 0.5, holds=False)
    assert judge_all([replace(GOOD, windows=(first, last))])[0].remarks == (Reason.FADING,)
    assert judge_all([replace(GOOD, windows=(last, first))])[0].remarks == ()


def test_claims_are_corrected_for_each_other():
    many = [GOOD, *(replace(GOOD, p_value=p) for p in (0.4, 0.6, 0.8))]
    assert [one.verdict for one in judge_all(many)] == [Verdict.NOT_SUPPORTED] * 4
    assert judge_all(many)[0].p_adjusted == pytest.approx(0.2)
    untested = nouns.Tested(4, 1, Reason.NO_DATA)
    assert [one.verdict for one in judge_all([GOOD, untested])] == [Verdict.CONFIRMED, Verdict.TOO_LITTLE_DATA]
    assert judge_all([]) == ()


def test_what_could_not_be_seen_is_not_refused():
    """A correlation that only one event holds up, and nothing below 0.9 that could have stood out."""
    told = {}
    for band in (0.3, 0.66, 0.9):
        (told[band],) = judge_all([replace(GOOD, p_value=0.06, correlation=0.2, search_band=band)])
    assert [(one.verdict, one.reason) for one in told.values()] == [
        (Verdict.NOT_SUPPORTED, Reason.NO_CORRELATION),
        (Verdict.NOT_SUPPORTED, Reason.NO_CORRELATION),
        (Verdict.TOO_LITTLE_DATA, Reason.TOO_LITTLE_POWER),
    ]
    assert [one.stands_out for one in told.values()] == pytest.approx(list(told))
    many = [replace(GOOD, p_value=0.06, correlation=0.2, search_band=0.66)] * 12
    assert {one.reason for one in judge_all(many)} == {Reason.TOO_LITTLE_POWER}  # twelve ask for more than one


def test_a_high_correlation_by_chance_is_no_sign_against():
    (found,) = judge_all([replace(GOOD, p_value=0.06, correlation=0.95, search_band=0.5)])
    assert (found.verdict, found.stands_out) == (Verdict.TOO_LITTLE_DATA, 0.95)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_what_is_needed_is_what_would_be_found(p_values):
    """With just that p a claim is found, with more it is not."""
    for place, most in enumerate(needed(p_values, 0.05)):
        for p, is_found in ((most, True), (most + 1e-9, False)):
            changed = [*p_values[:place], p, *p_values[place + 1 :]]
            assert (adjusted(changed)[place] <= 0.05 + 1e-12) is is_found


def _claim(**changes):
    return replace(led(KINDS[2], 1, periods=120, lag=2, strength=0.6), **changes)


def test_the_same_claim_gives_the_same_numbers():
    assert protocol.test(_claim()) == protocol.test(_claim())
    other = protocol.test(_claim(seed=99))
    assert other != protocol.test(_claim())
    assert other.correlations == protocol.test(_claim()).correlations


def test_units_do_not_matter():
    plain = protocol.test(_claim())
    scaled = protocol.test(_claim(leader=_claim().leader * 1e6, follower=_claim().follower * 1e-3))
    assert scaled.correlations == pytest.approx(plain.correlations)
    assert (scaled.p_value, scaled.reverse_p_value) == pytest.approx((plain.p_value, plain.reverse_p_value), abs=0.002)
    assert (scaled.granger_p, scaled.skill) == pytest.approx((plain.granger_p, plain.skill), rel=1e-6)


def test_only_the_longest_stretch_counts():
    claim = _claim()
    gap = np.concatenate([claim.leader[:5], [np.nan], claim.leader])
    found = protocol.test(replace(claim, leader=gap, follower=np.concatenate([np.ones(6), claim.follower])))
    alone = protocol.test(claim)
    assert (found.first, found.last, found.periods) == (6, 125, 120)
    assert (found.correlations, found.p_value) == (alone.correlations, alone.p_value)
    assert [one.first - 6 for one in found.windows] == [one.first for one in alone.windows]


def test_the_steps_leave_the_claim_as_it_was():
    claim = _claim(controls=(np.arange(120.0),))
    before = claim.leader.copy()
    protocol.test(claim)
    assert np.array_equal(claim.leader, before)


def test_the_hash_names_everything_a_result_depends_on(monkeypatch):
    claim = _claim()
    hashes = {
        input_hash(one)
        for one in (
            claim,
            _claim(season=12),
            _claim(expected_lag=3),
            _claim(expected_sign=-1),
            _claim(seed=2),
            _claim(leader=claim.follower, follower=claim.leader),
            _claim(controls=(claim.leader,)),
            _claim(leader=np.nextafter(claim.leader, np.inf)),
            _claim(leader=np.append(claim.leader, 1.0)),
        )
    }
    assert len(hashes) == 9
    assert input_hash(claim) == input_hash(_claim())
    monkeypatch.setattr(inputs, "PROTOCOL_VERSION", PROTOCOL_VERSION + 1)
    assert input_hash(claim) not in hashes


def test_missing_is_missing_whatever_its_bits():
    one, other = np.array([0.0, np.nan]), np.array([-0.0, -np.nan])
    assert input_hash(Claim(one, one)) == input_hash(Claim(other, other))
