"""Days as whole numbers, so that spans of days are spans of places."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

FIRST = date(1970, 1, 1)


def day_number(day: date) -> int:
    """The days since 1970.

    >>> day_number(date(1970, 1, 3))
    2
    """
    return (day - FIRST).days


def day_numbers(days: pl.Series, since: date = FIRST) -> NDArray[np.int64]:
    """The days of a column, counted from one of them on.

    >>> day_numbers(pl.Series([date(2010, 3, 1), date(2010, 2, 27)]), since=date(2010, 2, 28)).tolist()
    [1, -1]
    """
    numbers: NDArray[np.int64] = days.cast(pl.Int32).cast(pl.Int64).to_numpy() - day_number(since)
    return numbers
