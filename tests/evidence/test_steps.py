"""Each step of the protocol beside what it says it does, worked out in another way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.tsa.ar_model import AutoReg
from statsmodels.tsa.stattools import adfuller, ccf

from benchmarks.worlds import later, noise, remembering
from kpi_pipeline.evidence import Claim
from kpi_pipeline.evidence.adjusted import adjusted
from kpi_pipeline.evidence.controls import past_of
from kpi_pipeline.evidence.enough import Stretch, longest_stretch
from kpi_pipeline.evidence.outliers import left_by_most, pulled_in, tamed
from kpi_pipeline.evidence.prewhiten import autoregression, filtered
from kpi_pipeline.evidence.regression import left_over
from kpi_pipeline.evidence.scan import reordered, scan, turned_over
from kpi_pipeline.evidence.season import peaks_of, season_of, waves, waves_of
from kpi_pipeline.evidence.skill import diebold_mariano, errors, skill
from kpi_pipeline.evidence.stability import windows
from kpi_pipeline.evidence.stationary import Need, adf_lags, differences, grows, need

NONE = np.empty((200, 0))


def _rng(seed=0):
    return np.random.default_rng(seed)


# enough data
def test_the_longest_stretch_is_where_all_series_have_a_number():
    leader, follower, control = np.ones((3, 12))
    leader[2], follower[9], control[5] = np.nan, np.inf, np.nan
    assert longest_stretch(Claim(leader, follower)) == Stretch(3, 8)
    assert longest_stretch(Claim(leader, follower, controls=(control,))) == Stretch(6, 8)  # of two of three the later


# outliers
def test_an_outlier_is_pulled_in_and_a_shift_is_not():
    series = noise(_rng(), 100)
    high = series.copy()
    high[50] = 1000
    calmed, count = pulled_in(high)
    assert count >= 1 and calmed[50] < 20
    assert np.array_equal(np.delete(calmed, 50)[:40], np.delete(series, 50)[:40])
    shifted = series + 500 * (np.arange(100) >= 50)
    assert np.array_equal(pulled_in(shifted)[0], shifted)
    assert np.max(np.abs(tamed(high))) < 8


# logs and differences
def test_what_grows_by_shares_is_taken_in_logs():
    growth = np.exp(0.02 * np.arange(120) + 0.05 * noise(_rng(), 120))
    assert grows(growth)
    assert not grows(growth - 2)  # not positive
    assert not grows(100 + noise(_rng(), 120))  # its level does not move
    assert not grows(50 + np.arange(120) + noise(_rng(), 120))  # its level moves, its changes stay as large


def test_a_walk_is_differenced_a_line_is_removed_and_noise_is_left():
    quiet, line = noise(_rng(1), 200), np.arange(200.0)
    assert need(quiet) is Need.NOTHING
    assert need(0.1 * line + quiet) is Need.TREND
    walk = noise(_rng(3), 200).cumsum()
    assert need(walk) is Need.DIFFERENCE
    assert differences((quiet, noise(_rng(2), 200)), NONE) == (0, False)
    assert differences((quiet, walk), NONE) == (1, False)
    assert differences((quiet, walk.cumsum()), NONE) == (2, False)
    assert differences((quiet, 0.1 * line + quiet), NONE) == (0, True)


# season
def test_all_waves_of_a_year_are_the_dummies_of_its_months():
    dummies = np.array([[float(at % 12 == month) for month in range(12)] for at in range(60)])
    given = np.column_stack([np.ones(60), waves(60, 12, 6)])
    assert given.shape[1] == np.linalg.matrix_rank(given) == 12
    assert np.allclose(left_over(dummies, given), 0)


def test_a_smooth_season_takes_few_waves_and_christmas_a_peak():
    at = np.arange(156)
    smooth = 3 * np.sin(2 * np.pi * at / 52) + noise(_rng(3), 156)
    peaked = 6.0 * (at % 52 == 50) + noise(_rng(4), 156)
    fewest = 156 // 12
    none, bounds = np.empty((156, 0)), (fewest, 31)
    assert waves_of(smooth, 52, none, bounds) == waves_of(peaked, 52, (at % 52 == 50)[:, None], bounds) == fewest
    assert (peaks_of(smooth, 52, none), peaks_of(peaked, 52, none)) == ((), (50,))
    columns = season_of((smooth, peaked), 52).columns
    assert columns.shape[1] == 2 * fewest + 1
    left = left_over(peaked, np.column_stack([np.ones(156), columns]))
    assert np.max(np.abs(left[at % 52 == 50])) < 2.5
    assert season_of((smooth, peaked), 1).columns.shape == (156, 0)


def test_hours_have_a_week_and_days_a_year():
    at = np.arange(24 * 28)
    hours = np.sin(2 * np.pi * at / 24) + 3.0 * (at // 24 % 7 < 5) + 0.3 * noise(_rng(20), len(at))
    left = left_over(hours, np.column_stack([np.ones(len(at)), season_of((hours, hours), 24).columns]))
    assert left.std() < 0.45  # the week alone has 1.35
    days = np.arange(800)
    yearly = 3 * np.sin(2 * np.pi * days / 365) + 2.0 * (days % 7 == 0) + noise(_rng(21), 800)
    columns = season_of((yearly, yearly), 7).columns
    assert left_over(yearly, np.column_stack([np.ones(800), columns])).std() < 1.05
    for made in (columns, season_of((hours, hours), 24).columns):
        assert np.linalg.matrix_rank(made) == made.shape[1]
    assert season_of((yearly[:300], yearly[:300]), 7).columns.shape == (300, 6)


# prewhitening
def test_the_autoregression_is_found_and_filtered_out():
    series = remembering(_rng(5), 3000, 0.7)
    coefficients = autoregression(series)
    theirs = AutoReg(series, lags=len(coefficients), trend="c").fit()
    assert coefficients == pytest.approx(theirs.params[1:], abs=0.02)
    assert coefficients[0] == pytest.approx(0.7, abs=0.05)
    white = filtered(series, coefficients)
    assert len(white) == len(series) - len(coefficients)
    assert white[5] == pytest.approx(
        series[5 + len(coefficients)] - coefficients @ series[5 : 5 + len(coefficients)][::-1]
    )
    assert abs(np.corrcoef(white[1:], white[:-1])[0, 1]) < 0.04
    assert len(autoregression(noise(_rng(6), 300))) <= 2


# scan
def test_correlations_are_those_of_statsmodels_and_a_positive_lag_means_the_leader_is_first():
    leader = noise(_rng(7), 120)
    follower = later(leader, 3) + 0.5 * noise(_rng(8), 120)
    found = scan(leader, follower, longest_lag=6, seed=1)
    ahead = ccf(follower, leader, adjusted=False)[:7]  # pairs follower[t + k] with leader[t]
    behind = ccf(leader, follower, adjusted=False)[1:7]
    assert found.correlations == pytest.approx([*behind[::-1], *ahead])
    assert (found.lag, found.p_value) == (3, 0.0001)
    assert found.band == pytest.approx(1.96 / np.sqrt(120))
    assert found.search_band > found.band


@pytest.mark.parametrize("way", [reordered, turned_over])
def test_chance_keeps_every_number_of_the_leader(way):
    leader = noise(_rng(9), 50)
    drawn = way(leader, 20, _rng(10))
    assert drawn.shape == (20, 50)
    assert np.allclose(np.sort(np.abs(drawn), axis=1), np.sort(np.abs(leader)))
    assert len(np.unique(drawn.round(12), axis=0)) == 20


def test_one_event_is_not_made_a_season_of():
    """Least squares leave a quarter of it in the same month of each other year, in leader and follower alike."""
    months = np.column_stack([np.ones(48), waves(48, 12, 6)])
    series = 0.1 * noise(_rng(16), 48) + months[:, 1]
    calm, struck = left_over(series, months), series.copy()
    struck[20] += 50
    others = np.arange(48) != 20
    assert np.abs(left_over(struck, months) - calm)[others].max() > 10
    assert np.abs(left_by_most(struck, months) - calm)[others].max() < 0.3
    assert np.allclose(left_by_most(series, months), calm)


def test_few_months_can_stand_out_among_many_claims():
    """Ten blocks turned over would reach any height once in 512 draws: 50 claims ask for a smaller p."""
    leader = noise(_rng(12), 30)
    found = scan(leader, leader + 0.2 * noise(_rng(13), 30), 4, seed=1)
    assert found.p_value <= 0.05 / 50


def test_the_band_is_that_of_the_way_that_decides():
    """One event in both: put into another order chance stays below 0.5, upside down it comes as high."""
    leader, follower = (0.01 * noise(_rng(seed), 60) for seed in (14, 15))
    leader[30], follower[31] = 1, 1
    found = scan(leader, follower, 4, seed=1)
    assert found.correlation == pytest.approx(found.search_band, abs=0.01)


def test_p_is_uniform_where_there_is_nothing():
    found = [scan(noise(_rng([11, at]), 80), noise(_rng([12, at]), 80), 4, seed=at) for at in range(150)]
    p_values = np.array([one.p_value for one in found])
    # The larger of two p leans to the high side; it must never lean to the low one.
    assert stats.kstest(p_values, "uniform", alternative="greater").pvalue > 0.01
    assert 0.4 < p_values.mean() < 0.65
    assert stats.kstest([one.reverse_p_value for one in found], "uniform", alternative="greater").pvalue > 0.01


# skill
def test_diebold_mariano_by_hand():
    """Gains 1, 2, 3, 2 two periods ahead.

    Mean 2; deviations -1, 0, 1, 0; autocovariances 2/4 and 0/4; DM = 2 / sqrt(0.5 / 4) = 4 sqrt(2).
    Correction (4 + 1 - 4 + 2/4) / 4 = 0.375; so 4 sqrt(2) sqrt(0.375) = 2 sqrt(3), with 3 degrees of freedom.
    """
    assert diebold_mariano(np.array([1.0, 2.0, 3.0, 2.0]), 2) == pytest.approx(stats.t.sf(2 * np.sqrt(3), 3))
    assert diebold_mariano(-np.array([1.0, 2.0, 3.0, 2.0]), 2) == pytest.approx(stats.t.cdf(2 * np.sqrt(3), 3))
    assert diebold_mariano(np.zeros(5), 1) == 1


def test_forecasts_use_only_what_was_known():
    """Every forecast again, one origin at a time, with numpy's least squares on what was known there."""
    leader = noise(_rng(13), 60)
    follower = 0.8 * later(leader, 2) + 0.5 * remembering(_rng(14), 60, 0.5)
    horizon, longest = 2, 3
    own = max(1, min(6, len(autoregression(follower))))
    first = max(horizon + own - 1, longest)

    def row(at, lag):
        return [1.0, *(follower[at - horizon - back] for back in range(own)), *([leader[at - lag]] if lag else [])]

    def forecast(at, lag):
        """What is left in the known periods, and the error of the forecast."""
        known = range(first, at - horizon + 1)
        design, target = np.array([row(one, lag) for one in known]), follower[list(known)]
        coefficients, *_ = np.linalg.lstsq(design, target)
        return float(np.sum((target - design @ coefficients) ** 2)), float(follower[at] - row(at, lag) @ coefficients)

    alone, together = errors(leader, follower, horizon, longest)
    assert len(alone) == len(together) > 20
    for at in range(60 - len(alone), 60):
        made = at - (60 - len(alone))
        assert alone[made] == pytest.approx(forecast(at, None)[1], abs=1e-6)
        assert together[made] == pytest.approx(min(forecast(at, lag) for lag in (2, 3))[1], abs=1e-6)


