"""Dimensions of other models: what cannot be reached is refused where it is written, with a way to restate it."""

from __future__ import annotations

import pytest

SHOP = """
models:
  - name: sales
    sql: SELECT invoice, sold_at, customer_id, price FROM raw.invoice_lines
    agg_time_dimension: sold_at
    entities: [{name: invoice, type: foreign}, {name: customer, type: foreign, expr: customer_id}]
  - name: customers
    sql: SELECT customer_id, since, country, region_id FROM raw.invoice_lines
    agg_time_dimension: since
    entities: [{name: customer, type: primary, expr: customer_id}, {name: region, type: foreign, expr: region_id}]
    dimensions: [country, {name: since, type: time}]
  - name: regions
    sql: SELECT region_id, day, label FROM raw.invoice_lines
    agg_time_dimension: day
    entities: [{name: region, type: primary, expr: region_id}]
    dimensions: [label]
  - name: tickets
    sql: SELECT ticket, opened_at, customer_id, priority FROM raw.invoice_lines
    agg_time_dimension: opened_at
    entities: [{name: ticket, type: primary}, {name: customer, type: foreign, expr: customer_id}]
    dimensions: [priority]
metrics:
  - {name: revenue, type: simple, model: sales, agg: sum, expr: price}
  - {name: people, type: simple, model: customers, agg: count}
  - {name: opened, type: simple, model: tickets, agg: count}
"""
KPI = "kpis: [{{name: k, metric: {}, direction: up, grain: week, breakdowns: [[], [{}]]}}]"
FILTERED = 'metrics: [{{name: m, type: simple, model: {}, agg: count, filter: "{}"}}]'


@pytest.fixture
def shop(problems, base):
    def found(text):
        return problems(files={"base.yaml": base, "shop.yaml": SHOP, "it.yaml": text})

    return found


@pytest.mark.parametrize(
    ("metric", "dimension", "message", "hint"),
    [
        ("revenue", "customer__contry", "'contry' is no dimension of 'customers'", "did you mean 'customer__country'?"),
        ("revenue", "region__label", "no such dimension", "did you mean 'customer__region__label'?"),
        ("revenue", "customer__shoe_size", "'shoe_size' is no dimension of 'customers'", "there are 'country', 'since'"),
        ("revenue", "invoice__lines", "no model has 'invoice' as its primary", "{name: invoice, type: primary}"),
        ("revenue", "depot__manager", "model 'sales' has no entity 'depot'", "add it to its entities"),
        ("revenue", "sold_at__fortnight", "names no grain and no part of a date", "'month'"),
        ("revenue", "sold_at__hour", "names no grain and no part of a date", "'sold_at__extract_hour' is the hour of the day"),
        ("revenue", "metric_time__hour", "is no grain and no part of a date", "ask with --grain hour"),
        ("revenue", "metric_time__fortnight", "'fortnight' is no grain and no part of a date", "'month'"),
        ("people", "ticket__priority", "leads from one row to many: one customer has many rows in model 'tickets'",
         "compute the metric on model 'tickets'"),
        ("revenue", "ticket__priority", "model 'sales' and model 'tickets' both only point to 'customer'", "one row a customer"),
    ],
)  # fmt: skip
def test_breakdowns_that_cannot_be_reached(shop, metric, dimension, message, hint):
    (problem,) = shop(KPI.format(metric, dimension))

    assert f"'{dimension}', which its metric '{metric}' cannot be: " in problem.message
    assert message in problem.message
    assert hint in problem.hint
    assert problem.place.file == "definitions/it.yaml"


def test_filters_that_cannot_be_reached(shop):
    (problem,) = shop(FILTERED.format("sales", "customer__contry = 'FR'"))

    assert problem.message == (
        "Metric 'm': 'filter' uses 'customer__contry': 'contry' is no dimension of 'customers', where entity "
        "'customer' leads."
    )
    assert problem.hint == "did you mean 'customer__country'?"


