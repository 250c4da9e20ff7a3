"""Failing rows of models show no personal value, whatever the model calls its column."""

from __future__ import annotations

import pytest

from kpi_pipeline.errors import DataError
from tests.project import Shop


def test_failing_rows_of_models_show_no_personal_value(shop: Shop) -> None:
    shop.edit("definitions/models.yaml", "SELECT invoice, customer,", "SELECT invoice, upper(customer) AS buyer,")
    shop.edit("definitions/models.yaml", "column: amount, max: 100000", "column: amount, max: 1, severity: warn")
    shop.edit("definitions/metrics.yaml", "expr: customer", "expr: buyer")
    report = shop.run()
    (failed,) = report.failed_checks
    assert {row["buyer"] for row in failed.sample} == {"•••"}
    customers = [str(name) for (name,) in shop.look("SELECT DISTINCT upper(customer) FROM raw.sales").rows()]
    told = "".join(path.read_text(encoding="utf-8") for path in (shop.root / "out" / "data_docs").rglob("rows.*"))
    assert "country" in told
    assert not [name for name in customers if name in told]


def test_error_of_the_engine_quotes_no_personal_value(shop: Shop) -> None:
    shop.edit(
        "definitions/metrics.yaml", "agg: count_distinct, expr: customer", "agg: sum, expr: CAST(customer AS INTEGER)"
    )
    customers = [
        line.split(",")[1] for path in shop.root.glob("data/sales/*.csv") for line in path.read_text().split()[1:]
    ]
    with pytest.raises(DataError, match="Could not convert string •••") as told:
        shop.run()
    assert not [name for name in customers if name in str(told.value)]
