"""dbt MetricFlow: the three cumulative metrics, a query each, grain and breakdown.

Each such query joins the orders with the days that see them, which is most of what MetricFlow does for the workload.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contestants.metricflow import asked
from benchmarks.workload.metrics import CUMULATIVE

if TYPE_CHECKING:
    from benchmarks.answers import Answer
    from benchmarks.process import Clock


def compute(data: Path, _clock: Clock) -> list[Answer]:
    """The two rolling metrics and the one to date."""
    return asked(data, [(one,) for one in CUMULATIVE])
