"""What a verdict on a link says to a manager, and the numbers that are told with it."""

from __future__ import annotations

import pytest

from kpi_pipeline.evidence import Reason
from kpi_pipeline.evidence_numbers import done_to_series, numbers_of
from kpi_pipeline.evidence_words import MEANINGS, VERDICTS, sentence_of, verdict_written
from kpi_pipeline.verdict import Verdict
from tests.evidence_rows import Row, evidence_row

NOT_SEEN = {"verdict": "not_supported", "skill": -0.02, "measured_lag": 7}
TOO_LITTLE: Row = {
    "verdict": "too_little_data", "correlation": None, "measured_lag": None, "skill": None, "periods": 18,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {},
            "Watch New customers to know Sales 4 weeks ahead: that cuts the error of a forecast by 18 % (between 5 and 29 %).",
        ),
        (
            {"measured_sign": "negative", "expected_sign": "negative", "measured_lag": 1, "skill_low": None},
            (
                "Watch New customers to know Sales 1 week ahead: when the one rises, the other falls, and that cuts the error "
                "of a forecast by 18 %."
            ),
        ),
        (
            {"measured_lag": 2, "remarks": "lag_differs, fading"},
            (
                "Watch New customers to know Sales 2 weeks ahead: that cuts the error of a forecast by 18 % (between 5 and "
                "29 %). Claimed was after 4 weeks. It is fading: the latest stretch of time no longer shows it."
            ),
        ),
        (
            {"verdict": "weak", "reason_code": "no_skill", "skill": 0.03, "skill_low": -0.04, "skill_high": 0.1},
            (
                "A rise of New customers is followed by a rise of Sales 4 weeks later, but knowing it does not surely make a "
                "forecast better: its error falls by 3 % (between −4 and 10 %)."
            ),
        ),
        (
            {"verdict": "weak", "reason_code": "no_skill", "skill": -0.03, "measured_sign": "negative"},
            (
                "A rise of New customers is followed by a fall of Sales 4 weeks later, but knowing it does not surely make a "
                "forecast better."
            ),
        ),
        (
            {"verdict": "coincident", "reason_code": "same_period", "measured_lag": 0},
            "New customers and Sales move in the same week: neither tells of the other ahead.",
        ),
        (
            {"verdict": "feedback", "reason_code": "leads_both_ways"},
            "New customers and Sales each come before the other, so neither is only a leader.",
        ),
        (
            {"verdict": "reversed", "reason_code": "follows"},
            "It is the other way round: Sales comes before New customers by 3 weeks.",
        ),
        (
            NOT_SEEN | {"reason_code": "no_correlation"},
            (
                "No sign that a rise of New customers raises Sales: 120 weeks looked at, in which a correlation above 0.31 "
                "would have stood out."
            ),
        ),
        (
            NOT_SEEN | {"reason_code": "no_correlation", "expected_sign": "negative"},
            (
                "No sign that a rise of New customers lowers Sales: 120 weeks looked at, in which a correlation above 0.31 "
                "would have stood out."
            ),
        ),
        (
            NOT_SEEN | {"reason_code": "opposite_sign", "measured_sign": "negative"},
            "Not as claimed: when New customers rises, Sales falls 7 weeks later; 120 weeks looked at.",
        ),
        (
            {"verdict": "weak", "reason_code": "no_precedence"},
            "A rise of New customers is followed by a rise of Sales 4 weeks later, but the past of Sales itself tells as much.",
        ),
        (
            {"verdict": "coincident", "measured_lag": 0, "both_made_of": "Net sales"},
            (
                "New customers and Sales move in the same week: neither tells of the other ahead. Both are computed from "
                "Net sales, so part of this is arithmetic."
            ),
        ),
        (
            NOT_SEEN | {"reason_code": "no_correlation", "both_made_of": "Net sales", "stands_out": None},
            "No sign that a rise of New customers raises Sales: 120 weeks looked at.",
        ),
        (
            {"verdict": "too_little_data", "reason_code": "too_little_power", "stands_out": 0.944},
            (
                "Too little data: in 120 weeks of New customers and Sales only a correlation above 0.94 would have stood "
                "out from chance."
            ),
        ),
        (TOO_LITTLE | {"reason_code": "too_few_periods"}, "Too little data: 18 of the 40 weeks needed."),
        (
            TOO_LITTLE | {"reason_code": "too_few_periods", "longest_lag": 3},
            "Too little data: 18 of the 30 weeks needed.",
        ),
        (
            TOO_LITTLE | {"reason_code": "too_few_seasons"},
            "Too little data: 18 weeks in one piece do not hold a whole season.",
        ),
        (
            TOO_LITTLE | {"reason_code": "no_data"},
            "Too little data: there is no week in which both New customers and Sales have a value.",
        ),
        (
            TOO_LITTLE | {"reason_code": "constant"},
            "Nothing to compare: New customers or Sales hardly ever changes.",
        ),
        ({"verdict": None, "reason_code": None}, "Whether New customers comes before Sales was not tested yet."),
    ],
)
def test_what_a_manager_reads(changed: Row, said: str) -> None:
    assert sentence_of(evidence_row(**changed), "New customers", "Sales").replace("\N{NO-BREAK SPACE}", " ") == said


