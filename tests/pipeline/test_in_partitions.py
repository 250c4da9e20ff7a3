"""Folders that cannot hold the days asked for are left out, and only where a folder's name says which days it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from kpi_pipeline.compile.models import plan_model
from kpi_pipeline.models import Model
from kpi_pipeline.pipeline.in_partitions import in_partitions
from kpi_pipeline.plan import Fold, Measure, Reduction, Shape
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.sources import Source

QUERY = sqlglot.parse_one('SELECT count(*) FROM "model"."sale"', read="duckdb", into=exp.Select)
MARCH = date(2024, 3, 1), date(2024, 4, 1)


@pytest.mark.parametrize(
    ("partition", "wanted"),
    [
        (
            "day",
            "CAST((day) AS DATE) > CAST('2024-02-28' AS DATE) AND CAST((day) AS DATE) < CAST('2024-04-02' AS DATE)",
        ),
        (
            {"by": "make_date(year, month, 1)", "grain": "month"},
            (
                "CAST((MAKE_DATE(year, month, 1)) AS DATE) > CAST('2024-01-29' AS DATE) "
                "AND CAST((MAKE_DATE(year, month, 1)) AS DATE) < CAST('2024-04-02' AS DATE)"
            ),
        ),
    ],
)
def test_only_folders_that_may_hold_the_days_are_read(partition: object, wanted: str) -> None:
    found = _narrowed(_project(partition), *MARCH).sql(dialect="duckdb")
    assert found == (
        f'SELECT COUNT(*) FROM (SELECT sold_at, amount FROM (SELECT * FROM "raw"."sales" WHERE {wanted}) AS "sales") '
        'AS "sale"'
    )


def test_all_days_read_all_folders() -> None:
    assert _narrowed(_project("day"), None, None) is QUERY


def test_a_source_without_folders_is_read_as_it_is() -> None:
    assert _narrowed(_project(None), *MARCH) is QUERY


def test_a_model_whose_rows_rest_on_others_is_read_whole() -> None:
    project = _project("day", sql="SELECT min(sold_at) AS sold_at, amount FROM raw.sales GROUP BY amount")
    assert _narrowed(project, *MARCH) is QUERY


def test_another_time_than_the_cursor_is_in_any_folder() -> None:
    project = _project("day")
    plan = plan_model(project, project.models["sale"])
    assert in_partitions(project, replace(_pass(), time="paid_at"), plan, QUERY, *MARCH) is QUERY


def _project(partition: object, sql: str = "SELECT sold_at, amount FROM raw.sales") -> Project:
    connector: dict[str, Any] = {"type": "lakehouse", "path": "/lake/sales"}
    if partition is not None:
        connector["partition"] = partition
    source = Source.model_validate({"name": "sales", "connector": connector, "load": {"cursor": "sold_at"}})
    model = Model(name="sale", sql=sql, agg_time_dimension="sold_at")
    return Project(Path(), Settings(name="shop"), sources={"sales": source}, models={"sale": model})


def _pass() -> Reduction:
    return Reduction("sale", "sold_at", Shape.additive, (), (Measure("sale", "sold_at", Fold.count, "1"),))


def _narrowed(project: Project, first: date | None, after: date | None) -> exp.Select:
    return in_partitions(project, _pass(), plan_model(project, project.models["sale"]), QUERY, first, after)
