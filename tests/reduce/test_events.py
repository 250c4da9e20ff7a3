"""What events cannot be matched is said, and the SQL carries along only what a question names."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.compile import compile_query
from kpi_pipeline.errors import DataError, QueryError
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Reduction
from kpi_pipeline.reduce import reduction_query
from tests.engine import Engine, engine

TABLES = {
    "visits": """
        moment timestamp    | visitor varchar | channel varchar | page varchar
        2024-01-01 10:00:00 | ann             | web             | home
    """,
    "buys": """
        day date   | visitor varchar | amount decimal(9,2) | money varchar
        2024-01-01 | ann             | 5.00                | USD
    """,
    "fx": """
        day date   | code varchar | rate decimal(9,4)
        2023-12-01 | USD          | 0.5000
    """,
}
FX: dict[str, Any] = {"currency": {"column": "money", "rates": "fx", "rate": "rate", "code": "code"}}
METRICS: list[dict[str, Any]] = [
    {"name": "visits_made", "type": "simple", "model": "visits", "agg": "count"},
    {"name": "bought", "type": "simple", "model": "buys", "agg": "sum", "expr": "amount"},
    {"name": "priced", "type": "simple", "model": "buys", "agg": "sum", "expr": "amount", "unit": "currency"},
    {"name": "in_words", "type": "simple", "model": "buys", "agg": "sum", "expr": "money"},
]


def _models(primary: bool = False) -> list[dict[str, Any]]:
    visitor = {"name": "visitor", "type": "primary" if primary else "foreign"}
    return [
        {
            "name": "visits",
            "table": "raw.visits",
            "agg_time_dimension": "moment",
            "entities": [visitor],
            "dimensions": ["channel", "page"],
        },
        {
            "name": "buys",
            "table": "raw.buys",
            "agg_time_dimension": "day",
            "entities": [{"name": "visitor", "type": "foreign"}],
            **FX,
        },
        {"name": "fx", "table": "raw.fx", "agg_time_dimension": "day"},
    ]


def _conversion(metric: str, window: str = "7 days") -> dict[str, Any]:
    return {
        "name": "converted",
        "type": "conversion",
        "entity": "visitor",
        "base_metric": "visits_made",
        "conversion_metric": metric,
        "window": window,
    }


def _pass(here: Engine, by: list[str]) -> tuple[Reduction, str]:
    plan = compile_query(here.project, ["converted"], by=by, grain=Grain.day, where=None)
    reduction = next(one for one in plan.reductions if one.events)
    query = reduction_query(reduction, plan.model(reduction.model), here.warehouse)
    return reduction, query.sql(dialect="duckdb")


def test_hours_cannot_be_counted_between_days() -> None:
    with (
        engine(TABLES, models=_models(), metrics=[*METRICS, _conversion("bought", "36 hours")]) as here,
        pytest.raises(DataError, match="A window of 36 hours cannot be counted: 'day' of model 'buys' holds days"),
    ):
        here.query(["converted"])


def test_an_amount_without_a_rate_is_refused_as_in_its_own_metric() -> None:
    with engine(TABLES, models=_models(), metrics=[*METRICS, _conversion("priced")]) as here:
        for metric in ("priced", "converted"):
            with pytest.raises((DataError, QueryError), match="There is no rate for USD on 2024-01-01"):
                here.query([metric])


def test_words_are_not_added_up() -> None:
    with (
        engine(TABLES, models=_models(), metrics=[*METRICS, _conversion("in_words")]) as here,
        pytest.raises(DataError, match="is VARCHAR, so there is no sum of it"),
    ):
        here.query(["converted"])


def test_only_what_is_named_comes_along() -> None:
    with engine(TABLES, models=_models(primary=True), metrics=[*METRICS, _conversion("bought")]) as here:
        assert '"channel"' not in _pass(here, [])[1]
        assert '"_base"."channel"' in _pass(here, ["channel"])[1]
        assert "page" not in _pass(here, ["channel"])[1]


def test_ties_fall_the_same_way_whatever_is_asked() -> None:
    with engine(TABLES, models=_models(), metrics=[*METRICS, _conversion("bought")]) as here:
        assert [_pass(here, by)[0].measures[0].events.ties for by in ([], ["channel"])] == [('"channel"', '"page"')] * 2


def test_partial_results_of_other_events_are_kept_apart() -> None:
    both = [_conversion("bought"), {**_conversion("bought", "8 days"), "name": "later"}]
    with engine(TABLES, models=_models(), metrics=[*METRICS, *both]) as here:
        plan = compile_query(here.project, ["converted", "later"], by=(), grain=Grain.day, where=None)
        tables = [one.table for one in plan.reductions]

        assert len(set(tables)) == len(tables) == 3
