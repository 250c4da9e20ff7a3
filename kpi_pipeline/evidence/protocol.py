"""The protocol: every step a claim goes through, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from kpi_pipeline.evidence.controls import past_of
from kpi_pipeline.evidence.enough import longest_lag, missing
from kpi_pipeline.evidence.nouns import Claim, Reason, Series, Tested
from kpi_pipeline.evidence.outliers import left_by_most, pulled_in, tamed
from kpi_pipeline.evidence.prewhiten import autoregression, filtered
from kpi_pipeline.evidence.regression import Columns
from kpi_pipeline.evidence.scan import scan
from kpi_pipeline.evidence.season import season_of
from kpi_pipeline.evidence.skill import skill
from kpi_pipeline.evidence.stability import share_held, windows
from kpi_pipeline.evidence.stationary import differences, exhausted, grows, scaled
from kpi_pipeline.evidence.toda_yamamoto import chosen_order, most_lags, precedence


def _none_yet() -> Series:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class Study:
    """A claim on its way through the protocol: what has been measured, and the series as they stand."""

    claim: Claim
    tested: Tested
    leader: Series = field(default_factory=_none_yet)
    follower: Series = field(default_factory=_none_yet)
    controls: tuple[Series, ...] = ()
    """Levels, without gaps and outliers, in logs where they grow."""
    season: Columns = field(default_factory=_none_yet)
    """What describes the season, a row for each period."""
    news: tuple[Series, ...] = ()
    """Leader and follower differenced, without season, trend and what the controls explain."""
    white: tuple[Series, ...] = ()
    """The same, prewhitened."""

    def measured(self, **numbers: object) -> Tested:
        """What was measured so far, with these numbers."""
        return replace(self.tested, **numbers)  # type: ignore[arg-type]


def test(claim: Claim) -> Tested:
    """Everything that can be measured for a claim; the same numbers for the same claim and seed."""
    study = Study(claim, Tested(claim.expected_lag, claim.expected_sign))
    for step in STEPS:
        study = step(study)
        if study.tested.reason is not None:
            break
    return study.tested


def take_stretch(study: Study) -> Study:
    """Keep the longest stretch without a gap, if that is enough."""
    claim = study.claim
    stretch, reason = missing(claim)
    if stretch is None:
        return replace(study, tested=study.measured(reason=reason))
    part = slice(stretch.first, stretch.last + 1)
    return replace(
        study,
        leader=np.asarray(claim.leader[part], dtype=np.float64),
        follower=np.asarray(claim.follower[part], dtype=np.float64),
        controls=tuple(np.asarray(control[part], dtype=np.float64) for control in claim.controls),
        tested=study.measured(
            reason=reason,
            periods=stretch.periods,
            first=stretch.first,
            last=stretch.last,
            longest_lag=longest_lag(claim.expected_lag),
        ),
    )


def take_logs(study: Study) -> Study:
    """Logarithms of what is positive and grows; everything in units of its own size."""
    leads, follows = grows(study.leader), grows(study.follower)
    return replace(
        study,
        leader=scaled(study.leader, logged=leads),
        follower=scaled(study.follower, logged=follows),
        controls=tuple(scaled(control, logged=grows(control)) for control in study.controls),
        tested=study.measured(leader_logged=leads, follower_logged=follows),
    )


def pull_in_outliers(study: Study) -> Study:
    """Values that stand far out come in."""
    leader, some = pulled_in(study.leader)
    follower, more = pulled_in(study.follower)
    controls = tuple(pulled_in(control)[0] for control in study.controls)
    return replace(
        study, leader=leader, follower=follower, controls=controls, tested=study.measured(clipped=some + more)
    )


def find_season(study: Study) -> Study:
    """Waves and peaks of the season, as many as the two series need."""
    found = season_of((study.leader, study.follower), study.claim.season)
    tested = study.measured(season_terms=len(found.terms), season=", ".join(found.terms))
    return replace(study, season=found.columns, tested=tested)


def make_stationary(study: Study) -> Study:
    """Difference both as often as one of them needs, and take out season, trend and the controls' past."""
    times, trend = differences((study.leader, study.follower), study.season)
    both = np.column_stack([np.diff(study.leader, times), np.diff(study.follower, times)])
    moved = tuple(np.diff(control, times) for control in study.controls)
    rows = len(both) - (study.tested.longest_lag if moved else 0)
    line = np.linspace(-1, 1, rows)[:, None] if trend else np.empty((rows, 0))
    given = np.column_stack([
        np.ones(rows), line, study.season[-rows:], past_of(moved, 0, study.tested.longest_lag, rows),
    ])  # fmt: skip
    left = np.column_stack([left_by_most(series, given) for series in both[-rows:].T])
    spent = any(exhausted(left[:, one], level) for one, level in enumerate((study.leader, study.follower)))
    tested = study.measured(differenced=times, trend_removed=trend, reason=Reason.CONSTANT if spent else None)
    return replace(study, news=(left[:, 0], left[:, 1]), tested=tested)


