"""What a model reads, and whether its rows stand for themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.compile.models import plan_model, plan_models
from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.models import Model
from kpi_pipeline.plan import ModelPlan
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.sources import Source


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM raw.sales",
        "SELECT day, amount FROM raw.sales WHERE amount > 0",
        "SELECT s.day, upper(country) AS country FROM raw.sales AS s",
        'SELECT "Day" AS day FROM RAW.Sales',
        "SELECT day FROM raw.sales ORDER BY amount",
        "SELECT day, CASE WHEN amount IN (1, 2) THEN 1 END AS few FROM raw.sales",
    ],
)
def test_rows_that_stand_for_themselves_are_made_again_by_day(sql: str) -> None:
    assert _plan(sql).row_local_cursor in {"day", "Day"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT day FROM raw.sales JOIN raw.other USING (id)",
        "SELECT day FROM raw.sales AS a, raw.sales AS b",
        "SELECT day, sum(amount) AS amount FROM raw.sales GROUP BY day",
        "SELECT DISTINCT day FROM raw.sales",
        "SELECT day, row_number() OVER (ORDER BY day) AS place FROM raw.sales",
        "SELECT day FROM raw.sales QUALIFY row_number() OVER (PARTITION BY id ORDER BY day) = 1",
        "SELECT day FROM raw.sales LIMIT 3",
        "SELECT day FROM raw.sales ORDER BY amount OFFSET 3",
        "WITH s AS (SELECT * FROM raw.sales) SELECT day FROM s",
        "SELECT day FROM (SELECT * FROM raw.sales) AS s",
        "SELECT day FROM raw.sales UNION ALL SELECT day FROM raw.sales",
        "SELECT day FROM raw.sales AS s WHERE EXISTS (SELECT 1 FROM raw.sales AS t WHERE t.id = s.id)",
        "SELECT day FROM raw.sales WHERE id IN (SELECT id FROM raw.sales)",
        "SELECT day, (SELECT max(day) FROM raw.sales) AS newest FROM raw.sales",
        "SELECT day + 1 AS day FROM raw.sales",
        "SELECT paid_on AS day FROM raw.sales",
        "SELECT * REPLACE (day + 1 AS day) FROM raw.sales",
        "SELECT * RENAME (day AS other, paid_on AS day) FROM raw.sales",
        "SELECT * FROM raw.sales USING SAMPLE 3",
        "SELECT day FROM model.inner_model",
    ],
)
def test_rows_that_rest_on_others_are_made_again_as_a_whole(sql: str) -> None:
    assert _plan(sql).row_local_cursor is None


def test_source_without_a_cursor_is_made_again_as_a_whole() -> None:
    assert _plan("SELECT * FROM raw.other").row_local_cursor is None


def test_what_a_with_makes_is_no_source() -> None:
    plan = _plan("WITH other AS (SELECT day FROM raw.sales), more AS (SELECT * FROM other) SELECT * FROM more")
    assert (plan.sources, plan.models) == (("sales",), ())


def test_names_of_tables_are_the_same_in_any_case() -> None:
    plan = _plan("SELECT s.day FROM RAW.Sales AS s JOIN Model.Inner_Model AS i USING (day)")
    assert (plan.sources, plan.models) == (("sales",), ("inner_model",))


def test_models_come_after_those_they_read() -> None:
    project = _project("SELECT * FROM model.inner_model")
    assert [one.name for one in plan_models(project, frozenset({"tried"}))] == ["inner_model", "tried"]


def test_dimension_called_like_a_word_of_sql_is_quoted() -> None:
    dimensions = _plan(
        "SELECT * FROM raw.sales", dimensions=["order", {"name": "group", "expr": "upper(g)"}]
    ).dimensions
    assert dimensions == {"order": '"order"', "group": "upper(g)"}


def test_naive_moments_of_two_zones_are_refused() -> None:
    with pytest.raises(DefinitionError, match=r"several time zones.*Asia/Kathmandu, UTC"):
        _plan("SELECT day FROM raw.sales JOIN raw.nepal USING (day)")


def test_zone_comes_through_the_models_read() -> None:
    project = _project("SELECT * FROM model.nepalese")
    nepalese = Model(name="nepalese", sql="SELECT * FROM raw.nepal", agg_time_dimension="day")
    project = Project(project.root, project.settings, project.sources, {**project.models, "nepalese": nepalese})
    assert plan_model(project, project.models["tried"]).naive_zone == "Asia/Kathmandu"


def _plan(sql: str, **said: object) -> ModelPlan:
    project = _project(sql, **said)
    return plan_model(project, project.models["tried"])


def _project(sql: str, **said: object) -> Project:
    models = [
        Model.model_validate({"name": "tried", "sql": sql, "agg_time_dimension": "day", **said}),
        Model(name="inner_model", sql="SELECT day FROM raw.sales", agg_time_dimension="day"),
    ]
    file = {"type": "file", "path": "x.csv"}
    sources = [
        Source.model_validate({"name": "sales", "connector": file, "load": {"mode": "append", "cursor": "day"}}),
        Source.model_validate({"name": "other", "connector": file}),
        Source.model_validate({"name": "nepal", "connector": file, "timezone": "Asia/Kathmandu"}),
    ]
    return Project(Path(), Settings(name="shop"), {one.name: one for one in sources}, {one.name: one for one in models})
