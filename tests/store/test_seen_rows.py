"""Rows of some days are read in parts of whole keys: all of them, once, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl
import pytest
import sqlglot
from sqlglot import exp

from kpi_pipeline.names import TableRef
from kpi_pipeline.store.seen_rows import SeenRows
from kpi_pipeline.store.warehouse import Warehouse

FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=day) for day in range(60) if day % 7 != 3]


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


@pytest.fixture
def rows() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "_day": [day for day in DAYS for _ in range(5)],
            "_key": [place * place % 41 for place in range(5 * len(DAYS))],
        }
    )


@pytest.fixture
def seen(rows: pl.DataFrame) -> Iterator[SeenRows]:
    with Warehouse.in_memory() as warehouse:
        warehouse.replace_table(TableRef("temp", "seen_there"), rows)
        query = sqlglot.parse_one("SELECT _day, _key FROM temp.seen_there", read="duckdb", into=exp.Select)
        days = rows.group_by("_day").agg(rows=pl.len().cast(pl.Int64)).sort("_day")
        yield SeenRows(warehouse, query, (), pl.DataFrame(), days, lambda problem: problem)


@pytest.mark.parametrize("at_most", [7, 1000])
@pytest.mark.parametrize(
    "spans",
    [
        [(on(0), on(59))],
        [(on(-10), on(90))],
        [(on(5), on(20))],
        [(on(7 * week), on(7 * week + 4)) for week in range(8)],
        [(on(7 * week + 3), on(7 * week + 3)) for week in range(8)],
        [(on(-9), on(-3)), (on(2), on(2)), (on(58), on(70))],
        [(on(0), on(30)), (on(31), on(59))],
    ],
    ids=[
        "all",
        "more than all",
        "some",
        "weeks cut short",
        "days without rows",
        "beyond both ends",
        "two that are all",
    ],
)
def test_the_rows_of_spans_are_read_once(
    seen: SeenRows, rows: pl.DataFrame, spans: list[tuple[date, date]], at_most: int
) -> None:
    wanted = rows.filter(pl.any_horizontal(pl.col("_day").is_between(*span) for span in spans))
    parts = list(seen.by_key(at_most, spans))
    found = pl.concat(parts).select("_day", "_key")
    assert found.sort("_day", "_key").equals(wanted.sort("_day", "_key"))
    keys = [set(part.get_column("_key")) for part in parts]
    assert sum(map(len, keys)) == len(set().union(*keys))
    days = pl.concat(seen.by_days(spans)).select("_day", "_key")
    assert days.sort("_day", "_key").equals(wanted.sort("_day", "_key"))
