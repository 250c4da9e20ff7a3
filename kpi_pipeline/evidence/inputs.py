"""What the result of a test depends on, as one short name."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from kpi_pipeline.evidence.nouns import Claim

PROTOCOL_VERSION = 3
"""Raised whenever the same series would be judged by other numbers, so that everything is tested again."""


def input_hash(claim: Claim) -> str:
    """The name of everything the result depends on: every number, the claim itself, and the version of the protocol.

    >>> one = Claim(leader=np.array([1.0, 2.0]), follower=np.array([3.0, 4.0]))
    >>> other = Claim(leader=np.array([1.0, 2.0]), follower=np.array([3.0, 4.0]), expected_lag=2)
    >>> input_hash(one) == input_hash(other)
    False
    """
    said = (PROTOCOL_VERSION, claim.season, claim.expected_lag, claim.expected_sign, claim.seed, len(claim.controls))
    name = sha256(repr(said).encode())
    for series in (claim.leader, claim.follower, *claim.controls):
        numbers = np.ascontiguousarray(series, dtype="<f8") + 0.0  # one zero, not two
        numbers[np.isnan(numbers)] = np.nan  # one NaN, whatever its bits
        name.update(f"|{len(numbers)}|".encode())
        name.update(numbers.tobytes())
    return name.hexdigest()[:32]
