"""The SQL that reduces rows, and what it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from kpi_pipeline.errors import DataError
from kpi_pipeline.plan import Fold, Measure, ModelPlan, Reduction, Shape
from kpi_pipeline.reduce import model_statement, reduction_query
from kpi_pipeline.reduce.day import business_day
from kpi_pipeline.store import Warehouse

MODEL = ModelPlan(
    name="lines", sql="SELECT * FROM raw.lines", materialized="view", sources=("lines",), models=(), naive_zone="UTC",
    project_zone="Europe/London", dimensions={"country": "upper(country)"},
)  # fmt: skip
ROWS = """
    CREATE TABLE raw.lines AS SELECT * FROM (VALUES
      (TIMESTAMP '2024-06-30 23:30', 'fr', 1.5::DOUBLE, 10::DECIMAL(9,2), 1, 'a'),
      (TIMESTAMP '2024-07-01 10:00', 'fr', 'nan'::DOUBLE, 20, 2, 'a'),
      (TIMESTAMP '2024-07-01 11:00', NULL, 0.1, NULL, NULL, NULL),
      (TIMESTAMP '2024-07-02 11:00', 'uk', 'inf'::DOUBLE, 0.05, 4, 'b'),
      (NULL, 'uk', 1000, 1000, 1000, 'z')
    ) AS t(at_, country, weight, price, units, customer)
"""


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as opened:
        opened.run(ROWS)
        opened.run(model_statement(MODEL))
        yield opened


def test_one_row_a_day_and_segment_in_the_project_s_zone(warehouse: Warehouse) -> None:
    rows = Measure("lines", "at_", Fold.count, "1")
    assert _reduced(warehouse, Shape.additive, rows) == [
        (date(2024, 7, 1), "FR", 2),
        (date(2024, 7, 1), None, 1),
        (date(2024, 7, 2), "UK", 1),
    ]


def test_sums_keep_their_kind_and_leave_out_what_is_no_number(warehouse: Warehouse) -> None:
    measures = [Measure("lines", "at_", Fold.sum, expr) for expr in ("weight", "price", "units")]
    assert _reduced(warehouse, Shape.additive, *measures) == [
        (date(2024, 7, 1), "FR", Decimal("1.500000000"), Decimal("30.00"), 3),
        (date(2024, 7, 1), None, Decimal("0.100000000"), None, None),
        (date(2024, 7, 2), "UK", None, Decimal("0.05"), 4),
    ]


@pytest.mark.parametrize("fold", [Fold.sum, Fold.max])
@pytest.mark.parametrize(("expr", "kind"), [("country", "VARCHAR"), ("at_", "TIMESTAMP")])
def test_words_and_days_are_no_numbers(warehouse: Warehouse, fold: Fold, expr: str, kind: str) -> None:
    with pytest.raises(DataError, match=f"'{expr}' of model 'lines' is {kind}, so there is no {fold} of it"):
        _reduced(warehouse, Shape.additive, Measure("lines", "at_", fold, expr))


@pytest.mark.parametrize("expr", ["units > 1", "NULL"])
def test_truth_values_and_nothing_can_be_added(warehouse: Warehouse, expr: str) -> None:
    assert len(_reduced(warehouse, Shape.additive, Measure("lines", "at_", Fold.sum, expr))) == 3


def test_filter_that_is_unknown_lets_no_row_through(warehouse: Warehouse) -> None:
    dear = Measure("lines", "at_", Fold.count, "1", "price > 15")
    assert [row[-1] for row in _reduced(warehouse, Shape.additive, dear)] == [1, 0, 0]


def test_every_row_s_key_with_what_let_it_through(warehouse: Warehouse) -> None:
    every = Measure("lines", "at_", Fold.distinct, "customer")
    dear = Measure("lines", "at_", Fold.distinct, "customer", "price > 15")
    assert _reduced(warehouse, Shape.distinct, every, dear) == [
        (date(2024, 7, 1), "FR", "a", True, False),
        (date(2024, 7, 1), "FR", "a", True, True),
        (date(2024, 7, 2), "UK", "b", True, False),
    ]


def test_every_row_s_value_that_its_filter_lets_through(warehouse: Warehouse) -> None:
    units = Measure("lines", "at_", Fold.quantile, "units", "units < 4")
    assert _reduced(warehouse, Shape.values, units) == [
        (date(2024, 7, 1), "FR", 1.0, True),
        (date(2024, 7, 1), "FR", 2.0, True),
    ]


def test_condition_is_over_dimensions_not_columns(warehouse: Warehouse) -> None:
    rows = Measure("lines", "at_", Fold.count, "1")
    assert _reduced(warehouse, Shape.additive, rows, where="country = 'UK'") == [(date(2024, 7, 2), "UK", 1)]
    assert _reduced(warehouse, Shape.additive, rows, where="country = 'uk'") == []


def test_some_days_only(warehouse: Warehouse) -> None:
    rows = Measure("lines", "at_", Fold.count, "1")
    reduction = Reduction("lines", "at_", Shape.additive, (), (rows,))
    query = reduction_query(reduction, MODEL, warehouse, from_day=date(2024, 7, 2), to_day=date(2024, 7, 3))
    assert warehouse.rows(query) == [(date(2024, 7, 2), 1)]


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("DATE", '"at_"'),
        ("TIMESTAMP", "CAST((\"at_\" AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/London' AS DATE)"),
        ("TIMESTAMP WITH TIME ZONE", "CAST((\"at_\") AT TIME ZONE 'Europe/London' AS DATE)"),
    ],
)
def test_business_day(kind: str, sql: str) -> None:
    written = business_day(MODEL, "at_", kind).sql(dialect="duckdb")
    assert written.replace("(", "").replace(")", "") == sql.replace("(", "").replace(")", "")


@pytest.mark.parametrize("kind", ["TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"])
def test_moments_of_every_precision(warehouse: Warehouse, kind: str) -> None:
    warehouse.run(f"ALTER TABLE raw.lines ALTER at_ TYPE {kind}")
    warehouse.run(model_statement(MODEL))
    rows = Measure("lines", "at_", Fold.count, "1")
    assert _reduced(warehouse, Shape.additive, rows)[0] == (date(2024, 7, 1), "FR", 2)


def test_text_is_no_moment() -> None:
    with pytest.raises(DataError, match="'at_' is VARCHAR, which is not a moment or a day"):
        business_day(MODEL, "at_", "VARCHAR")


def _reduced(warehouse: Warehouse, shape: Shape, *measures: Measure, where: str = "") -> list[tuple[object, ...]]:
    reduction = Reduction("lines", "at_", shape, ("country",), measures, where)
    rows = warehouse.rows(reduction_query(reduction, MODEL, warehouse))
    return sorted(rows, key=lambda row: [(one is None, str(one)) for one in row])
