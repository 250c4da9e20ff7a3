"""What was found of spans of days is kept until a row of one of their days changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl
import pytest

from kpi_pipeline.plan import Fold, Measure, Reduction, Shape
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.answers import KeptAnswers, forget_answers

KEYS = Reduction("m", "day", Shape.distinct, (), (Measure("m", "day", Fold.distinct, "customer"),))
OTHER = Reduction("n", "day", Shape.distinct, (), (Measure("n", "day", Fold.distinct, "customer"),))
JANUARY, MARCH = (date(2024, 1, 1), date(2024, 1, 31)), (date(2024, 3, 1), date(2024, 3, 31))


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as made:
        yield made


def _found(span: tuple[date, date], value: float) -> pl.DataFrame:
    """A span that was looked at, and its value."""
    return pl.DataFrame(
        {"first_day": [span[0]] * 2, "last_day": [span[1]] * 2, "segment": [None, ""], "value": [None, float(value)]}
    )


def _kept(warehouse: Warehouse, reduction: Reduction = KEYS) -> list[tuple[date, float]]:
    rows = KeptAnswers(warehouse).known(reduction, "customers").drop_nulls("segment")
    return sorted(rows.select("first_day", "value").rows())


def _keep(warehouse: Warehouse, *found: pl.DataFrame, reduction: Reduction = KEYS) -> None:
    answers = KeptAnswers(warehouse)
    for rows in found:
        answers.learn(reduction, "customers", rows)
    answers.save()


def test_nothing_is_known_at_first(warehouse: Warehouse) -> None:
    assert _kept(warehouse) == []


def test_what_was_found_is_known_to_the_next_run(warehouse: Warehouse) -> None:
    _keep(warehouse, _found(JANUARY, 3), _found(MARCH, 5))
    assert _kept(warehouse) == [(JANUARY[0], 3.0), (MARCH[0], 5.0)]
    assert _kept(warehouse, OTHER) == []


def test_what_several_sheets_ask_or_earlier_runs_found_is_kept_once(warehouse: Warehouse) -> None:
    _keep(warehouse, _found(JANUARY, 3), _found(JANUARY, 3))
    _keep(warehouse, _found(JANUARY, 3), _found(MARCH, 5))
    assert _kept(warehouse) == [(JANUARY[0], 3.0), (MARCH[0], 5.0)]


@pytest.mark.parametrize(
    ("day", "left"),
    [
        (date(2024, 1, 31), [MARCH]),
        (date(2024, 2, 1), [JANUARY, MARCH]),
        (date(2024, 3, 1), [JANUARY]),
        (date(2024, 2, 29), [JANUARY, MARCH]),
    ],
)
def test_a_day_forgets_the_spans_it_is_in(warehouse: Warehouse, day: date, left: list[tuple[date, date]]) -> None:
    _keep(warehouse, _found(JANUARY, 3), _found(MARCH, 5))
    _keep(warehouse, _found(JANUARY, 7), reduction=OTHER)
    forget_answers(warehouse, KEYS, (day, date.fromordinal(day.toordinal() + 1)))
    assert [first for first, _ in _kept(warehouse)] == [span[0] for span in left]
    assert _kept(warehouse, OTHER) == [(JANUARY[0], 7.0)]


def test_made_as_a_whole_forgets_everything(warehouse: Warehouse) -> None:
    _keep(warehouse, _found(JANUARY, 3), _found(MARCH, 5))
    forget_answers(warehouse, KEYS, None)
    assert _kept(warehouse) == []
