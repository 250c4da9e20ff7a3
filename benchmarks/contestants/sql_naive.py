"""DuckDB, one query a series, as a team without a semantic layer writes them: 288 queries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.answers import Answer
from benchmarks.contestants.sql_text import (
    ADDITIVE,
    DAYS,
    DISTINCT,
    GROSS,
    LAST_DAY,
    PERCENTILES,
    RATIOS,
    opened,
    period,
    year_before,
)
from benchmarks.workload.metrics import BREAKDOWNS, GRAINS, METRICS

if TYPE_CHECKING:
    from benchmarks.process import Clock

PLAIN = ADDITIVE | DISTINCT | PERCENTILES


def compute(data: Path, _clock: Clock) -> list[Answer]:
    """All 24 metrics."""
    with opened(data) as connection:
        return [
            Answer(grain, breakdown, connection.sql(query).to_arrow_table()) for grain, breakdown, query in queries()
        ]


def queries() -> Iterator[tuple[str, str, str]]:
    """Each series' grain, breakdown and query."""
    for metric in METRICS:
        for grain in GRAINS:
            for breakdown in BREAKDOWNS:
                yield grain, breakdown, query_of(metric, grain, breakdown or "''")


def query_of(metric: str, grain: str, segment: str) -> str:
    """The query of one series, with a row a period and segment."""
    match metric:
        case "revenue_28d":
            return _over_days(metric, grain, segment, "last_day - 27")
        case "revenue_mtd":
            return _over_days(metric, grain, segment, "date_trunc('month', last_day)")
        case "customers_28d":
            return _customers_28d(grain, segment)
        case "revenue_growth":
            return _growth(grain, segment)
        case _:
            return (
                f"SELECT {period(grain, 'ts')} AS period_start, {segment} AS segment, {_sql(metric)} AS {metric} "
                "FROM orders GROUP BY ALL"
            )


def _sql(metric: str) -> str:
    if metric in RATIOS:
        numerator, denominator = RATIOS[metric]
        return f"{PLAIN[numerator]}::DOUBLE / nullif({PLAIN[denominator]}, 0)::DOUBLE"
    return PLAIN[metric]


def _periods(grain: str) -> str:
    """Each period with its last day that has data."""
    return f"(SELECT {period(grain, 'day')} AS period_start, max(day) AS last_day FROM ({DAYS}) GROUP BY ALL)"


def _daily(segment: str) -> str:
    return f"(SELECT ts::DATE AS day, {segment} AS segment, sum({GROSS}) AS revenue FROM orders GROUP BY ALL)"


def _over_days(metric: str, grain: str, segment: str, first: str) -> str:
    """Revenue of the days up to the last one of each period."""
    return (
        f"SELECT period_start, segment, sum(revenue) AS {metric} FROM {_periods(grain)} "
        f"JOIN {_daily(segment)} ON day BETWEEN {first} AND last_day GROUP BY ALL"
    )


def _customers_28d(grain: str, segment: str) -> str:
    """NOTE: every day's window is faster as a window function, few windows are faster as a join."""
    if grain != "day":
        return (
            f"SELECT period_start, {segment} AS segment, count(DISTINCT customer_id) AS customers_28d "
            f"FROM {_periods(grain)} JOIN orders ON ts >= last_day - 27 AND ts < last_day + 1 GROUP BY ALL"
        )
    return (
        f"WITH seen AS (SELECT ts::DATE AS day, {segment} AS segment, customer_id FROM orders), "
        f"every_day AS (FROM seen UNION ALL SELECT day, segment, NULL FROM ({DAYS}), "
        "(SELECT DISTINCT segment FROM seen)) "
        "SELECT DISTINCT ON (day, segment) day AS period_start, segment, count(DISTINCT customer_id) OVER "
        "(PARTITION BY segment ORDER BY day RANGE BETWEEN INTERVAL 27 DAYS PRECEDING AND CURRENT ROW) AS customers_28d "
        f"FROM every_day WHERE day <= {LAST_DAY}"
    )


def _growth(grain: str, segment: str) -> str:
    """A period without orders has a revenue of nothing, which is a fall by all there was."""
    return (
        f"WITH found AS (SELECT {period(grain, 'ts')} AS period_start, {segment} AS segment, sum({GROSS}) AS revenue "
        "FROM orders GROUP BY ALL), "
        f"every AS (SELECT period_start, segment, coalesce(revenue, 0)::DOUBLE AS revenue FROM {_periods(grain)} "
        "CROSS JOIN (SELECT DISTINCT segment FROM found) LEFT JOIN found USING (period_start, segment)) "
        "SELECT now.period_start, now.segment, now.revenue / nullif(before.revenue, 0) - 1 AS revenue_growth "
        "FROM every AS now JOIN every AS before "
        f"ON before.segment = now.segment AND {year_before(grain, 'now', 'before')}"
    )
