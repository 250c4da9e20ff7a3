"""What is wanted by hour must have hours; what looks at hours must be asked by hour."""

from __future__ import annotations

import pytest

from kpi_pipeline.load import check_columns, check_types
from kpi_pipeline.names import TableRef

KPI = "kpis: [{{name: k, metric: {}, direction: up, grain: {}}}]"


@pytest.mark.parametrize(
    "metric",
    [
        "{name: m, type: cumulative, input_metric: net_sales, window: 24 hours}",
        "{name: m, type: cumulative, input_metric: net_sales, grain_to_date: hour}",
    ],
)
def test_hours_in_a_daily_kpi(problems, base, metric):
    (problem,) = problems(files={"base.yaml": base, "m.yaml": f"metrics: [{metric}]", "k.yaml": KPI.format("m", "day")})

    assert problem.message == "KPI 'k' has the grain day, but metric 'm' looks at hours."
    assert problem.hint.startswith("give the KPI the grain hour")


def test_events_in_an_hourly_kpi(problems, base):
    metric = "{name: m, type: conversion, entity: customer, base_metric: orders, conversion_metric: orders}"
    found = problems(files={"base.yaml": base, "m.yaml": f"metrics: [{metric}]", "k.yaml": KPI.format("m", "hour")})

    assert "KPI 'k' has the grain hour, but metric 'm' follows events from day to day." in [
        one.message for one in found
    ]


ACTIVE = "{name: m, type: simple, model: order_lines, agg: count, active: {from: sold_at, to: closed_at}}"


@pytest.mark.parametrize(("sold_at", "closed_at"), [("TIMESTAMP", "DATE"), ("DATE", "TIMESTAMP")])
def test_what_lasts_from_or_to_a_day_in_an_hourly_kpi(project, base, sold_at, closed_at):
    files = {"base.yaml": base, "m.yaml": f"metrics: [{ACTIVE}]", "k.yaml": KPI.format("m", "hour")}
    columns = {"sold_at": sold_at, "closed_at": closed_at, "invoice": "VARCHAR", "quantity": "BIGINT"}
    columns |= {"price": "DOUBLE", "country": "VARCHAR"}

    found = check_types(project(files=files), {TableRef("model", "order_lines"): columns})

    assert "Metric 'm' is wanted by hour, but the rows of model 'order_lines' count on days." in [
        one.message for one in found
    ]


def test_what_lasts_from_moment_to_moment_has_hours(project, base):
    files = {"base.yaml": base, "m.yaml": f"metrics: [{ACTIVE}]", "k.yaml": KPI.format("m", "hour")}
    columns = {"sold_at": "TIMESTAMP", "closed_at": "TIMESTAMP WITH TIME ZONE"}

    assert check_types(project(files=files), {TableRef("model", "order_lines"): columns}) == ()


@pytest.mark.parametrize("where", ["kpi", "publish"])
def test_rows_that_count_on_days(project, base, where):
    text = base
    if where == "publish":
        text = base.replace("currency: GBP", "publish: {grains: [hour]}")
    files = {"base.yaml": text, "k.yaml": KPI.format("net_sales", "hour" if where == "kpi" else "day")}
    columns = {"sold_at": "DATE", "invoice": "VARCHAR", "quantity": "BIGINT", "price": "DOUBLE", "country": "VARCHAR"}

    found = check_columns(project(files=files), {TableRef("model", "order_lines"): columns})

    assert (
        found[0].message == "Metric 'net_sales' is wanted by hour, but the rows of model 'order_lines' count on days."
    )
    assert str(found[0].place).startswith("definitions/k.yaml" if where == "kpi" else "definitions/base.yaml")


@pytest.mark.parametrize("key", ["window: 12 hours", "grain_to_date: hour"])
def test_hours_of_rows_that_count_on_days(project, base, key):
    metric = f"{{name: m, type: cumulative, input_metric: net_sales, {key}}}"
    columns = {"sold_at": "DATE", "invoice": "VARCHAR", "quantity": "BIGINT", "price": "DOUBLE", "country": "VARCHAR"}

    (found,) = check_types(
        project(files={"base.yaml": base, "m.yaml": f"metrics: [{metric}]"}),
        {TableRef("model", "order_lines"): columns},
    )

    assert found.message == "Metric 'm' looks at hours, but the rows of model 'order_lines' count on days."
    assert found.hint.startswith(f"write '{key.split(':')[0]}' in days")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "sources: [{name: s, connector: {type: file, path: p}, complete_through: {grain: hour}}]",
            "no period of whole",
        ),
        (
            "sources: [{name: s, connector: {type: file, path: p}, complete_through: {delay: 2 hours}}]",
            "no number of days",
        ),
        (
            "kpis: [{name: k, metric: orders, direction: up, grain: day, review: {every: hour}}]",
            "no period of whole days",
        ),
    ],
)
def test_hours_where_days_are_meant(problems, text, message):
    (problem,) = problems(text)

    assert message in problem.message
