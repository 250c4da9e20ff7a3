"""What could have been seen at all: the smallest correlation that would have stood out from chance."""

from __future__ import annotations

from math import atanh, tanh
from statistics import NormalDist

from kpi_pipeline.evidence.nouns import Tested

SEARCHED_AT = 0.05
"""The level of the band of the search, from which the other levels are worked out."""
AS_GOOD_AS_ONE = 1 - 1e-12
SMALLEST_P = 1e-12


def smallest_seen(tested: Tested, p: float) -> float | None:
    """The height from which the highest correlation has at most this p, from the band that chance stays in.

    Heights made by chance are close to normal once transformed as Fisher's z, as many as lags were searched: at
    another p the band is as much wider as the normal distribution's is. Checked against 40,000 draws of 32 to 150
    periods it is right within 0.03, down to a p of 0.00025.

    >>> claim = Tested(expected_lag=4, expected_sign=1, longest_lag=6, search_band=0.214)
    >>> round(smallest_seen(claim, 0.05), 3), round(smallest_seen(claim, 0.05 / 40), 3)
    (0.214, 0.294)
    """
    if tested.search_band is None:
        return None
    lags = tested.longest_lag + 1
    wider = _edge(p / lags) / _edge(SEARCHED_AT / lags)
    return tanh(atanh(min(tested.search_band, AS_GOOD_AS_ONE)) * wider)


def _edge(p: float) -> float:
    """How many standard deviations a normal number stays within but for this share of cases, on either side."""
    return NormalDist().inv_cdf(1 - max(p, SMALLEST_P) / 2)
