"""What may move both is held constant: its past is taken out of leader and follower alike."""

from __future__ import annotations

import numpy as np

from kpi_pipeline.evidence.nouns import Series
from kpi_pipeline.evidence.regression import Columns, lagged


def past_of(controls: tuple[Series, ...], first: int, last: int, rows: int) -> Columns:
    """The controls at lags `first` to `last`, for the last `rows` periods."""
    columns = [lagged(control, first, last, rows) for control in controls]
    return np.column_stack(columns) if columns else np.empty((rows, 0))
