"""Each kind of check on a table: one that passes, one that fails, with the rows that fail."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from kpi_pipeline.checks import KINDS, SumEquals
from kpi_pipeline.store.warehouse import Warehouse

PASSING: list[dict[str, Any]] = [
    {"type": "not_null", "columns": ["Invoice", "InvoiceDate"]},
    {"type": "unique", "columns": ["Invoice"]},
    {"type": "unique", "columns": ["Customer ID", "InvoiceDate"]},
    {"type": "accepted_values", "column": "Country", "values": ["France", "Germany"]},
    {"type": "accepted_values", "column": "Paid?", "values": ["1", "2", "3", "4"]},
    {"type": "accepted_range", "column": "Price", "min": -1, "max": 7.25},
    {"type": "matches", "column": "Invoice", "pattern": "[0-9]"},
    {"type": "relationships", "column": "Customer ID", "to": "customers", "filter": '"Customer ID" <> 13047'},
    {"type": "recency", "column": "InvoiceDate", "within": "1 day"},
    {"type": "row_count", "min": 4, "max": 4},
    {"type": "column_types", "columns": {"Price": "numeric(18, 2)", "Invoice": "text", "InvoiceDate": "timestamp"}},
    {"type": "sum_equals", "column": "Price", "field": "Paid?", "tolerate": "14.9%"},
    {"type": "sum_equals", "column": "Paid?", "field": "Paid?", "filter": '"Paid?" = 3', "field_filter": '"Paid?" < 3'},
    {"type": "no_gaps", "column": "day"},
    {
        "type": "expectation",
        "expectation": "expect_column_mean_to_be_between",
        "arguments": {"column": "Price", "min_value": 2, "max_value": 3},
    },
]

FAILING: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"type": "not_null", "columns": ["Country"]}, "1 of 4 rows fail", ["C4"]),
    ({"type": "not_null", "columns": ["Invoice", "Country"]}, "'Invoice': all 4 rows pass; 'Country': 1 of", ["C4"]),
    ({"type": "unique", "columns": ["Customer ID"]}, "2 of 4 rows fail", ["A1", "A2"]),
    ({"type": "unique", "columns": ["Customer ID", "day"]}, "2 of 4 rows fail", ["A1", "A2"]),
    ({"type": "accepted_values", "column": "Country", "values": ["France"]}, "1 of 4 rows fail", ["A2"]),
    ({"type": "accepted_values", "column": "Paid?", "values": ["1", "2"]}, "2 of 4 rows fail", ["A3", "C4"]),
    ({"type": "accepted_range", "column": "Price", "min": 0}, "1 of 4 rows fail", ["C4"]),
    ({"type": "accepted_range", "column": "Price", "max": 7.24}, "1 of 4 rows fail", ["A3"]),
    ({"type": "matches", "column": "Invoice", "pattern": "^A"}, "1 of 4 rows fail", ["C4"]),
    ({"type": "relationships", "column": "Customer ID", "to": "customers"}, "1 of 3 rows fail", ["A3"]),
    ({"type": "recency", "column": "day", "within": "1 day"}, "it is 2010-12-08", []),
    ({"type": "row_count", "min": 5}, "it is 4", []),
    ({"type": "row_count", "max": 3}, "it is 4", []),
    ({"type": "column_types", "columns": {"Price": "double", "Paid?": "int"}}, "'Price': it is DECIMAL(18,2)", []),
    ({"type": "sum_equals", "column": "Price", "field": "Paid?", "tolerate": "14.8%"}, "it is 1.75", []),
    ({"type": "sum_equals", "column": "Customer ID", "to": "customers"}, "it is 69102", []),
    ({"type": "sum_equals", "column": "Price", "field": "Paid?", "filter": "\"Invoice\" = 'A2'"}, "it is 1", []),
    (
        {
            "type": "expectation",
            "expectation": "expect_column_values_to_not_be_in_set",
            "arguments": {"column": "Country", "value_set": ["Germany"]},
        },
        "1 of 4 rows fail",
        ["A2"],
    ),
]


@pytest.mark.parametrize("written", PASSING, ids=lambda written: str(written["type"]))
def test_passes(checked: Any, written: dict[str, Any]) -> None:
    (result,) = checked(written)
    assert result.passed, result.observed
    assert not result.blocks
    assert result.failing_rows == 0
    assert result.sample == ()


@pytest.mark.parametrize(("written", "observed", "invoices"), FAILING, ids=lambda value: str(value)[:60])
def test_fails_and_shows_the_rows(checked: Any, written: dict[str, Any], observed: str, invoices: list[str]) -> None:
    (result,) = checked(written)
    assert not result.passed
    assert result.blocks
    assert observed in result.observed
    assert result.failing_rows == len(invoices)
    assert sorted(row["Invoice"] for row in result.sample) == invoices


def test_every_kind_is_tried() -> None:
    kinds = {get_args(kind.model_fields["type"].annotation)[0] for kind in KINDS}
    assert {written["type"] for written in PASSING} == kinds
    assert {written["type"] for written, *_ in FAILING} | {"no_gaps"} == kinds


def test_results_come_in_order_with_a_name_each(checked: Any) -> None:
    results = checked(
        {"type": "row_count", "min": 1},
        {"type": "not_null", "columns": ["Invoice"], "filter": '"Price" > 0'},
        {"type": "not_null", "columns": ["Invoice"]},
        {"type": "not_null", "columns": ["Invoice"], "name": "Invoice there"},
    )
    assert [result.check_name for result in results] == ["row_count", "not_null", "not_null_2", "invoice_there"]


def test_a_warning_does_not_block(checked: Any) -> None:
    (result,) = checked({"type": "row_count", "min": 5, "severity": "warn"})
    assert not result.passed
    assert not result.blocks


@pytest.mark.parametrize(("tolerate", "passed"), [("25%", True), ("24.9%", False)])
def test_tolerated_share_of_failing_rows(checked: Any, tolerate: str, passed: bool) -> None:
    (result,) = checked({"type": "not_null", "columns": ["Country"], "tolerate": tolerate})
    assert result.passed is passed
    assert result.failing_rows == 1
    assert f"but for {tolerate} of the rows" in result.expected


@pytest.mark.parametrize(
    "written",
    [
        {"type": "unique", "columns": ["Customer ID"], "tolerate": "75%"},
        {"type": "unique", "columns": ["Customer ID", "day"], "tolerate": "75%"},
        {"type": "relationships", "column": "Customer ID", "to": "customers", "tolerate": "40%"},
    ],
)
def test_tolerance_of_other_kinds(checked: Any, written: dict[str, Any]) -> None:
    (result,) = checked(written)
    assert result.passed
    assert result.failing_rows > 0


@pytest.mark.parametrize(
    "written",
    [
        {"type": "not_null", "columns": ["Country"]},
        {"type": "accepted_range", "column": "Price", "min": 0},
        {"type": "row_count", "min": 3, "max": 3},
        {"type": "relationships", "column": "Customer ID", "to": "customers"},
        {"type": "accepted_values", "column": "Paid?", "values": ["1", "2"]},
    ],
    ids=lambda written: str(written["type"]),
)
def test_filter_leaves_rows_out(checked: Any, written: dict[str, Any]) -> None:
    without_filter, filtered = checked(
        {**written, "filter": "true"} if written["type"] != "row_count" else {"type": "row_count", "max": 3},
        {**written, "filter": "\"Invoice\" NOT IN ('C4', 'A3', ' :b{}%?')"}
        if written["type"] != "row_count"
        else {**written, "filter": "\"Invoice\" <> 'C4'"},
    )
    assert not without_filter.passed
    assert filtered.passed, filtered.observed


@pytest.mark.parametrize(
    ("kind", "newest", "timezone", "passed"),
    [
        ("DATE", "2010-12-09", "UTC", False),
        ("DATE", "2010-12-10", "UTC", True),
        ("TIMESTAMP", "2010-12-09 12:30", "UTC", True),
        ("TIMESTAMP", "2010-12-09 12:30", "Europe/Berlin", False),
        ("TIMESTAMPTZ", "2010-12-09 12:30+00", "Europe/Berlin", True),
        ("VARCHAR", "2010-12-09 12:30:00", "UTC", True),
    ],
)
def test_recency_reads_the_clock_of_the_source(
    warehouse: Any, checked: Any, kind: str, newest: str, timezone: str, passed: bool
) -> None:
    """Noon on 10 December in UTC is 13:00 in Berlin."""
    warehouse.run(f"CREATE TABLE raw.seen AS SELECT CAST('{newest}' AS {kind}) AS at")
    (result,) = checked({"type": "recency", "column": "at", "within": "1 day"}, table="seen", timezone=timezone)
    assert result.passed is passed, result


def test_an_empty_table_fails_recency_and_row_count_only(warehouse: Any, checked: Any) -> None:
    warehouse.run("CREATE TABLE raw.nothing AS FROM raw.orders WHERE false")
    results = checked(
        {"type": "recency", "column": "InvoiceDate", "within": "1 day"},
        {"type": "row_count", "min": 1},
        {"type": "not_null", "columns": ["Invoice"]},
        table="nothing",
    )
    assert [result.passed for result in results] == [False, False, True]
    assert [result.observed for result in results] == ["there is none", "it is 0", "there are no rows"]


def test_a_check_sees_what_is_committed_and_leaves_nothing_behind(warehouse: Any, checked: Any) -> None:
    before = warehouse.rows("SELECT count(*) FROM information_schema.tables")
    assert checked({"type": "row_count", "min": 5})[0].passed is False
    warehouse.run("INSERT INTO raw.orders (\"Invoice\") VALUES ('A5')")
    assert checked({"type": "row_count", "min": 5})[0].passed is True
    assert warehouse.rows("SELECT count(*) FROM information_schema.tables") == before


def test_gaps_are_named(checked: Any, warehouse: Warehouse) -> None:
    """Between 6 and 10 December no row on the 7th and the 9th; one on the 8th lies there by the clock of the source."""
    moments = "'2010-12-06 12:00+00', '2010-12-07 23:30+00', '2010-12-10 09:00+00', NULL"
    warehouse.run(f"CREATE TABLE raw.log AS SELECT unnest([{moments}])::TIMESTAMPTZ AS at, true AS counts")
    no_gaps = {"type": "no_gaps", "column": "at"}
    days, tolerated, utc, hours, weeks, few = checked(
        no_gaps,
        {**no_gaps, "tolerate": "40%"},
        {**no_gaps, "filter": "at < '2010-12-08 00:00+00'"},
        {**no_gaps, "grain": "hour"},
        {**no_gaps, "grain": "week", "severity": "warn"},
        {**no_gaps, "filter": "false"},
        table="log",
        timezone="Europe/Berlin",
    )
    assert (days.passed, days.observed, days.expected) == (
        False, "2 of 5 days fail", "a row in every day from the first 'at' to the last",
    )  # fmt: skip
    assert [row["period"] for row in days.sample] == ["2010-12-07", "2010-12-09"]
    assert tolerated.passed
    assert (utc.passed, [row["period"] for row in utc.sample]) == (False, ["2010-12-07"])
    assert (hours.observed, hours.failing_rows, len(hours.sample)) == ("91 of 94 hours fail", 91, 20)
    assert (weeks.passed, weeks.observed) == (True, "all 1 weeks pass")
    assert (few.passed, few.observed) == (True, "there are no days")


def test_gaps_are_of_days_and_moments(checked: Any) -> None:
    (result,) = checked({"type": "no_gaps", "column": "Country"})
    assert result.observed == "could not be checked: 'Country' is VARCHAR, and only days and moments lie in periods"


def test_sums_of_two_tables(checked: Any, warehouse: Warehouse) -> None:
    """Sold and booked: rows may be left out on either side, no rows are 0, and rounding is no difference."""
    warehouse.run(
        "CREATE TABLE raw.booked AS SELECT * FROM (VALUES (0.1, true), (0.2, true), (9, false)) AS r (x, real)"
    )
    sums = {"type": "sum_equals", "column": "x", "to": "customers"}
    warehouse.run("CREATE OR REPLACE TABLE raw.customers AS SELECT unnest([0.1::DOUBLE, 0.2::DOUBLE]) AS x, 7 AS y")
    all_rows, real, none, off, other = checked(
        sums,
        {**sums, "filter": "real"},
        {**sums, "filter": "false", "field_filter": "x > 1"},
        {**sums, "filter": "real", "field_filter": "x > 0.15", "tolerate": "30%"},
        {**sums, "field": "y", "filter": "x = 9", "severity": "warn", "tolerate": "40%"},
        table="booked",
    )
    assert (all_rows.passed, all_rows.observed) == (False, "it is 9")
    assert all_rows.expected == "the difference between the sum of 'x' and that of 'x' in customers to be 0"
    assert real.passed
    assert none.passed
    assert (off.passed, off.observed) == (False, "it is 0.1")
    assert off.expected == (
        "the difference between the sum of 'x' where real and that of 'x' in customers where x > 0.15 to be 0,"
        " give or take 30%"
    )
    assert other.passed


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"column": "Country", "field": "Price"}, "'Country' is VARCHAR, and only numbers can be added up"),
        ({"column": "Price", "field": "Prise"}, "there is no column 'Prise' in raw.orders; did you mean 'Price'?"),
        ({"column": "Price", "to": "customers"}, "there is no column 'Price' in raw.customers"),
        ({"column": "Price", "to": "custom"}, "there is no source or model 'custom'; did you mean 'customers'?"),
    ],
)
def test_sums_that_cannot_be_made(checked: Any, written: dict[str, Any], why: str) -> None:
    (result,) = checked({"type": "sum_equals", **written})
    assert result.observed == f"could not be checked: {why}"


def test_a_sum_is_not_compared_with_itself() -> None:
    with pytest.raises(ValidationError, match="a sum always equals itself: name the other column with 'field'"):
        SumEquals(type="sum_equals", column="Price")
