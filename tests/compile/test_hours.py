"""What cannot be asked by hour, or only by hour, is refused with the grain to ask with."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.compile import compile_query
from kpi_pipeline.errors import DataError, QueryError
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Shape
from tests.engine import Engine, Table, engine

ROWS: dict[str, Table | str] = {
    "visits": """came_at timestamp | day date | shop varchar | left_at timestamp
                 2024-01-01 10:00:00 | 2024-01-01 | north | 2024-01-01 12:00:00""",
}
METRICS: list[dict[str, Any]] = [
    {"name": "visits_made", "type": "simple", "model": "visits", "agg": "count"},
    {"name": "by_day", "type": "simple", "model": "visits", "agg": "count", "agg_time_dimension": "day"},
    {"name": "shops", "type": "simple", "model": "visits", "agg": "count_distinct", "expr": "shop"},
    {"name": "last_24h", "type": "cumulative", "input_metric": "visits_made", "window": "24 hours"},
    {"name": "this_hour", "type": "cumulative", "input_metric": "visits_made", "grain_to_date": "hour"},
    {
        "name": "back",
        "type": "retention",
        "entity": "guest",
        "model": "visits",
        "cohort_grain": "week",
        "age": 1,
    },
    {
        "name": "again",
        "type": "conversion",
        "entity": "guest",
        "base_metric": "visits_made",
        "conversion_metric": "visits_made",
    },
    {
        "name": "until_day",
        "type": "simple",
        "model": "visits",
        "agg": "count",
        "active": {"from": "came_at", "to": "day"},
    },
    {
        "name": "here",
        "type": "simple",
        "model": "visits",
        "agg": "count",
        "active": {"from": "came_at", "to": "left_at"},
    },
]
MODELS = [
    {
        "name": "visits",
        "table": "raw.visits",
        "agg_time_dimension": "came_at",
        "entities": [{"name": "guest", "type": "foreign", "expr": "shop"}],
        "dimensions": [
            "shop",
            {"name": "left_at", "type": "time"},
            {"name": "came_at", "type": "time"},
            {"name": "day", "type": "time"},
        ],
    }
]


@pytest.fixture
def visits() -> Any:
    with engine(ROWS, metrics=METRICS, models=MODELS) as made:
        yield made


@pytest.mark.parametrize(
    ("metric", "grain", "message"),
    [
        ("last_24h", "day", "looks at hours .over the last 24 hours.*--grain hour"),
        ("last_24h", None, "looks at hours .over the last 24 hours.*--grain hour"),
        ("this_hour", "week", "looks at hours .since the hour began.*--grain hour"),
        ("back", "hour", "follows events from day to day .*--grain week"),
        ("again", "hour", "follows events from day to day .*--grain day"),
    ],
)
def test_a_grain_that_does_not_fit(visits: Engine, metric: str, grain: str | None, message: str) -> None:
    with pytest.raises(QueryError, match=f"(?s){message}"):
        visits.query([metric], grain=grain)


def test_rows_that_count_on_days_have_no_hours(visits: Engine) -> None:
    with pytest.raises(DataError, match="cannot be asked by hour: its time column 'day' holds days"):
        visits.query(["by_day"], grain="hour")


def test_what_lasts_until_a_day_has_no_hours(visits: Engine) -> None:
    with pytest.raises(DataError, match="cannot be asked by hour: its time column 'day' holds days"):
        visits.query(["until_day"], grain="hour")
    assert visits.query(["here"], grain="hour").item(0, "here") == 1


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"grain": "day", "start": "2024-01-01T10"},
            r"names an hour, but days are asked for.*name the day: 2024-01-01",
        ),
        ({"start": "2024-01-01T10"}, "names an hour, but a total is asked for"),
        ({"grain": "hour", "start": "2024-01-01T10", "end": "2024-01-01T09"}, "lies after"),
        ({"grain": "hour", "start": "2024-01-01T25"}, "names no day and no period"),
        ({"grain": "fortnight"}, "'fortnight' is not a grain.*'hour', 'day'"),
    ],
)
def test_hours_named_where_there_are_none(visits: Engine, asked: dict[str, str], message: str) -> None:
    with pytest.raises(QueryError, match=f"(?s){message}"):
        visits.query(["visits_made"], **asked)


def test_hours_are_passes_of_their_own(visits: Engine) -> None:

    plan = compile_query(visits.project, ["visits_made", "shops"], by=(), grain=Grain.hour, where=None)
    assert {one.shape for one in plan.reductions} == {Shape.additive, Shape.distinct}
    assert all(one.table.name.endswith("__hour") for one in plan.reductions)
