"""What is checked: a table of the warehouse, or a frame in memory, and the checks on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from kpi_pipeline.checks import CheckBase
from kpi_pipeline.names import TableRef


@dataclass(frozen=True)
class CheckTarget:
    """A table of the warehouse and its checks.

    `asset` is the name it is reported under, such as `raw/invoice_lines`; the table may be the staging copy of it.
    `related` says which table a source or model named in `relationships` is. `timezone` is that of naive timestamps.
    """

    asset: str
    table: TableRef
    checks: Sequence[CheckBase]
    personal: Sequence[str] = ()
    related: Mapping[str, TableRef] = field(default_factory=dict)
    timezone: str = "UTC"


@dataclass(frozen=True)
class FrameTarget:
    """A frame such as a KPI table, under the name it is reported by, and its checks."""

    asset: str
    frame: pl.DataFrame
    checks: Sequence[CheckBase]
    personal: Sequence[str] = ()
