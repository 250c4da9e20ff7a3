"""What was told of how keys come and go is not asked a second time, unless it is about something else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast

import polars as pl
import pytest
import sqlglot
from sqlglot import exp

from kpi_pipeline.derive import Segments
from kpi_pipeline.pipeline.asked_there import AskedThere
from kpi_pipeline.plan import Engine, Fold, Measure

FIRST = date(2024, 1, 1)
BUYERS = Measure("sale", "sold_at", Fold.distinct, "customer")
OTHERS = Measure("sale", "sold_at", Fold.distinct, "customer", filter="amount > 5")
TOTAL = Segments((), pl.DataFrame({"_segment": [0], "_is_other": [False]}))


class Answering:
    """An engine that answers every question with its number."""

    query_errors = (ValueError,)

    def __init__(self) -> None:
        self.asked = 0

    def replace_table(self, *given: Any) -> None:
        """What is asked about does not matter here."""

    def fetch(self, query: exp.Expr) -> pl.DataFrame:
        self.asked += 1
        return pl.DataFrame({"answer": [self.asked]})


def by_country(*names: str) -> Segments:
    table = pl.DataFrame({"country": names, "_segment": range(len(names)), "_is_other": [False] * len(names)})
    return Segments(("country",), table)


def leaves(days: range, stay: int = 28) -> pl.DataFrame:
    seen = [FIRST + timedelta(days=day) for day in days]
    return pl.DataFrame({"_day": seen, "_leaves": [day + timedelta(days=stay) for day in seen]})


@pytest.fixture
def there() -> AskedThere:
    rows = sqlglot.parse_one("SELECT _day, _key, customer FROM sale", into=exp.Select)
    return AskedThere(cast("Engine", Answering()), lambda first, after: rows, lambda problem: problem)


def told(there: AskedThere, *asked: Any) -> int:
    number: int = there.stays(*asked).item()
    return number


def test_the_same_days_or_some_of_them_are_told_again(there: AskedThere) -> None:
    assert told(there, leaves(range(60)), TOTAL, [BUYERS]) == 1
    assert told(there, leaves(range(60)), TOTAL, (BUYERS,)) == 1
    assert told(there, leaves(range(30, 50)), TOTAL, [BUYERS]) == 1


def test_segments_are_the_same_by_what_they_are(there: AskedThere) -> None:
    assert told(there, leaves(range(60)), by_country("France", "Spain"), [BUYERS]) == 1
    assert told(there, leaves(range(60)), by_country("France", "Spain"), [BUYERS]) == 1
    assert told(there, leaves(range(60)), by_country("Spain", "France"), [BUYERS]) == 2


@pytest.mark.parametrize(
    "asked",
    [
        (leaves(range(61)), TOTAL, [BUYERS]),
        (leaves(range(60), stay=7), TOTAL, [BUYERS]),
        (leaves(range(60)).with_columns(_leaves=pl.lit(None, pl.Date)), TOTAL, [BUYERS]),
        (leaves(range(60)), by_country("France"), [BUYERS]),
        (leaves(range(60)), TOTAL, [OTHERS]),
        (leaves(range(60)), TOTAL, [BUYERS, OTHERS]),
    ],
    ids=["a day more", "another window", "all that was before", "a breakdown", "a filter", "a measure more"],
)
def test_whatever_else_is_asked_is_a_question_of_its_own(there: AskedThere, asked: tuple[Any, ...]) -> None:
    assert told(there, leaves(range(60)), TOTAL, [BUYERS]) == 1
    assert told(there, *asked) == 2


def test_what_was_known_then_is_asked_for_itself(there: AskedThere) -> None:
    assert told(there, leaves(range(60)), TOTAL, [BUYERS]) == 1
    then = there.then(pl.DataFrame({"_day": [FIRST], "_known": [FIRST]}))
    assert told(then, leaves(range(60)), TOTAL, [BUYERS]) == 2
    assert told(there, leaves(range(60)), TOTAL, [BUYERS]) == 1
