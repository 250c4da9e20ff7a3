"""Values of what lasts: the rows active at the end of the days, or of the hour, that a period looks at."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.exact import wide_enough
from kpi_pipeline.derive.lasting import lasting_rows, lasting_values
from kpi_pipeline.derive.partials import Partials


def interval_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    return [_values(one, partials) for one in asked]


def _values(asked: Asked, partials: Partials) -> pl.LazyFrame:
    rows = lasting_rows(asked, asked.measure, partials)
    return lasting_values(wide_enough(rows, asked.named.values()), asked, partials)
