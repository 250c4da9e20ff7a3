"""DuckDB, the best shared scan that we could write by hand: everything is read once for as much as can share it.

Sums and counts are taken once by day, channel and country, and rolled up from there. Customers are told apart once a
day and segment; longer periods count those pairs, all three filters at a time, and quarters count months. A customer's
days of activity make intervals, so that the rolling count is a sum of beginnings and ends. Both percentiles are one
call.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from benchmarks.answers import Answer
from benchmarks.contestants.sql_text import ADDITIVE, DAYS, GROSS, LAST_DAY, RATIOS, opened, period, year_before
from benchmarks.workload.metrics import BREAKDOWNS, GRAINS

if TYPE_CHECKING:
    from benchmarks.process import Clock

CountCustomers = Callable[[duckdb.DuckDBPyConnection, str], None]


def compute(data: Path, _clock: Clock) -> list[Answer]:
    """All 24 metrics."""
    return computed(data, count_customers)


def computed(data: Path, customers: CountCustomers) -> list[Answer]:
    """All 24 metrics, with one way or another to count customers."""
    with opened(data) as connection:
        _add_up(connection)
        answers = []
        for breakdown in BREAKDOWNS:
            _dense_days(connection, breakdown or "''")
            customers(connection, breakdown or "''")
            for grain in GRAINS:
                _order_values(connection, grain, breakdown or "''")
                answers.append(Answer(grain, breakdown, connection.sql(_all_metrics(grain)).to_arrow_table()))
        return answers


def _add_up(connection: duckdb.DuckDBPyConnection) -> None:
    """The one pass for sums and counts."""
    aggregates = ", ".join(f"{sql} AS {name}" for name, sql in ADDITIVE.items())
    connection.execute(
        f"CREATE TEMP TABLE added AS SELECT ts::DATE AS day, channel, country, {aggregates} FROM orders GROUP BY ALL"
    )


def _dense_days(connection: duckdb.DuckDBPyConnection, segment: str) -> None:
    """Every day of every segment, with what accumulates."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in ADDITIVE)
    filled = ", ".join(f"coalesce({name}, 0) AS {name}" for name in ADDITIVE)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE dense AS "
        f"WITH found AS (SELECT day, {segment} AS segment, {sums} FROM added GROUP BY ALL), "
        f"every AS (SELECT day, segment, {filled} FROM ({DAYS}) CROSS JOIN (SELECT DISTINCT segment FROM found) "
        "LEFT JOIN found USING (day, segment)) "
        "SELECT *, sum(revenue) OVER (PARTITION BY segment ORDER BY day ROWS 27 PRECEDING) AS revenue_28d, "
        "sum(revenue) OVER (PARTITION BY segment, date_trunc('month', day) ORDER BY day) AS revenue_mtd FROM every"
    )


def count_customers(connection: duckdb.DuckDBPyConnection, segment: str) -> None:
    """Makes `counted_<grain>` and `rolling`: customers by period, and of the 28 days up to each day."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE seen_day AS "
        f"SELECT ts::DATE AS period_start, {segment} AS segment, customer_id, "
        "bool_or(status = 'completed') AS completed, bool_or(product_category = 'electronics') AS electronics "
        "FROM orders GROUP BY ALL"
    )
    for grain, finer in (("week", "day"), ("month", "day"), ("quarter", "month")):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE seen_{grain} AS "
            f"SELECT {period(grain, 'period_start')} AS period_start, segment, customer_id, "
            f"bool_or(completed) AS completed, bool_or(electronics) AS electronics FROM seen_{finer} GROUP BY ALL"
        )
    for grain in GRAINS:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE counted_{grain} AS SELECT period_start, segment, count(*) AS customers, "
            "count_if(completed) AS completed_customers, count_if(electronics) AS electronics_customers "
            f"FROM seen_{grain} GROUP BY ALL"
        )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE changes AS WITH spans AS ("
        "SELECT period_start AS day, segment, lag(day) OVER days AS before, lead(day) OVER days AS after FROM seen_day "
        "WINDOW days AS (PARTITION BY segment, customer_id ORDER BY period_start)), "
        "steps AS (SELECT day, segment, 1 AS step FROM spans WHERE before IS NULL OR day - before >= 28 "
        "UNION ALL SELECT day + 28, segment, -1 FROM spans WHERE after IS NULL OR after - day >= 28) "
        "SELECT day, segment, sum(step) AS step FROM steps GROUP BY ALL"
    )
    add_steps(connection)


def add_steps(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes `rolling` of `changes`: how many customers joined the 28 days less how many left them, day by day."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE rolling AS SELECT day, segment, sum(coalesce(step, 0)) OVER "
        "(PARTITION BY segment ORDER BY day) AS customers_28d "
        "FROM (SELECT day, segment FROM dense) LEFT JOIN changes USING (day, segment)"
    )


def _order_values(connection: duckdb.DuckDBPyConnection, grain: str, segment: str) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE quantiles AS SELECT period_start, segment, q[1] AS median_order_value, "
        f"q[2] AS p95_order_value FROM (SELECT {period(grain, 'ts')} AS period_start, {segment} AS segment, "
        f"quantile_cont(({GROSS})::DOUBLE, [0.5, 0.95]) AS q FROM orders GROUP BY ALL)"
    )


def _all_metrics(grain: str) -> str:
    """Everything at one grain, side by side."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in ADDITIVE)
    ratios = ", ".join(
        f"{_column(over)}::DOUBLE / nullif({_column(under)}, 0)::DOUBLE AS {name}"
        for name, (over, under) in RATIOS.items()
    )
    return (
        f"WITH summed AS (SELECT {period(grain, 'day')} AS period_start, segment, {sums}, "
        "arg_max(revenue_28d, day) AS revenue_28d, arg_max(revenue_mtd, day) AS revenue_mtd, "
        "arg_max(customers_28d, day) AS customers_28d FROM dense JOIN rolling USING (day, segment) "
        f"WHERE day <= {LAST_DAY} GROUP BY ALL) "
        "SELECT now.*, customers, completed_customers, electronics_customers, median_order_value, p95_order_value, "
        f"{ratios}, "
        "now.revenue::DOUBLE / nullif(before.revenue, 0)::DOUBLE - 1 AS revenue_growth "
        f"FROM summed AS now LEFT JOIN counted_{grain} USING (period_start, segment) "
        "LEFT JOIN quantiles USING (period_start, segment) "
        f"LEFT JOIN summed AS before ON before.segment = now.segment AND {year_before(grain, 'now', 'before')}"
    )


def _column(name: str) -> str:
    return f"now.{name}" if name in ADDITIVE else name
