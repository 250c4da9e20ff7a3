"""From the number of a row's combination of dimension values to the number of its segment."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kpi_pipeline.derive.segments import ALL, SEGMENT, Segments


def segment_numbers(segments: Segments, places: pl.DataFrame) -> NDArray[np.int64]:
    """The segment's number by place; a look-up table, so that rows need no join.

    NOTE: a combination that only rows after the newest day have is in no segment; those rows are not looked at.
    """
    if not segments.breakdown:
        return np.full(max(places.height, 1), ALL, np.int64)
    attached = segments.attached(places.lazy().with_row_index("_order")).collect().sort("_order")
    return attached.get_column(SEGMENT).fill_null(ALL).cast(pl.Int64).to_numpy()
