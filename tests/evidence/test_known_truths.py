"""Published data of which the answer is known, to the digits given."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.datasets import interest_inflation, macrodata
from statsmodels.tsa.api import VAR

from kpi_pipeline.evidence import Claim, protocol
from kpi_pipeline.evidence.toda_yamamoto import precedence
from kpi_pipeline.evidence.verdict import judge_all
from kpi_pipeline.verdict import Verdict

DP, R = 0, 1
GDP, CONSUMPTION, INVESTMENT = 0, 1, 2


def _macro(*names):
    return macrodata.load_pandas().data[list(names)].to_numpy()


def _constant(values):
    return np.ones((len(values), 1))


@pytest.mark.parametrize(("causing", "caused", "f", "p"), [(R, DP, 3.8185, 0.0053), (DP, R, 1.4382, 0.2231)])
def test_interest_and_inflation(causing, caused, f, p):
    """Lütkepohl (2005, 7.6.3) and JMulTi: four lags restricted, one more estimated, variance divided by the periods."""
    rates = interest_inflation.load_pandas().data[["Dp", "R"]].to_numpy()
    found = precedence(rates, (causing,), (caused,), order=4, spare=1, given=_constant(rates))
    theirs = found.f * found.used / found.freedom
    assert theirs == pytest.approx(f, abs=5e-5)
    assert stats.f.sf(theirs, 4, 2 * found.freedom) == pytest.approx(p, abs=5e-5)


def test_consumption_comes_before_gdp_and_investment():
    changes = np.diff(np.log(_macro("realgdp", "realcons", "realinv")), axis=0)

    def f_and_p(causing, caused):
        found = precedence(changes, (causing,), (caused,), order=2, spare=0, given=_constant(changes))
        return round(found.f, 2), round(found.p, 2)

    assert f_and_p(CONSUMPTION, GDP) == (16.97, 0.0)
    assert f_and_p(CONSUMPTION, INVESTMENT) == (22.53, 0.0)
    assert f_and_p(GDP, CONSUMPTION) == (0.60, 0.55)


def test_unemployment_and_gdp_lead_each_other():
    changes = np.diff(np.column_stack([np.log(_macro("realgdp")), _macro("unemp")]), axis=0)
    for causing, caused in ((0, 1), (1, 0)):
        assert precedence(changes, (causing,), (caused,), 2, 0, _constant(changes)).p < 0.001


def test_levels_are_a_trap():
    """On levels both directions reject; on what the protocol makes of them one does."""
    levels = _macro("realgdp", "realcons", "realinv")
    ahead = precedence(levels, (CONSUMPTION,), (GDP, INVESTMENT), 4, 0, _constant(levels))
    back = precedence(levels, (GDP, INVESTMENT), (CONSUMPTION,), 4, 0, _constant(levels))
    assert (round(ahead.f, 2), round(back.f, 2)) == (11.14, 3.48)
    assert max(ahead.p, back.p) < 0.001
    consumption, gdp = levels[:, CONSUMPTION], levels[:, GDP]
    found = protocol.test(Claim(consumption, gdp))
    assert found.leader_logged and found.follower_logged and found.differenced == 1
    assert found.granger_p < 1e-6 and found.reverse_p > 0.15


def test_consumption_leads_investment_by_a_quarter():
    consumption, investment = _macro("realcons", "realinv").T
    (found,) = judge_all([protocol.test(Claim(consumption, investment))])
    assert found.verdict is Verdict.CONFIRMED
    assert found.tested.measured_lag == 1 and 0.10 < found.tested.skill < 0.15
    (back,) = judge_all([protocol.test(Claim(investment, consumption))])
    assert back.verdict is Verdict.REVERSED


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_test_is_that_of_statsmodels(order):
    changes = np.diff(np.log(_macro("realgdp", "realcons", "realinv")), axis=0)
    theirs = VAR(changes).fit(order)
    for causing, caused in (([0], [1]), ([0, 2], [1]), ([1], [0, 2])):
        f = precedence(changes, tuple(causing), tuple(caused), order, 0, _constant(changes)).f
        assert f == pytest.approx(theirs.test_causality(caused, causing, kind="f").test_statistic, rel=1e-8)


def test_spare_lags_are_estimated_but_not_restricted():
    """The same Wald statistic from a regression written out, with an explicit matrix of restrictions."""
    rng = np.random.default_rng(1)
    walks = rng.standard_normal((120, 2)).cumsum(axis=0)
    order, spare = 2, 1
    rows = np.arange(3, 120)
    design = np.array([[*(walks[t - lag, kind] for kind in (0, 1) for lag in (1, 2, 3)), 1.0] for t in rows])
    target = walks[rows, 1]
    coefficients, *_ = np.linalg.lstsq(design, target)
    left = target - design @ coefficients
    freedom = len(rows) - 7
    restricted = np.zeros((2, 7))
    restricted[0, 0] = restricted[1, 1] = 1  # the first series at lags 1 and 2, not at 3
    covariance = left @ left / freedom * np.linalg.inv(design.T @ design)
    value = restricted @ coefficients
    wald = value @ np.linalg.inv(restricted @ covariance @ restricted.T) @ value
    found = precedence(walks, (0,), (1,), order, spare, _constant(walks))
    assert found.f == pytest.approx(wald / 2)
    assert found.p == pytest.approx(stats.f.sf(wald / 2, 2, freedom))
    assert (found.used, found.freedom, found.restrictions) == (117, 110, 2)