def test_what_can_be_reached(project, base):
    filters = ("customer__country = 'FR'", "customer__region__label = 'north'", "sold_at__extract_dow = 1",
               "metric_time__month = '2024-01-01'", "customer__since__year = '2024-01-01'")  # fmt: skip
    metrics = [
        f'  - {{name: m{number}, type: simple, model: sales, agg: count, filter: "{one}"}}'
        for number, one in enumerate(filters)
    ]
    text = "\n".join(["metrics:", *metrics, KPI.format("m0", "customer__region__label, sold_at__extract_dow")])

    assert project(files={"base.yaml": base, "shop.yaml": SHOP, "it.yaml": text})


def test_two_ways(shop):
    (problem,) = shop(
        "models: [{name: scores, table: raw.invoice_lines, agg_time_dimension: day, dimensions: [country],"
        " entities: [{name: customer, type: unique}]}]\n" + KPI.format("revenue", "customer__country")
    )

    assert "more than one way: 'sales -> customers', 'sales -> scores'" in problem.message


PRICES = """
models:
  - name: prices
    table: raw.invoice_lines
    agg_time_dimension: valid_from
    entities: [{{name: product, type: {}}}]
    dimensions: [{{name: valid_from, type: {}{}}}, {{name: valid_to, type: time{}}}]
"""
START, END = ", validity_params: {is_start: true}", ", validity_params: {is_end: true}"


@pytest.mark.parametrize(
    ("kind", "time", "start", "end", "message"),
    [
        ("natural", "time", "", "", "'product' is a natural entity"),
        ("natural", "time", START, "", "1 start and 0 ends of validity"),
        ("natural", "time", START, START, "2 starts and 0 ends of validity"),
        ("primary", "time", START, END, "no natural entity whose they are"),
        ("natural", "categorical", START, END, "is no time"),
        ("natural", "time", START, ", validity_params: {}", "one of 'is_start: true' and 'is_end: true'"),
    ],
)
def test_validity(problems, kind, time, start, end, message):
    found = problems(PRICES.format(kind, time, start, end))

    assert any(message in one.message for one in found)


@pytest.mark.parametrize(
    ("condition", "message", "hint"),
    [
        ("metric('revnue', 'customer') > 1", "no metric named 'revnue'", "did you mean 'revenue'?"),
        ("metric('revenue') > 1", "does not name a metric and the entity", "metric('orders', 'customer') > 5"),
        ("metric(revenue, customer) > 1", "does not name a metric and the entity", "metric('orders', 'customer') > 5"),
        ("metric('revenue', 'cutomer') > 1", "model 'sales' has no entity 'cutomer'", "did you mean 'customer'?"),
        ("metric('revenue', 'region') > 1", "model 'sales' has no entity 'region'", "'invoice', 'customer'"),
        (
            "metric('people', 'invoice') > 1",
            "model 'customers' has no entity 'invoice', so metric 'people'",
            "'region'",
        ),
        ("metric('total', 'customer') > 1", "metric 'total' is of type cumulative", "simple metrics, ratios"),
        ("metric('growth', 'customer') > 1", "metric 'growth' looks at earlier periods", "simple metrics, ratios"),
        ("metric('loyal', 'customer') > 1", "metric 'loyal' asks for a metric in its own filter", "simple metrics"),
        ("{{ Metric('revnue', group_by=['customer']) }} > 1", "no metric named 'revnue'", "'revenue'"),
    ],
)
def test_metrics_that_a_condition_cannot_ask_for(shop, condition, message, hint):
    (problem,) = shop(MORE + f'  - {{name: m, type: simple, model: sales, agg: count, filter: "{condition}"}}')

    assert problem.message.startswith("Metric 'm': 'filter' asks for a metric: ")
    assert message in problem.message
    assert hint in problem.hint


MORE = """\
metrics:
  - {name: total, type: cumulative, input_metric: revenue}
  - {name: growth, type: derived, expr: revenue - before, input_metrics: [revenue, {name: revenue, alias: before, offset_window: 1 month}]}
  - {name: loyal, type: simple, model: sales, agg: count, filter: "metric('revenue', 'customer') > 100"}
"""


def test_spelling_that_is_not_known(shop):
    (problem,) = shop(FILTERED.format("sales", "{{ Entity('customer') }} = 1"))

    assert "'{{ Entity('customer') }}' is not known here" in problem.message
