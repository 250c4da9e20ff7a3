"""Percentiles of runs are those of the runs' values, however long the runs are and whatever else is asked."""

from __future__ import annotations

import numpy as np
import pytest

from kpi_pipeline.derive import runs
from kpi_pipeline.derive.runs import percentiles, runs_of

SHARES = [(0.5, False), (0.95, False), (0.0, True), (1.0, False), (0.5, True), (0.951, True)]


@pytest.mark.parametrize("short", [0, 20, 10_000], ids=["selected", "some of both", "sorted together"])
@pytest.mark.parametrize("shares", [SHARES, SHARES[:2], SHARES[2:3]], ids=["many", "two", "one"])
def test_percentiles_are_those_of_each_run(
    short: int, shares: list[tuple[float, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "SHORT", short)
    monkeypatch.setattr(runs, "TOGETHER", 300)
    random = np.random.default_rng(5)
    values = np.round(random.lognormal(3, 1, 3000), 1)
    cuts = np.unique(random.integers(0, 3000, 90))
    starts, ends = np.append(0, cuts[cuts > 0]), np.append(cuts[cuts > 0], 3000)
    found = percentiles(values, starts, ends, shares)
    for (share, discrete), column in zip(shares, found, strict=True):
        method = "inverted_cdf" if discrete else "linear"
        expected = [np.quantile(values[a:b], share, method=method) for a, b in zip(starts, ends, strict=True)]
        assert column == pytest.approx(expected, rel=1e-12)


def test_infinite_values_are_values() -> None:
    values = np.array([1.0, np.inf, np.inf, 2.0, np.inf])
    (median,) = percentiles(values, np.array([0, 3]), np.array([3, 5]), [(0.5, False)])
    assert median.tolist() == [np.inf, np.inf]


@pytest.mark.parametrize("days", [7, 70_000])
def test_runs_hold_the_values_of_their_cells(days: int) -> None:
    random = np.random.default_rng(6)
    cell = random.integers(0, 2 * days, 500)
    values = random.random(500)
    made = runs_of(cell, values, segments=2, days=days)
    for one in np.unique(cell)[:50]:
        segment, day = np.divmod(np.array([one]), days)
        start, end = made.between(segment, day, day)
        assert sorted(made.values[start[0] : end[0]]) == sorted(values[cell == one])
