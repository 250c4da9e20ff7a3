"""The tables that follow from the definitions alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kpi_pipeline.errors import Place
from kpi_pipeline.metrics import Conversion, Cumulative, Derived, Metric, Ratio, Retention, Simple
from kpi_pipeline.models import Model
from kpi_pipeline.project import Project
from kpi_pipeline.publish.definition_tables import definition_tables
from kpi_pipeline.publish.definition_version import (
    kpi_versions,
    metric_versions,
    project_version,
)
from kpi_pipeline.publish.formula import formula
from kpi_pipeline.publish.lineage import Edge, End, lineage, model_edges
from kpi_pipeline.reviews import Action, HeldReview
from kpi_pipeline.status import Status


def test_a_kpi_row(project: Project) -> None:
    kpi = definition_tables(project, {"monthly_sales": "lagging"})["kpi"].row(0, named=True)
    version = kpi.pop("definition_version")

    assert version == kpi_versions(project)["monthly_sales"]
    assert kpi == {
        "kpi": "monthly_sales",
        "label": "Monthly sales",
        "description": None,
        "metric": "net_sales",
        "formula": "sum of quantity * price",
        "unit": "currency",
        "display_format": "£#,##0",
        "currency": "GBP",
        "direction": "up",
        "grain": "month",
        "goal": "grow",
        "team": "commercial",
        "owner": "head_of_sales",
        "indicator": "lagging",
        "framework": "okr",
        "perspective": "customer",
        "parent_kpi": None,
        "target_type": "at_least",
        "review_every": "month",
        "last_reviewed": date(2010, 1, 31),
        "review_due": date(2010, 2, 28),
        "as_of": None,
        "frozen_through": None,
        "defined_in": "definitions/kpis/sales.yaml:14",
    }


def test_a_kpi_without_goal_review_or_class(project: Project) -> None:
    kpi = definition_tables(project, {})["kpi"].row(2, named=True)

    assert (kpi["label"], kpi["goal"], kpi["review_due"], kpi["currency"]) == ("Weekly tickets", None, None, None)
    assert kpi["indicator"] == "unclassified"


def test_goals_and_who_serves_them(project: Project) -> None:
    tables = definition_tables(project, {})

    assert tables["kpi_goal"].rows() == [
        ("monthly_sales", "grow", 2.0),
        ("monthly_sales", "company_goal", 1.0),
        ("monthly_orders", "grow", 1.0),
    ]
    grow = tables["goal"].row(1, named=True)
    assert (grow["period_start"], grow["period_end"]) == (date(2010, 1, 1), date(2011, 1, 1))
    assert (grow["parent_goal"], grow["ambition"], grow["weight"]) == ("company_goal", 8, 1.0)


def test_teams_form_a_tree_under_the_company_and_no_address_is_published(project: Project) -> None:
    tables = definition_tables(project, {})

    assert tables["team"].rows() == [
        ("company", "The shop", None, None),
        ("commercial", "Commercial", "company", None),
    ]
    assert tables["person"].rows() == [("head_of_sales", "Head of sales", "commercial", None)]
    assert not any("secret@example.org" in str(frame.rows()) for frame in tables.values())


def test_reviews_are_those_that_were_held(project: Project) -> None:
    last_named = ("monthly_sales", date(2010, 1, 31), *[None] * 6)
    assert definition_tables(project, {})["review"].rows() == [last_named]

    action = Action(what="Call them", who="ann", by=date(2010, 3, 1))
    held = HeldReview(
        kpi="monthly_sales", on=date(2010, 2, 28), by="ann", decision="Go on", actions=(action, action),
        status_then=Status.at_risk, value_then=9.5,
    )  # fmt: skip
    again = replace(
        project,
        reviews=(held,),
        places={**project.places, ("reviews", "monthly_sales on 2010-02-28"): Place("reviews/a.yaml", 2)},
    )
    tables = definition_tables(again, {})
    assert tables["review"].rows() == [
        (
            *("monthly_sales", date(2010, 2, 28), "ann", "Go on"),
            *("Call them (ann, by 2010-03-01)\nCall them (ann, by 2010-03-01)", "at_risk", 9.5, "reviews/a.yaml:2"),
        ),
        last_named,
    ]
    assert tables["kpi"].select("last_reviewed", "review_due").row(0) == (date(2010, 2, 28), date(2010, 3, 28))
    assert project_version(again) != project_version(project)
    assert kpi_versions(again) == kpi_versions(project)


SIMPLE = {"name": "m", "type": "simple", "model": "lines"}
CONVERSION = {
    "name": "c",
    "type": "conversion",
    "entity": "visitor",
    "base_metric": {"name": "visits", "filter": "web"},
    "conversion_metric": "orders",
}
RETENTION = {"name": "r", "type": "retention", "entity": "customer", "model": "orders", "cohort_grain": "month"}


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (
            Simple.model_validate({**SIMPLE, "agg": "sum", "expr": "quantity * price", "filter": "not is_cancelled"}),
            "sum of quantity * price where not is_cancelled",
        ),
        (Simple.model_validate({**SIMPLE, "agg": "count"}), "number of rows of lines"),
        (
            Simple.model_validate({**SIMPLE, "agg": "count", "filter": "a", "agg_time_dimension": "closed_at"}),
            "number of rows of lines where a, at closed_at",
        ),
        (Simple.model_validate({**SIMPLE, "agg": "count", "expr": "solved_at"}), "number of rows with solved_at"),
        (Simple.model_validate({**SIMPLE, "agg": "percentile", "expr": "h", "percentile": 0.95}), "0.95 quantile of h"),
        (Simple.model_validate({**SIMPLE, "agg": "sum_boolean", "expr": "met"}), "number of rows for which met"),
        (
            Simple.model_validate({**SIMPLE, "agg": "count_distinct", "expr": "who", "approximate": True}),
            "number of different who, approximately",
        ),
        (
            Ratio.model_validate(
                {"name": "r", "type": "ratio", "numerator": {"name": "a", "filter": "x > 1"}, "denominator": "b"}
            ),
            "(a where x > 1) / b",
        ),
        (
            Cumulative.model_validate({"name": "c", "type": "cumulative", "input_metric": "a", "window": "28 days"}),
            "a over the last 28 days",
        ),
        (
            Cumulative.model_validate(
                {"name": "c", "type": "cumulative", "input_metric": "a", "grain_to_date": "year"}
            ),
            "a since the year began",
        ),
        (Cumulative.model_validate({"name": "c", "type": "cumulative", "input_metric": "a"}), "a since the beginning"),
        (
            Derived.model_validate(
                {
                    "name": "d",
                    "type": "derived",
                    "expr": "a / ago - 1",
                    "input_metrics": ["a", {"name": "a", "alias": "ago", "offset_window": "1 year"}],
                }
            ),
            "a / ago - 1, where ago is a 1 year earlier",
        ),
        (
            Conversion.model_validate({**CONVERSION, "window": "7 days"}),
            "(orders less than 7 days after (visits where web) of the same visitor) / (visits where web)",
        ),
        (
            Conversion.model_validate(
                {
                    **CONVERSION,
                    "calculation": "conversions",
                    "constant_properties": [
                        {"base_property": "product", "conversion_property": "product"},
                        {"base_property": "place", "conversion_property": "shop"},
                    ],
                }
            ),
            "orders at any time after (visits where web) of the same visitor and product and place (as shop)",
        ),
        (
            Retention.model_validate({**RETENTION, "age": 1, "filter": "paid"}),
            "share of customers first seen in orders where paid in the month and seen again 1 month later",
        ),
        (
            Retention.model_validate({**RETENTION, "age": {"from": 1, "to": 3}, "calculation": "retained"}),
            "customers first seen in orders in the month and seen again 1 to 3 months later",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_formula_is_words(metric: Metric, words: str) -> None:
    assert formula(metric) == words


def test_lineage_runs_from_columns_to_goals(project: Project) -> None:
    steps = {(str(edge.upstream), edge.column, str(edge.downstream)) for edge in lineage(project)}

    assert steps >= {
        ("raw/invoice_lines", "Invoice", "model/order_lines"),
        ("raw/customers", "country", "model/order_lines"),
        ("raw/invoice_lines", None, "model/tickets"),
        ("model/order_lines", "quantity", "metric/net_sales"),
        ("model/order_lines", "is_cancelled", "metric/orders"),
        ("model/tickets", None, "metric/tickets"),
        ("metric/net_sales", None, "metric/order_value"),
        ("metric/net_sales", None, "kpi/monthly_sales"),
        ("kpi/monthly_sales", None, "goal/company_goal"),
        ("goal/grow", None, "goal/company_goal"),
    }


def test_events_are_traced_to_the_keys_of_both_models(project: Project) -> None:
    model = {"table": "raw.customers", "agg_time_dimension": "day"}
    models = {
        "visits": Model.model_validate(
            {**model, "name": "visits", "entities": [{"name": "visitor", "type": "foreign"}], "dimensions": ["product"]}
        ),
        "buys": Model.model_validate(
            {**model, "name": "buys", "entities": [{"name": "visitor", "type": "foreign", "expr": "buyer_id"}]}
        ),
    }
    counts = {
        f"n_{name}": Simple.model_validate({**SIMPLE, "name": f"n_{name}", "model": name, "agg": "count"})
        for name in models
    }
    same = [{"base_property": "product", "conversion_property": "article"}]
    events = {**CONVERSION, "base_metric": "n_visits", "conversion_metric": "n_buys", "constant_properties": same}
    retention = {**RETENTION, "entity": "visitor", "model": "buys"}
    metrics = {**counts, "c": Conversion.model_validate(events), "r": Retention.model_validate({**retention, "age": 1})}
    steps = lineage(replace(project, models=models, metrics=metrics, kpis={}, goals={}))

    assert {(str(edge.upstream), edge.column) for edge in steps if edge.downstream == End("metric", "c")} == {
        ("metric/n_visits", None),
        ("metric/n_buys", None),
        ("model/visits", "visitor"),
        ("model/visits", "product"),
        ("model/buys", "buyer_id"),
        ("model/buys", "article"),
    }
    assert {(str(edge.upstream), edge.column) for edge in steps if edge.downstream == End("metric", "r")} == {
        ("model/buys", "buyer_id")
    }


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("SELECT * FROM raw.customers", {("raw/customers", None)}),
        ("SELECT id, upper(name) AS name FROM raw.customers", {("raw/customers", "id"), ("raw/customers", "name")}),
        (
            "WITH big AS (SELECT id FROM raw.customers WHERE size > 3) SELECT id AS x FROM big",
            {("raw/customers", "id"), ("raw/customers", "size")},
        ),
        ("SELECT count(*) AS n FROM order_lines", {("model/order_lines", None)}),
        ("SELECT id FROM raw.customers UNION ALL SELECT i AS id FROM raw.invoice_lines",
         {("raw/customers", "id"), ("raw/invoice_lines", "i")}),
        ("SELECT a, b FROM raw.customers, raw.invoice_lines", {("raw/customers", None), ("raw/invoice_lines", None)}),
        ("SELECT range AS n FROM range(10)", set()),
    ],
)  # fmt: skip
def test_what_a_model_reads(project: Project, sql: str, read: set[tuple[str, str | None]]) -> None:
    model = Model.model_validate({"name": "m", "sql": sql, "agg_time_dimension": "at"})

    assert {(str(edge.upstream), edge.column) for edge in model_edges(project, model)} == read


def test_an_edge_is_told_once(project: Project) -> None:
    edges = lineage(project)

    assert len(edges) == len(set(edges))
    assert Edge(End("kpi", "monthly_orders"), End("metric", "orders")) in edges


def renamed(project: Project, **changes: object) -> Project:
    """The project with another filter, label, ... of the metric net_sales."""
    metric = project.metrics["net_sales"].model_copy(update=changes)
    return replace(project, metrics={**project.metrics, "net_sales": metric})


def test_versions_follow_what_a_definition_builds_on(project: Project) -> None:
    other = renamed(project, filter="price > 0")
    before, after = metric_versions(project), metric_versions(other)

    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"net_sales", "order_value", "sales_to_date", "sales_growth"}
    assert kpi_versions(project)["monthly_sales"] != kpi_versions(other)["monthly_sales"]
    assert kpi_versions(project)["monthly_orders"] == kpi_versions(other)["monthly_orders"]


def test_words_change_no_version_but_the_projects(project: Project) -> None:
    other = renamed(project, label="Net sales, without VAT", owner="head_of_sales")

    assert metric_versions(project) == metric_versions(other)
    assert project_version(project) != project_version(other)


def test_the_clock_changes_every_number(project: Project) -> None:
    other = replace(project, settings=project.settings.model_copy(update={"timezone": "Europe/London"}))
    before, after = metric_versions(project), metric_versions(other)

    assert all(before[name] != after[name] for name in before)


def test_the_order_of_writing_changes_nothing(project: Project) -> None:
    other = replace(
        project, metrics=dict(reversed(list(project.metrics.items()))), links=tuple(reversed(project.links))
    )

    assert project_version(project) == project_version(other)
    assert metric_versions(project) == metric_versions(other)
