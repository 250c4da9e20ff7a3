"""Tables of values are written part by part: afterwards they hold what they would if all had been written anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.names import TableRef
from kpi_pipeline.store import Warehouse, values
from kpi_pipeline.store.values import Change, change_of, parts_of, write_change

TABLE = TableRef("kpi", "kpi_value")
SCHEMA = {"kpi": pl.Categorical, "period_start": pl.Date, "value": pl.Float64, "word": pl.Categorical}
Row = tuple[str, date, float | None, str | None]
MARCH, APRIL = date(2024, 3, 1), date(2024, 4, 1)


def table(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def publish(warehouse: Warehouse, rows: pl.DataFrame, *, computed: str, defined: str = "ab") -> Change:
    change = change_of(warehouse, TABLE, rows, key="kpi", computed=set(computed), defined=set(defined))
    with warehouse.transaction():
        write_change(warehouse, change)
    return change


def held(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.rows("SELECT * FROM kpi.kpi_value ORDER BY ALL")


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    """Twenty values of `a` in March, one in April, and one of `b`."""
    with Warehouse.in_memory() as warehouse:
        publish(warehouse, START, computed="ab")
        yield warehouse


MANY = [("a", date(2024, 3, day), float(day), "x") for day in range(1, 21)]
START = table(*MANY, ("a", APRIL, 1.0, None), ("b", MARCH, None, "y"))


def test_nothing_changed_is_nothing_to_write(warehouse: Warehouse) -> None:
    change = publish(warehouse, START.reverse(), computed="ab")
    assert (change.rows.height, change.gone.height, change.height) == (0, 0, 22)
    assert held(warehouse) == START.rows()


def test_only_the_changed_month_is_written(warehouse: Warehouse) -> None:
    change = publish(warehouse, table(*MANY, ("a", APRIL, 2.0, None), ("b", MARCH, None, "y")), computed="ab")
    assert change.rows.rows() == [("a", APRIL, 2.0, None)]
    assert change.gone.rows() == [("a", APRIL)]
    assert warehouse.rows("SELECT value FROM kpi.kpi_value WHERE period_start >= '2024-04-01'") == [(2.0,)]


@pytest.mark.parametrize(
    "other",
    [("a", APRIL, 1.0, "z"), ("a", APRIL, None, None), ("a", date(2024, 4, 2), 1.0, None)],
    ids=["text", "missing", "day"],
)
def test_any_difference_is_a_change(warehouse: Warehouse, other: Row) -> None:
    publish(warehouse, table(*MANY, other, ("b", MARCH, None, "y")), computed="ab")
    assert other in held(warehouse)
    assert warehouse.count(TABLE) == 22


def test_what_was_not_computed_stays_and_what_is_not_defined_goes(warehouse: Warehouse) -> None:
    publish(warehouse, table(("a", APRIL, 5.0, None)), computed="a")
    assert held(warehouse) == [("a", APRIL, 5.0, None), ("b", MARCH, None, "y")]
    publish(warehouse, table(("a", APRIL, 5.0, None)), computed="a", defined="a")
    assert held(warehouse) == [("a", APRIL, 5.0, None)]


def test_what_another_program_noted_says_nothing(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its checksums, and the checks it made, may be others."""
    monkeypatch.setattr(values, "PROGRAM", "a newer one")
    change = publish(warehouse, START.filter(pl.col("kpi") == "a"), computed="a")
    assert change.whole
    assert change.height == 22
    assert held(warehouse) == START.rows()


def test_a_table_with_other_columns_is_written_anew(warehouse: Warehouse) -> None:
    warehouse.run("ALTER TABLE kpi.kpi_value RENAME COLUMN word TO note")
    assert publish(warehouse, START, computed="ab").whole
    assert list(warehouse.table_columns(TABLE)) == list(SCHEMA)


def test_room_left_by_rows_taken_out_is_not_kept_forever(warehouse: Warehouse) -> None:
    changes = [
        publish(warehouse, table(*MANY, ("a", APRIL, float(run), None), ("b", MARCH, run, "y")), computed="ab")
        for run in range(30)
    ]
    assert {True, False} == {change.whole for change in changes}
    assert warehouse.count(TABLE) == 22


ROWS = st.dictionaries(
    st.tuples(st.sampled_from("ab"), st.dates(date(2024, 1, 1), date(2024, 4, 30))),
    st.tuples(st.none() | st.floats(allow_nan=False, allow_infinity=False), st.none() | st.sampled_from("xyz")),
    max_size=8,
).map(lambda found: [(*key, *value) for key, value in found.items()])


@settings(max_examples=30)
@given(st.lists(ROWS, min_size=1, max_size=4))
def test_whatever_came_before_the_table_is_what_was_computed_last(runs: list[list[Row]]) -> None:
    with Warehouse.in_memory() as warehouse:
        for rows in runs:
            publish(warehouse, table(*rows), computed="ab")
        assert sorted(map(repr, held(warehouse))) == sorted(map(repr, table(*runs[-1]).rows()))
        noted = warehouse.fetch('SELECT * EXCLUDE (program) FROM kpi."parts of kpi_value" ORDER BY ALL')
        assert noted.equals(parts_of(table(*runs[-1]), "kpi"))