def test_every_verdict_and_reason_has_words() -> None:
    """Whatever decided, something is said that names both KPIs or counts what was there."""
    assert set(VERDICTS) == set(MEANINGS) == {one.value for one in Verdict}
    assert verdict_written(evidence_row(verdict=None)) == "not tested yet"
    for verdict in Verdict:
        for reason in Reason:
            row = evidence_row(verdict=verdict.value, reason_code=reason.value)
            assert sentence_of(row, "A", "B").endswith((".", ")."))


def test_every_number_is_told() -> None:
    told = dict(numbers_of(evidence_row()))
    assert told == {
        "Claimed": "after 4 weeks, positive",
        "Data": "120 weeks, 2009-01-05 to 2011-04-18",
        "Measured": "after 4 weeks",
        "Correlation there": "0.43",
        "By chance, one lag": "within ±0.18 in 95 of 100",
        "By chance, the highest": "within ±0.26 in 9 lags searched",
        "Would stand out": "a correlation above 0.31, corrected for all claims of the project",
        "p of the correlation": "below 0.001",
        "p corrected": "0.012, for all claims of the project",
        "Leader before follower": "p 0.002 (Toda-Yamamoto)",
        "Follower before leader": "p 0.612 (Toda-Yamamoto)",
        "Other direction": "−0.12 after 3 weeks, p 0.812",
        "Error of forecasts": "18\N{NO-BREAK SPACE}% smaller (between 5 and 29\N{NO-BREAK SPACE}%) over 44 forecasts, p 0.011",
        "Stretches that agree": "75\N{NO-BREAK SPACE}%",
    }


def test_an_error_that_grows_lies_between_what_grows() -> None:
    told = dict(numbers_of(evidence_row(skill=-0.08, skill_low=-0.82, skill_high=0.06)))["Error of forecasts"]
    assert told.replace("\N{NO-BREAK SPACE}", " ") == "8 % larger (between −6 and 82 %) over 44 forecasts, p 0.011"


def test_what_was_not_measured_is_left_out() -> None:
    nothing = evidence_row(**TOO_LITTLE) | dict.fromkeys(
        (
            "band",
            "search_band",
            "stands_out",
            "p_value",
            "p_adjusted",
            "granger_p",
            "reverse_p",
            "reverse_correlation",
            "stability",
        )
    )
    assert list(dict(numbers_of(nothing))) == ["Claimed", "Data"]
    assert done_to_series(nothing, {}) == ()


def test_what_was_done_to_the_series() -> None:
    assert done_to_series(evidence_row(), {}) == (
        "2 values that stood far out pulled in",
        "logarithms of both",
        "changes instead of levels",
        "the season removed (6 terms)",
        "the leader's own past removed from both (3 weeks)",
    )
    plain = evidence_row(
        clipped=0, leader_logged=False, differences=0, seasonality_removed=False, trend_removed=True,
        prewhitening_order=0, control="demand, season",
    )  # fmt: skip
    assert done_to_series(plain, {"demand": "Demand"}) == (
        "logarithms of the follower",
        "a straight trend removed",
        "what Demand and season may explain removed",
    )
