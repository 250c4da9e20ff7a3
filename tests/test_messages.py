"""What people read when a question or a definition cannot be answered, word for word."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.errors import KpiError
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.binding import unbindable
from tests.engine import Table, engine, project_of

ROWS = {
    "sales": """
        day date   | customer varchar | country varchar | amount decimal(9,2) | units bigint        | note varchar | heat double
        2024-01-01 | a                | FR              | 2.50                | 9223372036854775807 | x            | 1e30
        2024-01-01 | b                | UK              | 1.00                | 9223372036854775807 | y            | 1
    """,
    "customers": """
        customer varchar | region varchar | since date
        a                | north          | 2020-01-01
    """,
    "visits": """
        day date   | people integer
        2024-01-01 | 0
    """,
}
MODELS = [
    {
        "name": "sales",
        "table": "raw.sales",
        "agg_time_dimension": "day",
        "dimensions": ["country"],
        "entities": [{"name": "customer", "type": "foreign"}],
    },
    {
        "name": "customers",
        "table": "raw.customers",
        "agg_time_dimension": "since",
        "dimensions": ["region"],
        "entities": [{"name": "customer", "type": "primary"}],
    },
    {"name": "visits", "table": "raw.visits", "agg_time_dimension": "day"},
]
METRICS: list[dict[str, Any]] = [
    {"name": "amount", "type": "simple", "model": "sales", "agg": "sum", "expr": "amount"},
    {"name": "units", "type": "simple", "model": "sales", "agg": "sum", "expr": "units"},
    {"name": "units_squared", "type": "simple", "model": "sales", "agg": "sum", "expr": "units * units"},
    {"name": "heat", "type": "simple", "model": "sales", "agg": "sum", "expr": "heat"},
    {"name": "guests", "type": "simple", "model": "visits", "agg": "sum", "expr": "people"},
    {"name": "per_guest", "type": "ratio", "numerator": "amount", "denominator": "guests"},
    {
        "name": "growth",
        "type": "derived",
        "expr": "amount - before",
        "input_metrics": ["amount", {"name": "amount", "alias": "before", "offset_window": "1 month"}],
    },
]


@pytest.mark.parametrize(
    ("metrics", "asked", "said"),
    [
        (["amuont"], {}, "There is no metric named 'amuont'.\nHint: did you mean 'amount'?"),
        (
            ["amount"],
            {"by": ["contry"]},
            (
                "Metric 'amount' cannot be asked by 'contry': model 'sales' has no such dimension.\n"
                "Hint: did you mean 'country'?"
            ),
        ),
        (
            ["amount"],
            {"by": ["customer__regoin"]},
            (
                "Metric 'amount' cannot be asked by 'customer__regoin': 'regoin' is no dimension of 'customers', where entity "
                "'customer' leads.\n"
                "Hint: did you mean 'customer__region'?"
            ),
        ),
        (
            ["guests"],
            {"by": ["customer__region"]},
            (
                "Metric 'guests' cannot be asked by 'customer__region': model 'visits' has no entity 'customer' to look it "
                "up by.\n"
                "Hint: it has no dimensions; where its rows have the key, add it to its entities: "
                "{name: customer, type: foreign}"
            ),
        ),
        (
            ["per_guest"],
            {"by": ["country"]},
            (
                "Metric 'per_guest' cannot be asked by 'country': model 'visits' has no such dimension.\n"
                "Hint: it has no dimensions"
            ),
        ),
        (["amount"], {"grain": "weak"}, "'weak' is not a grain.\nHint: did you mean 'week'?"),
        (
            ["growth"],
            {"grain": "year"},
            (
                "Metric 'growth' looks back 1 month, which is no whole number of years.\n"
                "Hint: ask with --grain month or a finer one."
            ),
        ),
        (
            ["growth"],
            {},
            "Metric 'growth' compares periods, so it needs a grain.\nHint: ask with --grain month or a finer one.",
        ),
        (
            ["amount"],
            {"where": "sum(country) > 1"},
            (
                'The condition "sum(country) > 1" does more than compare dimensions.\n'
                "Hint: write one like: country = 'France' AND priority <> '4 - Low'"
            ),
        ),
        (
            ["amount"],
            {"where": "country = France"},
            (
                "The condition \"country = France\" names 'France', and there is no dimension of that name.\n"
                "Hint: text stands in single quotes: country = 'France'"
            ),
        ),
        (
            ["amount"],
            {"where": "country in ('UK', France)"},
            (
                "The condition \"country in ('UK', France)\" names 'France', and there is no dimension of that name.\n"
                "Hint: text stands in single quotes: country IN ('UK', 'France')"
            ),
        ),
        (
            ["amount"],
            {"where": "contry = 'FR'"},
            (
                "Metric 'amount' cannot be asked by 'contry': model 'sales' has no such dimension.\n"
                "Hint: did you mean 'country'?"
            ),
        ),
        (["amount"], {"limit": -1}, "There cannot be -1 rows.\nHint: leave the limit out to get all of them."),
        (
            ["amount"],
            {"start": "2024-03", "end": "2024-02"},
            "'2024-03' (from) lies after '2024-02' (to).\nHint: exchange the two.",
        ),
    ],
)
def test_a_question_that_cannot_be_answered(metrics: list[str], asked: dict[str, Any], said: str) -> None:
    with engine(ROWS, metrics=METRICS, models=MODELS) as here, pytest.raises(KpiError) as refused:
        here.query(metrics, **asked)
    assert str(refused.value) == said


@pytest.mark.parametrize("metric", ["units", "units_squared", "heat"])
def test_a_number_that_grew_too_large_is_never_left_out(metric: str) -> None:
    with engine(ROWS, metrics=METRICS, models=MODELS) as here, pytest.raises(KpiError) as refused:
        here.query([metric])
    assert "a number is too large for its type; cast it to a larger one in the expr, or count in thousands." in str(
        refused.value
    )


def test_a_division_by_zero_has_no_value() -> None:
    with engine(ROWS, metrics=METRICS, models=MODELS) as here:
        assert here.query(["per_guest", "guests"]).rows() == [(None, 0.0)]


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (
            {"expr": "nosuch(amount)"},
            "'expr' cannot be computed: Catalog Error: Scalar Function with name nosuch does not",
        ),
        ({"expr": "note"}, "'expr' is VARCHAR, so there is no sum of it."),
        ({"expr": "day"}, "'expr' is DATE, so there is no sum of it."),
        ({"expr": "[amount]"}, "'expr' is DECIMAL(9,2)[], so there is no sum of it."),
        ({"expr": "amount + note"}, "'expr' cannot be computed: Binder Error: No function matches"),
        ({"expr": "amount", "filter": "note"}, "'filter' is VARCHAR, not a condition that is true or false."),
        (
            {"expr": "amount", "filter": "day > 'yesterday'"},
            "'filter' cannot be computed: Conversion Error: invalid date",
        ),
        ({"agg": "sum_boolean", "expr": "note"}, "'expr' is VARCHAR, not true or false."),
        ({"agg": "count", "expr": "note"}, ""),
        ({"expr": "amount * customer__region"}, "'expr' cannot be computed: Binder Error: No function matches"),
        ({"expr": "customer__region"}, "'expr' is VARCHAR, so there is no sum of it."),
        (
            {"expr": "amount", "filter": "customer__since__month > 'long ago'"},
            "'filter' cannot be computed: Conversion Error: invalid date",
        ),
        (
            {"expr": "amount", "filter": "metric('visited', 'customer') > 'five'"},
            "'filter' cannot be computed: Conversion Error: Could not convert string",
        ),
        ({"expr": "amount", "filter": "metric('visited', 'customer') > 5 and customer__region = 'north'"}, ""),
        ({"expr": "amount", "filter": "metric_time__month >= '2024-01-01' and customer__since__extract_year > 1"}, ""),
        ({"expr": "amount / units", "filter": "units <> 0"}, ""),
        ({"expr": "amount", "filter": "units"}, "'filter' is BIGINT, not a condition that is true or false."),
        (
            {"expr": "amount", "filter": "country = 'FR' and not (units or amount > 1)"},
            "'filter' takes units for a condition, and it is BIGINT, not a condition that is true or false.",
        ),
        ({"expr": "amount", "filter": "NULL"}, ""),
        ({"expr": "units", "agg": "sum_boolean"}, ""),
        ({"expr": "units > 1", "unit": "currency"}, "'expr' is BOOLEAN, and 'unit: currency' is for amounts of money."),
        ({"expr": "units > 1"}, ""),
    ],
)
def test_an_expression_the_engine_cannot_compute(metric: dict[str, Any], said: str) -> None:
    tables = {name: Table.drawn(one) for name, one in ROWS.items()}
    it = {"name": "it", "type": "simple", "model": "sales", "agg": "sum", **metric}
    project = project_of(tables, metrics=[it], models=MODELS)
    known = {
        TableRef("raw", name): {key: kind.upper() for key, kind in one.columns.items()} for name, one in tables.items()
    }
    found = [one.message for one in unbindable(project, known)]
    assert [message.removeprefix("Metric 'it': ")[: len(said)] for message in found] == ([said] if said else [])


def test_hours_are_not_wanted_of_days() -> None:
    """The types of a model's columns are those its SQL gives them, so `kpi check` says it, and no run has to."""
    tables = {name: Table.drawn(one) for name, one in ROWS.items()}
    hourly = {"name": "hourly", "type": "cumulative", "input_metric": "units", "window": "12 hours"}
    units = {"name": "units", "type": "simple", "model": "sales", "agg": "sum", "expr": "units"}
    project = project_of(tables, metrics=[units, hourly], models=MODELS)
    known = {
        TableRef("raw", name): {key: kind.upper() for key, kind in one.columns.items()} for name, one in tables.items()
    }
    (found,) = unbindable(project, known)
    assert found.message == "Metric 'hourly' looks at hours, but the rows of model 'sales' count on days."


def test_types_that_are_not_known_are_passed_over() -> None:
    tables = {name: Table.drawn(one) for name, one in ROWS.items()}
    it = {"name": "it", "type": "simple", "model": "sales", "agg": "sum", "expr": "nosuch(note)"}
    project = project_of(tables, metrics=[it], models=MODELS)
    assert not unbindable(project, {TableRef("raw", "sales"): dict.fromkeys(tables["sales"].columns, "")})
    assert not unbindable(project, {})
