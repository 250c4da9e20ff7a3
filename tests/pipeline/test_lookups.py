"""What a reduction looks up: keys that are not unique, amounts without a rate, and what a plan says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kpi_pipeline.errors import DataError
from kpi_pipeline.pipeline.explain import explain
from kpi_pipeline.publish.definition_version import metric_versions
from tests.engine import Engine, engine, project_of

SALES = """
    sold_at timestamp   | customer integer | currency varchar | amount decimal(9,2)
    2024-01-03 10:00:00 | 1                | GBP              | 10.00
    2024-01-04 10:00:00 | 2                | USD              | 20.00
    2024-02-05 10:00:00 | 2                |                  |
"""
CUSTOMERS = """
    id integer | country varchar | valid_from date | valid_to date
    1          | FR              | 2020-01-01      | 2024-01-01
    2          | ES              | 2020-01-01      |
"""
RATES = """
    day date   | currency varchar | rate decimal(9,4)
    2024-01-01 | USD              | 0.8000
    2024-01-04 | USD              | 0.7900
"""
MODELS: list[dict[str, Any]] = [
    {
        "name": "sales",
        "table": "raw.sales",
        "agg_time_dimension": "sold_at",
        "entities": [{"name": "customer", "type": "foreign"}],
        "dimensions": ["currency"],
        "currency": {"column": "currency", "rates": "rates"},
    },
    {
        "name": "customers",
        "table": "raw.customers",
        "agg_time_dimension": "valid_from",
        "entities": [{"name": "customer", "type": "primary", "expr": "id"}],
        "dimensions": ["country"],
    },
    {"name": "rates", "table": "raw.rates", "agg_time_dimension": "day"},
]
METRICS: list[dict[str, Any]] = [
    {"name": "lines", "type": "simple", "model": "sales", "agg": "count"},
    {"name": "revenue", "type": "simple", "model": "sales", "agg": "sum", "expr": "amount", "unit": "currency"},
]
VALID = {
    "entities": [{"name": "customer", "type": "natural", "expr": "id"}],
    "dimensions": [
        "country",
        {"name": "valid_from", "type": "time", "validity_params": {"is_start": True}},
        {"name": "valid_to", "type": "time", "validity_params": {"is_end": True}},
    ],
}


def shop(
    *,
    sales: str = "",
    customers: str = "",
    rates: str = "",
    models: Mapping[str, Mapping[str, Any]] | None = None,
    **more: Any,
) -> Any:
    """The shop with a few more rows, and with keys of its models changed."""
    changed = [one | dict((models or {}).get(one["name"], {})) for one in MODELS]
    tables = {"sales": SALES + sales, "customers": CUSTOMERS + customers, "rates": RATES + rates}
    return engine(tables, models=changed, metrics=METRICS, settings={"currency": "GBP"}, **more)


def refused(on_rows: Engine, *metrics: str, **asked: Any) -> str:
    with pytest.raises(DataError) as raised:
        on_rows.query(metrics, **asked)
    return str(raised.value)


def test_primary_key_of_two_rows_is_named() -> None:
    with shop(customers="2 | PT | 2021-01-01 |") as on_rows:
        said = refused(on_rows, "lines", by=["customer__country"])

        assert "Model 'customers': the entity 'customer' is primary, but 2 has more than one row" in said
        assert "Hint: keep one row a customer" in said
        assert on_rows.query(["lines"]).item() == 3


def test_personal_key_is_not_shown() -> None:
    with shop(customers="2 | PT | 2021-01-01 |", sources={"customers": {"personal": ["id"]}}) as on_rows:
        said = refused(on_rows, "lines", where="customer__country = 'ES'")

        assert "is primary, but a key (hidden, it is personal) has more than one row" in said


def test_keys_that_are_missing_are_no_key() -> None:
    with shop(customers="| PT | 2021-01-01 |\n | DE | 2021-01-01 |") as on_rows:
        assert on_rows.query(["lines"], by=["customer__country"]).height == 2


@pytest.mark.parametrize("row", ["2 | PT | 2021-01-01 |", "1 | PT | 2023-12-31 | 2024-06-01", "1 | PT | | 2020-01-02"])
def test_overlapping_validity_is_refused(row: str) -> None:
    with shop(customers=row, models={"customers": VALID}) as on_rows:
        said = refused(on_rows, "lines", by=["customer__country"])

        assert f"of the entity 'customer', {row[0]} has rows whose validity overlaps" in said
        assert "'valid_from' until 'valid_to'" in said


def test_validity_that_follows_or_is_empty_does_not_overlap() -> None:
    rows = "1 | PT | 2024-01-01 |\n2 | PT | 2022-01-01 | 2022-01-01"
    with shop(customers=rows, models={"customers": VALID}) as on_rows:
        found = on_rows.query(["lines"], by=["customer__country"]).rows()

        assert found == [("ES", 2), ("PT", 1)]


def test_missing_rate_is_named_by_currency_and_day() -> None:
    with shop(sales="2024-01-05 10:00:00 | 2 | USD | 1.00") as on_rows:
        said = refused(on_rows, "revenue")

        assert "There is no rate for USD on 2024-01-05 in model 'rates'" in said
        assert "into GBP.\nHint: load the rate, or allow an older one: currency: {..., within: 7 days}" in said
        assert on_rows.query(["lines"]).item() == 4
        assert on_rows.query(["revenue"], where="currency = 'GBP'").item() == 10


def test_missing_rate_of_a_metric_that_a_condition_asks_for() -> None:
    with shop(sales="2024-01-05 10:00:00 | 2 | USD | 1.00") as on_rows:
        assert "no rate for USD on 2024-01-05" in refused(on_rows, "lines", where="metric('revenue', 'customer') > 1")


def test_rate_that_is_too_old_is_missing() -> None:
    within = {"sales": {"currency": {"column": "currency", "rates": "rates", "within": "1 week"}}}
    with shop(sales="2024-01-11 10:00:00 | 2 | USD | 1.00", models=within) as on_rows:
        assert on_rows.query(["revenue"]).item() == pytest.approx(10 + 21 * 0.79)
    with shop(sales="2024-01-12 10:00:00 | 2 | USD | 1.00", models=within) as on_rows:
        assert "no rate for USD on 2024-01-12, nor in the 1 week before" in refused(on_rows, "revenue")


def test_amount_without_a_currency_is_refused() -> None:
    with shop(sales="2024-01-05 10:00:00 | 2 | | 1.00") as on_rows:
        assert "does not say in which currency" in refused(on_rows, "revenue")


def test_two_rates_of_a_day_are_refused() -> None:
    with shop(rates="2024-01-04 | USD | 0.7000") as on_rows:
        assert "more than one rate for USD on 2024-01-04" in refused(on_rows, "revenue")


def test_plan_says_what_is_looked_up() -> None:
    with shop(models={"customers": VALID}) as on_rows:
        condition = "metric('lines', 'customer') > 1 AND sold_at__month = '2024-01-01'"
        said = explain(on_rows.project, ["revenue"], on_rows.context(), by=["customer__country"], where=condition)

    assert "look up customer__country = country, over customer -> model.customers" in said
    assert "valid from valid_from until valid_to" in said
    assert "look up metric(lines, customer) = the metric over all time" in said
    assert "look up sold_at__month = month of sold_at" in said
    assert 'look up rate(sales) = "rate" of model.rates' in said
    assert "again in full when 'customers', 'rates', 'sales'" in said
    assert "LEFT JOIN" in said
    assert "then by customer__country" in said


def test_plan_without_a_warehouse_has_no_sql_of_passes() -> None:
    with shop() as on_rows:
        said = explain(on_rows.project, ["lines"], by=["customer__country"])

    assert "over customer -> model.customers" in said
    assert "LEFT JOIN" not in said


def test_version_of_a_metric_changes_with_what_it_looks_up() -> None:
    metric = {
        "name": "french",
        "type": "simple",
        "model": "sales",
        "agg": "count",
        "filter": "customer__country = 'FR'",
    }

    def version(country: str) -> Mapping[str, str]:
        models = [dict(one) for one in MODELS]
        models[1]["dimensions"] = [{"name": "country", "expr": country}]
        return metric_versions(project_of({}, metrics=[*METRICS, metric], models=models))

    before, after = version("country"), version("upper(country)")
    assert before["french"] != after["french"]
    assert before["lines"] == after["lines"]
