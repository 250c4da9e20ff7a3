"""A small shop: two sources, two models, a few metrics and KPIs, and the tables a run would publish for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from kpi_pipeline.errors import Place
from kpi_pipeline.goals import Goal
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.links import Link
from kpi_pipeline.metrics import Cumulative, Derived, Metric, Ratio, Simple
from kpi_pipeline.models import Model
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.publish import TABLES, conform, empty_frame, table_named
from kpi_pipeline.publish.definition_tables import definition_tables
from kpi_pipeline.sources import Source
from kpi_pipeline.teams import Person, Team

Row = dict[str, object]
Tables = dict[str, pl.DataFrame]


def a_source(name: str) -> Source:
    return Source.model_validate({"name": name, "connector": {"type": "file", "path": f"data/{name}/*.parquet"}})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    def line(**fields: object) -> dict[str, object]:
        return {"type": "simple", "model": "order_lines", **fields}

    metrics: list[Metric] = [
        Simple.model_validate(
            line(name="net_sales", label="Net sales", agg="sum", expr="quantity * price", unit="currency")
        ),
        Simple.model_validate(
            line(name="orders", agg="count_distinct", expr="invoice", filter="not is_cancelled", unit="count")
        ),
        Simple.model_validate(
            {"name": "tickets", "type": "simple", "model": "tickets", "agg": "count", "unit": "count"}
        ),
        Ratio.model_validate(
            {
                "name": "order_value",
                "type": "ratio",
                "numerator": "net_sales",
                "denominator": "orders",
                "unit": "currency",
            }
        ),
        Cumulative.model_validate(
            {"name": "sales_to_date", "type": "cumulative", "input_metric": "net_sales", "grain_to_date": "month"}
        ),
        Derived.model_validate(
            {
                "name": "sales_growth",
                "type": "derived",
                "expr": "net_sales / year_ago - 1",
                "input_metrics": ["net_sales", {"name": "net_sales", "alias": "year_ago", "offset_window": "1 year"}],
                "unit": "percent",
            }
        ),
    ]
    models = [
        Model.model_validate(
            {
                "name": "order_lines",
                "sql": 'SELECT l."Invoice" AS invoice, l.price, c.country FROM raw.invoice_lines AS l '
                "JOIN raw.customers AS c ON l.customer_id = c.id",
                "agg_time_dimension": "sold_at",
                "dimensions": [{"name": "country", "label": "Country of the customer"}, "channel"],
            }
        ),
        Model.model_validate(
            {
                "name": "tickets",
                "table": "raw.invoice_lines",
                "agg_time_dimension": "opened_at",
                "dimensions": ["channel"],
            }
        ),
    ]
    kpis = [
        Kpi.model_validate(
            {
                "name": "monthly_sales",
                "label": "Monthly sales",
                "metric": "net_sales",
                "goals": [{"goal": "grow", "weight": 2}, {"goal": "company_goal"}],
                "team": "commercial",
                "owner": "head_of_sales",
                "direction": "up",
                "grain": "month",
                "breakdowns": [[], ["country"]],
                "target": {"type": "at_least", "values": [{"from": "2010-01", "value": 100}]},
                "review": {"every": "month", "last": "2010-01-31"},
            }
        ),
        Kpi.model_validate(
            {"name": "monthly_orders", "metric": "orders", "goal": "grow", "direction": "up", "grain": "month"}
        ),
        Kpi.model_validate({"name": "weekly_tickets", "metric": "tickets", "direction": "down", "grain": "week"}),
    ]
    goals = [
        Goal.model_validate(
            {"name": "company_goal", "statement": "Stay profitable", "framework": "balanced_scorecard"}
        ),
        Goal.model_validate(
            {
                "name": "grow",
                "label": "Grow",
                "statement": "Sell more",
                "framework": "okr",
                "perspective": "customer",
                "parent": "company_goal",
                "period": {"from": "2010-01", "to": "2010-12-31"},
                "ambition": 8,
            }
        ),
    ]
    return Project(
        root=tmp_path,
        settings=Settings(name="shop", label="The shop", currency="GBP"),
        sources={name: a_source(name) for name in ("invoice_lines", "customers")},
        models={model.name: model for model in models},
        metrics={metric.name: metric for metric in metrics},
        teams={"commercial": Team(name="commercial", label="Commercial")},
        people={"head_of_sales": Person(name="head_of_sales", team="commercial", email="secret@example.org")},
        goals={goal.name: goal for goal in goals},
        kpis={kpi.name: kpi for kpi in kpis},
        links=(
            Link.model_validate(
                {"from": "weekly_tickets", "to": "monthly_sales", "lag": "4 weeks", "because": "unhappy people leave"}
            ),
            Link.model_validate(
                {"from": "monthly_orders", "to": "monthly_sales", "lag": "0", "because": "no order, no sale"}
            ),
        ),
        places={("kpis", "monthly_sales"): Place("definitions/kpis/sales.yaml", 14)},
    )


def month(number: int, year: int = 2010) -> Row:
    start = date(year, number, 1)
    end = date(year + number // 12, number % 12 + 1, 1)
    return {
        "grain": "month",
        "period_start": start,
        "period_end": end,
        "last_day": end - timedelta(days=1),
        "period_label": f"{year}-{number:02}",
        "period_start_utc": datetime(year, number, 1, tzinfo=UTC),
        "breakdown": "all",
        "segment": "all",
        "is_complete": True,
    }


def frame_of(table: str, rows: list[Row]) -> pl.DataFrame:
    """Rows of a contract table; what a row does not say is missing."""
    wanted = table_named(table)
    return conform(wanted, pl.DataFrame(rows, schema=wanted.schema))


def tables_of(project: Project, run_id: str) -> Tables:
    """All published tables of the shop: three complete months of sales, one in progress, and two countries."""
    values = (80.0, 100.0, 120.0)
    sales = [
        {**month(at), "kpi": "monthly_sales", "value": value, "target": 100.0, "status": "on_track"}
        for at, value in enumerate(values, 1)
    ]
    sales[0]["status"] = "off_track"
    sales[2] |= {"previous_value": 100.0, "change": 20.0, "change_pct": 0.2, "attainment": 1.2, "variance": 20.0}
    in_progress = {
        **month(4), "kpi": "monthly_sales", "value": 30.0, "status": "in_progress", "is_complete": False,
        "projected_value": 130.0, "projected_low": 110.0, "projected_high": 150.0, "projected_status": "on_track",
    }  # fmt: skip
    france = {"breakdown": "country", "segment": "country=France"}
    nowhere = {"breakdown": "country", "segment": "country=%00"}
    metric_rows: list[Row] = [
        {**month(3), "metric": "net_sales", "value": 120.0},
        {**month(3), "metric": "net_sales", "value": 90.0, **france},
        {**month(3), "metric": "net_sales", "value": 30.0, **nowhere},
        {**month(3), "metric": "orders", "value": 12.0},
        {**month(3), "metric": "order_value", "value": 10.0, "numerator": 120.0, "denominator": 12.0},
        {**month(3), "metric": "tickets", "value": 7.0},
    ]
    claim = {"leads_kpi": "monthly_sales", "expected_sign": "positive", "breakdown": "all", "segment": "all"}
    made = {
        **{table.name: empty_frame(table) for table in TABLES},
        **definition_tables(project, {"monthly_sales": "lagging"}),
        "kpi_value": frame_of(
            "kpi_value",
            [*sales, in_progress, {**month(3), "kpi": "monthly_sales", "value": 90.0, "status": "no_target", **france}],
        ),
        "metric_value": frame_of("metric_value", metric_rows),
        "kpi_evidence": frame_of(
            "kpi_evidence",
            [
                {**claim, "kpi": "weekly_tickets", "grain": "week", "expected_lag": 4},
                {**claim, "kpi": "monthly_orders", "grain": "month", "expected_lag": 0},
                {**claim, "kpi": "monthly_orders", "grain": "month", "expected_lag": 0, **france, "verdict": "weak"},
            ],
        ),
        "segment": frame_of(
            "segment",
            [
                {"segment": "all", "breakdown": "all", "label": "Total"},
                {**france, "dimension": "country", "dimension_value": "France", "label": "France"},
                {**nowhere, "dimension": "country", "label": "(none)"},
            ],
        ),
        "snapshot": frame_of(
            "snapshot",
            [{"run_id": run_id, "published_at": datetime.now(UTC), "schema_version": 1, "definition_version": "abc"}],
        ),
    }
    return made


@dataclass(frozen=True)
class Shop:
    """What the tests need of it: the definitions, the published tables, and rows to make others."""

    project: Project

    def tables(self, run_id: str = "run-1") -> Tables:
        return tables_of(self.project, run_id)

    def month(self, number: int, year: int = 2010) -> Row:
        return month(number, year)

    def frame(self, table: str, rows: list[Row]) -> pl.DataFrame:
        return frame_of(table, rows)


@pytest.fixture
def shop(project: Project) -> Shop:
    return Shop(project)
