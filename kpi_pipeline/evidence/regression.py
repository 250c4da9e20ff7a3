"""Least squares with many regressors that may say the same thing twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kpi_pipeline.evidence.nouns import Series

Columns = NDArray[np.float64]
"""One regressor a column, one period a row."""


def lagged(series: Series, first: int, last: int, rows: int) -> Columns:
    """Columns with the series at lags `first` to `last`, for its last `rows` periods.

    >>> lagged(np.array([1.0, 2.0, 3.0, 4.0]), 1, 2, rows=2).tolist()
    [[2.0, 1.0], [3.0, 2.0]]
    """
    start = len(series) - rows
    columns = [series[start - lag : len(series) - lag] for lag in range(first, last + 1)]
    return np.column_stack(columns) if columns else np.empty((rows, 0))


def left_over(values: NDArray[np.float64], given: Columns) -> NDArray[np.float64]:
    """What of the values (a series or columns) the regressors do not explain."""
    kept = basis_of(given)
    remainder: NDArray[np.float64] = values - kept @ (kept.T @ values)
    return remainder


def basis_of(given: Columns) -> Columns:
    """Columns at right angles that say all that the regressors say, each once."""
    basis, strengths, _ = np.linalg.svd(given, full_matrices=False)
    return np.asarray(basis[:, strengths > 1e-10 * strengths.max(initial=1e-300)], dtype=np.float64)
