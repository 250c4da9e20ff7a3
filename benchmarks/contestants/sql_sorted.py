"""DuckDB, the shared scan with the sort trick: customers are counted at every grain, for every filter, from one sort.

Orders are sorted by segment, customer and day once a breakdown. An order counts for a period if the customer's order
before it lies in an earlier one; a filter looks at the order before it that passed. Such counts of first orders add up,
so they are taken once a day, and the rolling count comes from the gaps in the same order of rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from benchmarks.contestants.sql_shared import add_steps, computed
from benchmarks.contestants.sql_text import period
from benchmarks.workload.metrics import GRAINS

if TYPE_CHECKING:
    from benchmarks.answers import Answer
    from benchmarks.process import Clock

BEFORE = {
    "customers": "before",
    "completed_customers": "completed_before",
    "electronics_customers": "electronics_before",
}
PASSED = {"customers": "true", "completed_customers": "completed", "electronics_customers": "electronics"}


def compute(data: Path, _clock: Clock) -> list[Answer]:
    """All 24 metrics."""
    return computed(data, count_customers)


def count_customers(connection: duckdb.DuckDBPyConnection, segment: str) -> None:
    """Makes the tables that the other shared scan makes, with one sort."""
    firsts = ", ".join(
        f"count(CASE WHEN {PASSED[name]} AND ({before} IS NULL OR {period(grain, before)} < {period(grain, 'day')}) "
        f"THEN 1 END) AS {name}_{grain}"
        for name, before in BEFORE.items()
        for grain in GRAINS
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE firsts AS WITH seen AS ("
        f"SELECT ts::DATE AS day, {segment} AS segment, customer_id, status = 'completed' AS completed, "
        "product_category = 'electronics' AS electronics FROM orders), "
        "sorted AS (SELECT day, segment, completed, electronics, lag(day) OVER customer AS before, "
        "lead(day) OVER customer AS after, "
        "lag(CASE WHEN completed THEN day END IGNORE NULLS) OVER customer AS completed_before, "
        "lag(CASE WHEN electronics THEN day END IGNORE NULLS) OVER customer AS electronics_before FROM seen "
        "WINDOW customer AS (PARTITION BY segment, customer_id ORDER BY day)) "
        f"SELECT day, segment, {firsts}, count(CASE WHEN before IS NULL OR day - before >= 28 THEN 1 END) AS joined, "
        "count(CASE WHEN after IS NULL OR after - day >= 28 THEN 1 END) AS leaving FROM sorted GROUP BY ALL"
    )
    for grain in GRAINS:
        sums = ", ".join(f"sum({name}_{grain}) AS {name}" for name in BEFORE)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE counted_{grain} AS "
            f"SELECT {period(grain, 'day')} AS period_start, segment, {sums} FROM firsts GROUP BY ALL"
        )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE changes AS SELECT day, segment, sum(step) AS step FROM ("
        "SELECT day, segment, joined AS step FROM firsts UNION ALL SELECT day + 28, segment, -leaving FROM firsts) "
        "GROUP BY ALL"
    )
    add_steps(connection)
