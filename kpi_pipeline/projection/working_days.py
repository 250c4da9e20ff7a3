"""Business days: how much of a period is over when some of its days are, by what usually comes on such days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpi_pipeline.projection.nouns import Flags, Numbers, Places

A_YEAR = 364
TWO_WEEKS = 14
WEEK = 7


@dataclass(frozen=True, eq=False)
class DayCounts:
    """Days in order: how many rows each has, its weekday (0 to 6), and whether it is a holiday."""

    rows: Numbers
    weekday: Places
    is_holiday: Flags


@dataclass(frozen=True, eq=False)
class Elapsed:
    """For each period how many of its days count as over, the share of its working days these are, and how many it has.

    A working day is one as they usually are; a Saturday on which half as much comes is half a day.
    """

    days: Places
    share: Numbers
    work: Numbers


def elapsed(counts: DayCounts, first: Places, after: Places, over: int) -> Elapsed:
    """How far each period was at the same point as the last one, of which `over` days are over.

    Args:
        counts: the days; rows need only be known of those before the last period.
        first: the place of each period's first day among them.
        after: the place after each period's last day.
        over: how many days of the last period are over.

    What is usual is told by the year before each period, so that nothing is known too early. Of an earlier period as
    many days count as come nearest to the same share.
    """
    weights = [_weights(counts, begin, end) for begin, end in zip(first, after, strict=True)]
    work = np.array([one.sum() for one in weights])
    shares = [np.concatenate([[0.0], np.cumsum(one)]) / one.sum() for one in weights]
    share = shares[-1][over]
    days = np.array([_nearest(one, share, over) for one in shares])
    days[-1] = over
    return Elapsed(days, np.array([one[at] for one, at in zip(shares, days, strict=True)]), work)


def _nearest(shares: Numbers, share: float, over: int) -> int:
    """The number of days whose share comes nearest; some, and not all, unless none or all are over."""
    if over == 0 or share >= 1:
        return 0 if over == 0 else len(shares) - 1
    inner = shares[1:-1] if len(shares) > 2 else shares[1:]
    return int(np.argmin(np.abs(inner - share))) + 1


def _weights(counts: DayCounts, begin: int, end: int) -> Numbers:
    """What each day of a period is worth in usual days, as the year before tells; all the same where nothing does."""
    usual, on_holidays = _usual(counts, begin)
    weekday, is_holiday = counts.weekday[begin:end], counts.is_holiday[begin:end]
    weights = np.where(is_holiday, on_holidays * usual[weekday], usual[weekday])
    return weights if weights.sum() > 0 else np.ones(end - begin)


def _usual(counts: DayCounts, begin: int) -> tuple[Numbers, float]:
    """What each weekday is worth, a day of an open week being worth 1 on average, and the share left on holidays."""
    since = max(begin - A_YEAR, 0)
    if begin - since < TWO_WEEKS:
        return np.ones(WEEK), 1.0
    rows, weekday, is_holiday = (one[since:begin] for one in (counts.rows, counts.weekday, counts.is_holiday))
    plain = np.logical_not(is_holiday)
    number = np.bincount(weekday[plain], minlength=WEEK)
    total = np.bincount(weekday[plain], weights=rows[plain], minlength=WEEK)
    mean = np.divide(total, number, out=np.zeros(WEEK), where=number > 0)
    if mean.sum() <= 0:
        return np.ones(WEEK), 1.0
    expected = mean[weekday[is_holiday]].sum()
    left = min(rows[is_holiday].sum() / expected, 1.0) if expected > 0 else float(mean.min() / mean.max())
    return mean * WEEK / mean.sum(), float(left)
