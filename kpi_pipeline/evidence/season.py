"""The season as a few waves and peaks.

Dummies for the 52 weeks of a year would eat a third of three years of data. A smooth season needs few waves (a sine and
a cosine that fit into it once, twice, three times), the week before Christmas needs a peak of its own, and for months
or quarters all waves together are the dummies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpi_pipeline.evidence.nouns import Series
from kpi_pipeline.evidence.regression import Columns, lagged, left_over

ALWAYS = 2
"""Waves that are removed in any case: two that share a season must not be taken for leader and follower."""
CHEAP = 12
"""So many periods for each wave, and it is removed in any case, too."""
BEARABLE = 5
"""So many periods for each wave, and it is removed where the data ask for it."""
OWN_LAGS = 3
"""The series' own past that stands beside the season while it is looked for, so that a drift is not taken for one."""
MOST_PEAKS = 8
LONGER = {24: 168, 7: 365}
"""The season in which another one lies; of waves that would describe both, the shorter one keeps them."""
MOST_OF_LONGER = 26


@dataclass(frozen=True, eq=False)
class Season:
    """What describes a season: a row for each period, a column for each term.

    Of the t-th period, the first being the 0th, the term `cos 2/52` is the cosine of 2 pi 2 t / 52, `sin 2/52` the
    sine, and `at 2/52` is 1 where t divided by 52 leaves 2, else 0.
    """

    columns: Columns
    terms: tuple[str, ...]

    def only(self, kept: NDArray[np.bool_]) -> Season:
        """The same with these terms only."""
        return Season(
            self.columns[:, kept], tuple(term for term, is_kept in zip(self.terms, kept, strict=True) if is_kept)
        )

    def and_(self, other: Season) -> Season:
        """The terms of both."""
        return Season(np.column_stack([self.columns, other.columns]), (*self.terms, *other.terms))


def season_of(together: tuple[Series, ...], season: int) -> Season:
    """What describes the season of all, and of the longer one it lies in: hours have a week, days a year."""
    periods = len(together[0])
    if season <= 1:
        return Season(np.empty((periods, 0)), ())
    most = max(ALWAYS, periods // BEARABLE)
    short = _described(together, season, np.empty((periods, 0)), (max(ALWAYS, periods // CHEAP), most))
    longer = LONGER.get(season, 0)
    if not 0 < longer <= periods:
        return short
    more = _described(together, longer, short.columns, (ALWAYS, min(most, MOST_OF_LONGER)))
    news = left_over(more.columns, np.column_stack([np.ones(periods), short.columns]))
    return short.and_(more.only(np.sum(news**2, axis=0) > 0.01 * np.sum(more.columns**2, axis=0)))


def _described(together: tuple[Series, ...], season: int, beside: Columns, bounds: tuple[int, int]) -> Season:
    """All their peaks, and as many waves as the one that needs most; of a season not seen twice, the first waves."""
    periods = len(together[0])
    if periods < 2 * season:
        bounds = (ALWAYS, ALWAYS)
    peaks = tuple(sorted({peak for series in together for peak in peaks_of(series, season, beside)}))
    single = _peaks(periods, season, peaks)
    count = max(waves_of(series, season, np.column_stack([beside, single]), bounds) for series in together)
    if 2 * count + len(peaks) >= season - 1:
        count, single, peaks = season // 2, single[:, :0], ()  # whatever the shape, more terms say nothing more
    terms = (
        *(f"{kind} {wave}/{season}" for kind, wave in _moving(season, count)),
        *(f"at {peak}/{season}" for peak in peaks),
    )
    return Season(np.column_stack([waves(periods, season, count), single]), terms)


def _moving(season: int, count: int) -> list[tuple[str, int]]:
    """The first so many waves by sine and cosine; the sine of the shortest, which goes up and down, is always zero."""
    return [(kind, wave) for wave in range(1, count + 1) for kind in _KINDS if kind == "cos" or 2 * wave != season]


_KINDS = {"cos": np.cos, "sin": np.sin}


def waves(periods: int, season: int, count: int) -> Columns:
    """Sine and cosine of the first so many waves of a season.

    >>> waves(4, season=4, count=2).round(9).tolist()[1]
    [0.0, 1.0, -1.0]
    """
    at = 2 * np.pi * np.arange(periods) / season
    return np.column_stack([_KINDS[kind](wave * at) for kind, wave in _moving(season, count)])


def peaks_of(series: Series, season: int, beside: Columns) -> tuple[int, ...]:
    """Single periods of the season that stand out of its first waves every time, the highest first.

    One is taken where it explains more than the best of so many periods would by chance. `beside` are columns that are
    known already.
    """
    known, value = _known(series, beside)
    rows = len(value)
    given = np.column_stack([known, waves(len(series), season, min(ALWAYS, season // 2))[-rows:]])
    twice = min(season, max(0, len(series) - season))  # those that came at least twice
    if not twice:
        return ()
    candidates = _peaks(len(series), season, tuple(range(twice)))[-rows:]
    left, free = left_over(value, given), left_over(candidates, given)
    found: list[int] = []
    while len(found) < min(MOST_PEAKS, rows // CHEAP):
        sizes = np.sum(free**2, axis=0)
        gains = np.where(sizes > 0.1, (free.T @ left) ** 2 / np.maximum(sizes, 0.1), 0.0)
        best = int(np.argmax(gains))
        freedom = rows - given.shape[1] - len(found) - 1
        if freedom < 1 or gains[best] <= 2 * np.log(season) * (left @ left - gains[best]) / freedom:
            break
        found.append(best)
        direction = free[:, best] / np.sqrt(sizes[best])
        left = left - direction * (direction @ left)
        free = free - np.outer(direction, direction @ free)
    return tuple(found)


def waves_of(series: Series, season: int, beside: Columns, bounds: tuple[int, int]) -> int:
    """How many waves there are, within these bounds, by the corrected criterion of Akaike."""
    least, most = (min(season // 2, bound) for bound in bounds)
    known, value = _known(series, beside)
    rows = len(value)
    given = np.column_stack([known, waves(len(series), season, most)[-rows:]])
    explained = np.linalg.qr(given)[0].T @ value
    left = float(value @ value) - np.cumsum(explained**2)
    ends = [known.shape[1] + min(2 * wave, season - 1) for wave in range(least, most + 1)]
    return least + int(np.argmin([_criterion(left[min(end, rows) - 1], rows, end) for end in ends]))


def _known(series: Series, beside: Columns) -> tuple[Columns, Series]:
    """What is known beside the season, a constant, a trend, the own past and more; and the values they explain."""
    rows = len(series) - OWN_LAGS
    straight = np.column_stack([np.ones(rows), np.linspace(-1, 1, rows)])
    return np.column_stack([straight, lagged(series, 1, OWN_LAGS, rows), beside[-rows:]]), series[OWN_LAGS:]


def _peaks(periods: int, season: int, peaks: tuple[int, ...]) -> Columns:
    """A column for each: 1 in that period of every season, else 0."""
    at = np.arange(periods) % season
    return np.array([np.where(at == peak, 1.0, 0.0) for peak in peaks]).reshape(len(peaks), periods).T


def _criterion(left: float, rows: int, terms: int) -> float:
    return rows * float(np.log(max(left, 1e-300))) + 2 * (terms + 1) * rows / max(rows - terms - 2, 1)
