"""What the data can say of the claim that one KPI leads another, and how long they must be watched for that."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What the data say of a claim; `confirmed` means that the leader predicts the follower, not that it causes it."""

    CONFIRMED = "confirmed"
    """It comes before the follower, with the claimed sign, and forecasts made with it were better."""
    WEAK = "weak"
    """It comes before the follower, with the claimed sign, but this did not make forecasts surely better."""
    COINCIDENT = "coincident"
    """The two move together in the same period."""
    FEEDBACK = "feedback"
    """Each comes before the other."""
    REVERSED = "reversed"
    """The follower comes before the leader, and not the other way round."""
    NOT_SUPPORTED = "not_supported"
    """There was enough data to see the claim if it were strong, and it cannot be seen."""
    TOO_LITTLE_DATA = "too_little_data"
    """Nothing can be said; the reason says what is missing."""


AGAINST = frozenset({Verdict.NOT_SUPPORTED, Verdict.REVERSED})
"""What speaks against a claim."""


CLAIM_KEY = ("kpi", "leads_kpi", "grain", "expected_lag", "segment")
"""The columns that tell a claim, or a segment of it, from all others."""


def fewest_periods(longest_lag: int) -> int:
    """How many periods a test needs that searches up to a lag: thirty, and five for each lag.

    >>> fewest_periods(4), fewest_periods(12)
    (30, 60)
    """
    return max(30, 5 * longest_lag)
