"""Sums at the end of their type are exact, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.errors import DataError, QueryError
from tests.engine import engine

LARGEST = 2**63 - 1
TWO_DAYS = f"day date | amount bigint | until date\n2024-01-01 | {LARGEST} |\n2024-01-02 | {LARGEST} |"
SUM: dict[str, Any] = {"name": "total", "type": "simple", "model": "sales", "agg": "sum", "expr": "amount"}


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (SUM, 2.0 * LARGEST),
        ({**SUM, "agg": "average"}, float(LARGEST)),
        ({**SUM, "active": {"from": "day", "to": "until"}}, 2.0 * LARGEST),
        ({**SUM, "non_additive_dimension": {"name": "until", "window_agg": "max"}, "filter": "until IS NULL"}, None),
        ({**SUM, "non_additive_dimension": {"name": "day", "window_agg": "highest"}}, float(LARGEST)),
    ],
)
def test_days_that_each_fit_add_up_to_more(metric: dict[str, Any], value: float | None) -> None:
    model = {
        "name": "sales",
        "table": "raw.sales",
        "agg_time_dimension": "day",
        "dimensions": [{"name": "until", "type": "time"}],
    }
    with engine({"sales": TWO_DAYS}, metrics=[metric], models=[model]) as here:
        assert here.query(["total"]).item() == value


def test_a_window_of_days_that_each_fit() -> None:
    window = {"name": "ever", "type": "cumulative", "input_metric": "total"}
    with engine({"sales": TWO_DAYS}, metrics=[SUM, window]) as here:
        assert here.query(["ever"], grain="month").get_column("ever").to_list() == [2.0 * LARGEST]


@pytest.mark.parametrize("kind", ["bigint", "hugeint", "decimal(38,2)", "double"])
def test_a_day_that_does_not_fit_is_refused(kind: str) -> None:
    largest = {"bigint": LARGEST, "hugeint": 2**127 - 1, "double": 1e300}.get(kind, 9 * 10**35)
    rows = f"day date | amount {kind}\n2024-01-01 | {largest}\n2024-01-01 | {largest}"
    with engine({"sales": rows}, metrics=[SUM]) as here, pytest.raises(QueryError, match="too large"):
        here.query(["total"], grain="month")


def test_decimals_of_many_days_that_do_not_fit_are_refused() -> None:
    largest = 9 * 10**35
    rows = f"day date | amount decimal(38,2)\n2024-01-01 | {largest}\n2024-01-02 | {largest}"
    with engine({"sales": rows}, metrics=[SUM]) as here:
        with pytest.raises(DataError, match="more than 38 digits.*\nHint: count in thousands"):
            here.query(["total"], grain="month")
        assert here.query(["total"], grain="day").get_column("total").to_list() == [float(largest)] * 2
