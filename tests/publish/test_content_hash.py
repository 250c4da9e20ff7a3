"""Two tables that say the same have the same hash; any difference shows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.publish.content_hash import content_hash
from kpi_pipeline.publish.contract import TABLES, table_named
from kpi_pipeline.publish.table import Column, ColumnType, Table

NOTES = Table(
    "notes",
    "Words and numbers",
    (
        Column("first", ColumnType.text, "A word", nullable=True),
        Column("second", ColumnType.text, "Another", nullable=True),
        Column("number", ColumnType.number, "A number", nullable=True),
    ),
)
WORDS = st.none() | st.text(alphabet="ab\\N\x1f\x1eu", max_size=4)
ROWS = st.lists(st.tuples(WORDS, WORDS, st.none() | st.floats(allow_nan=False, allow_infinity=False)), max_size=4)

if TYPE_CHECKING:
    from tests.publish.conftest import Shop


def notes(rows: list[tuple[str | None, str | None, float | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=NOTES.schema, orient="row")


@given(ROWS, ROWS)
def test_equal_hashes_mean_equal_rows(
    some: list[tuple[str | None, str | None, float | None]], others: list[tuple[str | None, str | None, float | None]]
) -> None:
    same = sorted(map(repr, positive_zeros(some))) == sorted(map(repr, positive_zeros(others)))
    assert (content_hash(NOTES, notes(some)) == content_hash(NOTES, notes(others))) is same


def positive_zeros(
    rows: list[tuple[str | None, str | None, float | None]],
) -> list[tuple[str | None, str | None, float | None]]:
    return [(first, second, None if number is None else number + 0.0) for first, second, number in rows]


@given(ROWS, st.randoms())
def test_the_order_of_rows_does_not_matter(
    rows: list[tuple[str | None, str | None, float | None]], random: object
) -> None:
    other = list(rows)
    random.shuffle(other)  # type: ignore[attr-defined]
    assert content_hash(NOTES, notes(rows)) == content_hash(NOTES, notes(other))


def test_two_runs_over_the_same_rows_hash_alike(shop: Shop) -> None:
    one, other = shop.tables("run-1"), shop.tables("run-2")

    assert {t.name: content_hash(t, one[t.name]) for t in TABLES} == {
        t.name: content_hash(t, other[t.name]) for t in TABLES
    }
    assert content_hash(table_named("snapshot"), one["snapshot"]) is None


def test_when_something_was_done_does_not_count(shop: Shop) -> None:
    review = table_named("review")
    frame = shop.tables()["review"]
    later = frame.with_columns(reviewed_at=date(2011, 1, 1))

    assert content_hash(review, frame) == content_hash(review, later)
    assert content_hash(review, frame) != content_hash(review, frame.with_columns(decision=pl.lit("raise the target")))


def test_a_hash_stays_the_same_over_releases() -> None:
    frame = notes([("a", None, 0.1), ("b", "c", -2.0)])

    assert content_hash(NOTES, frame) == "45f87742efe118f74a13dda243ac84048f9418dedfb490e636e76d9944b4167c"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_but_those_about_the_run_has_one(shop: Shop, table: Table) -> None:
    found = content_hash(table, shop.tables()[table.name])
    assert (found is None) == (table.name in ("snapshot", "source_status", "run", "run_stage", "kpi_value_history"))
