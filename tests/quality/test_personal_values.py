"""Personal values are in no result, no page and no message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.checks.result import MASK

PERSONAL = ("Customer ID", "Country")
SECRETS = ("17850", "13047", "France", "Germany")

CHECKS: tuple[dict[str, Any], ...] = (
    {"type": "unique", "columns": ["Customer ID"]},
    {"type": "unique", "columns": ["customer id", "day"]},
    {"type": "relationships", "column": "Customer ID", "to": "customers"},
    {"type": "accepted_range", "column": "Price", "min": 100},
    {"type": "accepted_range", "column": "Country", "min": 100},
    {"type": "matches", "column": "Country", "pattern": "^$"},
    {
        "type": "expectation",
        "expectation": "expect_column_max_to_be_between",
        "arguments": {"column": "Customer ID", "max_value": 3},
    },
    {
        "type": "expectation",
        "expectation": "expect_column_distinct_values_to_be_in_set",
        "arguments": {"column": "Country", "value_set": ["Norway"]},
    },
    {"type": "not_null", "columns": ["Invoice"], "filter": 'CAST("Country" AS INTEGER) > 0'},
    {
        "type": "expectation",
        "expectation": "expect_select_column_values_to_be_unique_within_record",
        "arguments": {"column_list": ["Customer ID", "Customer ID"]},
    },
    {
        "type": "expectation",
        "expectation": "expect_column_pair_values_to_be_equal",
        "arguments": {"column_A": "Country", "column_B": "Invoice"},
    },
    {
        "type": "expectation",
        "expectation": "expect_column_most_common_value_to_be_in_set",
        "arguments": {"column": "Country", "value_set": ["Norway"]},
    },
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check)[:60])
def test_no_personal_value_is_told(checked: Any, tmp_path: Path, check: dict[str, Any]) -> None:
    (result,) = checked(check, personal=PERSONAL, docs=tmp_path)
    assert not result.passed
    assert not [secret for secret in SECRETS if secret in str(result) + str(result.sample)]
    written = [path for path in tmp_path.rglob("*") if path.suffix in (".html", ".json")]
    assert len(written) >= 3
    for path in written:
        assert not [secret for secret in SECRETS if secret in path.read_text(encoding="utf-8")], path


def test_the_rest_of_a_failing_row_is_shown(checked: Any) -> None:
    (result,) = checked({"type": "not_null", "columns": ["customer id"]}, personal=("Customer ID",))
    assert result.sample == (
        {
            "Invoice": "C4",
            "Customer ID": MASK,
            "Price": "-1.00",
            "Country": "(none)",
            "InvoiceDate": "2010-12-09 12:00:00",
            "Paid?": "4",
            "day": "2010-12-07",
        },
    )