def test_skill_is_what_the_leader_explains():
    leader = noise(_rng(15), 1500)
    follower = 0.6 * later(leader, 2) + 0.8 * noise(_rng(16), 1500)
    found = skill(leader, follower, 2, 4, seed=0)
    assert found.skill == pytest.approx(1 - 0.8, abs=0.03)
    assert found.low < found.skill < found.high and found.high - found.low < 0.1
    assert found.p < 1e-6
    useless = skill(noise(_rng(17), 300), follower[:300], 2, 4, seed=0)
    assert useless.skill < 0.02 and useless.p > 0.1
    assert skill(leader[:28], follower[:28], 2, 4, seed=0) is None


# corrected p-values
def test_benjamini_and_hochbergs_own_example():
    """The fifteen p-values of their paper (1995, section 4): the four smallest stand at 5 %."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    found = adjusted(p)
    by_hand = [min(15 * p[j] / (j + 1) for j in range(i, 15)) for i in range(15)]
    assert found == pytest.approx(by_hand)
    assert sum(one <= 0.05 for one in found) == 4
    assert adjusted([None, 0.03, None]) == (None, 0.03, None)
    assert adjusted([]) == () and adjusted([None]) == (None,)


# stability
def test_windows_cover_all_periods_and_see_a_change():
    leader = noise(_rng(18), 200)
    follower = later(leader, 2) * np.where(np.arange(200) < 100, 1, -1) + 0.3 * noise(_rng(19), 200)
    found = windows(leader, follower, lag=2, correlation=0.5, first=7)
    assert [(one.first, one.last) for one in found] == [(7, 106), (32, 131), (57, 156), (82, 181), (107, 206)]
    assert [one.holds for one in found] == [True, True, False, False, False]
    by_hand = stats.pearsonr(leader[:98], follower[2:100])
    assert (found[0].correlation, found[0].p_value) == pytest.approx((by_hand.statistic, by_hand.pvalue))
    assert windows(leader[:60], follower[:60], 2, 0.5, 0) == ()


# controls
def test_the_past_of_a_control_is_laid_beside_its_present():
    control = np.arange(6.0)
    assert past_of((control, 10 * control), 0, 2, 2).tolist() == [[4, 3, 2, 40, 30, 20], [5, 4, 3, 50, 40, 30]]
    assert past_of((), 0, 2, 4).shape == (4, 0)


@pytest.mark.parametrize("trend", ["c", "ct"])
def test_lags_of_adf_are_those_that_statsmodels_chooses(trend):
    for seed, memory in enumerate((0.0, 0.5, 0.9, -0.6, 0.0, 0.5, 0.9, -0.6)):
        series = remembering(_rng(seed), 90, memory)
        series = series.cumsum() if seed % 2 else series
        longest = int(12 * 0.9**0.25)
        theirs = adfuller(series, maxlag=longest, regression=trend, autolag="BIC", result_object=True)
        assert adf_lags(series, trend) == theirs.lags
