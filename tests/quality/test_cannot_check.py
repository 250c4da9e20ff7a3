"""A check that cannot be made fails and says why in one plain sentence; the others are made all the same."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.checks import ExpectationCheck, RowCount
from kpi_pipeline.errors import Place
from kpi_pipeline.quality import expectation_problem

SENTENCES: list[tuple[dict[str, Any], str]] = [
    (
        {"type": "not_null", "columns": ["Custmer ID"]},
        "no column 'Custmer ID' in raw.orders; did you mean 'Customer ID'",
    ),
    ({"type": "unique", "columns": ["Invoice"], "filter": "nope > 3"}, 'column "nope" not found'),
    ({"type": "unique", "columns": ["Invoice"], "filter": "Price >"}, "its filter is not a condition in SQL: Price >"),
    ({"type": "relationships", "column": "Price", "to": "custmers"}, "no source or model 'custmers'; did you mean"),
    (
        {"type": "relationships", "column": "Customer ID", "to": "customers", "field": "id"},
        "no column 'id' in raw.customers",
    ),
    ({"type": "accepted_range", "column": "Country", "min": 3}, "'Country' is VARCHAR, and a range is of numbers"),
    ({"type": "recency", "column": "Country", "within": "1 day"}, "invalid timestamp field format"),
    ({"type": "matches", "column": "Invoice", "pattern": "(("}, "missing )"),
    ({"type": "column_types", "columns": {"Price": "money!"}}, "'money!' is not a type of DuckDB"),
    (
        {"type": "expectation", "expectation": "expect_column_men_to_be_between", "arguments": {"column": "Price"}},
        "has no 'expect_column_men_to_be_between'; did you mean 'expect_column_mean_to_be_between'",
    ),
    (
        {"type": "expectation", "expectation": "expect_column_mean_to_be_between", "arguments": {"colum": "Price"}},
        "'column' field required, 'colum' extra fields not permitted",
    ),
    (
        {"type": "expectation", "expectation": "expect_column_mean_to_be_between", "arguments": {"column": "Prize"}},
        'column "Prize" in BatchData does not exist',
    ),
]


@pytest.mark.parametrize(("written", "sentence"), SENTENCES, ids=lambda value: str(value)[:70])
def test_says_why_in_one_sentence(checked: Any, written: dict[str, Any], sentence: str) -> None:
    row_count, result = checked({"type": "row_count", "min": 1}, written)
    assert row_count.passed
    assert not result.passed
    assert result.blocks
    assert result.observed.startswith("could not be checked: ")
    assert sentence in result.observed
    assert "Traceback" not in result.observed
    assert "\n" not in result.observed


def test_a_table_that_is_not_there(checked: Any) -> None:
    (result,) = checked({"type": "row_count", "min": 0}, table="nowhere")
    assert result.blocks
    assert result.observed == "could not be checked: there is no table raw.nowhere"


def test_problems_of_expectations_are_known_before_a_run() -> None:
    place = Place("definitions/sources.yaml", 3)
    wrong = ExpectationCheck(type="expectation", expectation="expect_column_men_to_be_between")
    problem = expectation_problem(wrong, place)
    assert problem is not None
    assert problem.place == place
    assert problem.hint == "did you mean 'expect_column_mean_to_be_between'?"
    intolerant = ExpectationCheck(
        type="expectation",
        expectation="expect_column_mean_to_be_between",
        arguments={"column": "Price", "min_value": 1},
        tolerate=0.1,
    )
    assert "'mostly' extra fields not permitted" in str(expectation_problem(intolerant))
    assert expectation_problem(intolerant.model_copy(update={"tolerate": 0})) is None
    assert expectation_problem(RowCount(type="row_count", min=1)) is None