def prewhiten(study: Study) -> Study:
    """Filter both by the leader's own autoregression."""
    leader, follower = study.news
    coefficients = autoregression(leader)
    white = (tamed(filtered(leader, coefficients)), tamed(filtered(follower, coefficients)))
    spent = any(exhausted(white, news) for white, news in zip(white, study.news, strict=True))
    tested = study.measured(prewhitening_order=len(coefficients), reason=Reason.CONSTANT if spent else None)
    return replace(study, white=white, tested=tested)


def search_lags(study: Study) -> Study:
    """Correlations at all lags, and the p of the highest."""
    leader, follower = study.white
    found = scan(leader, follower, study.tested.longest_lag, study.claim.seed)
    return replace(
        study,
        tested=study.measured(
            measured_lag=found.lag,
            correlation=found.correlation,
            correlations=found.correlations,
            band=found.band,
            search_band=found.search_band,
            p_value=found.p_value,
            reverse_lag=found.reverse_lag,
            reverse_correlation=found.reverse_correlation,
            reverse_p_value=found.reverse_p_value,
        ),
    )


def ask_precedence(study: Study) -> Study:
    """Toda and Yamamoto in both directions, on levels."""
    both = np.column_stack([study.leader, study.follower])
    longest, spare = study.tested.longest_lag, max(1, study.tested.differenced)
    size = len(both) - (longest + spare if study.controls else 0)
    held = past_of(study.controls, 1, longest + spare, size)
    given = np.column_stack([np.ones(size), np.linspace(-1, 1, size), study.season[-size:], held])
    most = most_lags(size, 2, given.shape[1], longest, spare)
    order = chosen_order(both[-size:], min(most, max(1, study.claim.expected_lag)), most, given)
    ahead = precedence(both[-size:], (0,), (1,), order, spare, given)
    back = precedence(both[-size:], (1,), (0,), order, spare, given)
    if ahead is None or back is None:
        return study
    return replace(
        study,
        tested=study.measured(
            granger_order=order, granger_f=ahead.f, granger_p=ahead.p, reverse_f=back.f, reverse_p=back.p
        ),
    )


def compare_forecasts(study: Study) -> Study:
    """Forecasts at the claimed lag, with the leader and without."""
    horizon = max(1, study.claim.expected_lag)
    leader, follower = study.news
    found = skill(leader, follower, horizon, study.tested.longest_lag, study.claim.seed)
    if found is None:
        return study
    return replace(
        study,
        tested=study.measured(
            skill=found.skill,
            skill_low=found.low,
            skill_high=found.high,
            skill_p=found.p,
            forecasts=found.forecasts,
        ),
    )


def look_at_windows(study: Study) -> Study:
    """The correlation at the measured lag in parts of the periods."""
    tested = study.tested
    leader, follower = study.white
    start = (tested.first or 0) + tested.periods - len(leader)
    held = windows(leader, follower, tested.measured_lag or 0, tested.correlation or 0.0, start)
    return replace(study, tested=study.measured(windows=held, stability=share_held(held)))


STEPS: tuple[Callable[[Study], Study], ...] = (
    take_stretch,
    take_logs,
    pull_in_outliers,
    find_season,
    make_stationary,
    prewhiten,
    search_lags,
    ask_precedence,
    compare_forecasts,
    look_at_windows,
)
