"""Leaders nobody has claimed: found where they are, and not found where they are not."""

from __future__ import annotations

import numpy as np

from benchmarks.worlds import NULLS, later, noise, remembering
from kpi_pipeline.evidence import season
from kpi_pipeline.evidence.discover import Discovery, discover


def _many(seed, count=8, periods=156):
    rng = np.random.default_rng(seed)
    return {
        f"kpi_{at}": remembering(rng, periods, 0.6).cumsum() if at % 2 else noise(rng, periods) for at in range(count)
    }


def test_a_leader_among_many_is_found_once_and_the_right_way_round():
    series = _many(1)
    series["follower"] = 0.7 * later(series["kpi_2"], 3) + 0.7 * noise(np.random.default_rng(2), 156)
    (found,) = discover(series).candidates
    assert (found.leader, found.follower, found.lag) == ("kpi_2", "follower", 3)
    assert found.correlation > 0.5 and found.p_value <= found.p_adjusted < 0.001 and found.granger_p < 0.001
    assert found == discover(dict(reversed(series.items()))).candidates[0]


def test_among_unrelated_series_hardly_anything_is_found():
    """Of 20 projects of eight unrelated KPIs, one is expected to have a false candidate."""
    assert sum(bool(discover(_many(seed)).candidates) for seed in range(100, 120)) <= 3


def test_a_shared_season_makes_no_candidates():
    shared = next(null for null in NULLS if null.name == "shared season, a wave")
    rng = np.random.default_rng(3)
    series = {f"kpi_{at}": shared.draw(rng, 156)[at % 2] for at in range(6)}
    assert len(discover(series, season=52).candidates) <= 1


def test_what_moves_together_is_no_candidate():
    series = _many(4, count=2)
    series["same"] = series["kpi_0"] + 0.3 * noise(np.random.default_rng(5), 156)
    assert discover(series).candidates == ()


def test_series_that_cannot_be_tested_are_left_out():
    series = _many(6, count=3)
    series |= {
        "constant": np.ones(156),
        "missing": np.full(156, np.nan),
        "young": np.append(np.full(140, np.nan), np.arange(16.0)),
    }
    series["line"] = np.arange(156.0)
    assert discover(series).pairs == 12  # of the three and the line
    assert discover({}) == discover({"alone": noise(np.random.default_rng(7), 156)}) == Discovery(0, ())


def test_the_season_of_a_series_is_looked_for_once(monkeypatch):
    """Not once for each pair it is in, nor once more to count the pairs."""
    looked = []
    asked = season.waves_of
    monkeypatch.setattr(season, "waves_of", lambda *given: looked.append(1) or asked(*given))
    assert discover(_many(8, count=4), season=52) == Discovery(12, ())
    assert len(looked) == 4
