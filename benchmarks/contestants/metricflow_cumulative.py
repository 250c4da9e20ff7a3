"""dbt MetricFlow: one of its cumulative metrics, at four grains and three breakdowns.

NOTE: each such query joins the orders with the days that see them, so one metric is measured, the distinct customers of
28 days at twelve queries; all three would take about three times as long.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contestants.metricflow import asked

if TYPE_CHECKING:
    from benchmarks.answers import Answer
    from benchmarks.process import Clock


def compute(data: Path, _clock: Clock) -> list[Answer]:
    """The rolling count of customers."""
    return asked(data, [("customers_28d",)])
