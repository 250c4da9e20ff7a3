"""Which values are read for the pages: all totals in reach, the latest segments, the course of the largest ones."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import polars as pl
import pytest

from kpi_pipeline.names import TableRef
from kpi_pipeline.publish.scorecard import PARAMETERS, values_shown
from kpi_pipeline.publish.scorecard.segment_table import MOST
from kpi_pipeline.publish.scorecard.values_shown import PERIODS_OF_SEGMENT, PERIODS_OF_TOTAL

DAYS, SEGMENTS, COMPLETE = 500, 20, 498


@pytest.fixture(scope="module")
def shown() -> pl.DataFrame:
    """A KPI by day with twenty segments, number 1 being the smallest; the last two days are in progress."""
    rows = [
        (
            "sales", "day", datetime(2020, 1, 1) + timedelta(days=day), "all" if at == 0 else "shop",
            "all" if at == 0 else f"shop={at}", float(at), None, day < COMPLETE,
        )
        for day in range(DAYS)
        for at in range(SEGMENTS + 1)
    ]  # fmt: skip
    names = ["kpi", "grain", "period_start_utc", "breakdown", "segment", "value", "denominator", "is_complete"]
    schema = dict.fromkeys(("value", "denominator"), pl.Float64)
    values = pl.DataFrame(rows, schema=names, schema_overrides=schema, orient="row")
    with duckdb.connect() as connection:
        connection.sql("CREATE SCHEMA kpi")
        connection.register("given", values)
        connection.sql("CREATE TABLE kpi.kpi_value AS FROM given")
        query = values_shown(TableRef("kpi", "kpi_value")).sql("duckdb")
        found: pl.DataFrame = connection.sql(query, params=list(PARAMETERS)).pl()
    assert found.columns == names
    return found


def test_the_newest_periods_of_the_total_are_read(shown: pl.DataFrame) -> None:
    total = shown.filter(segment="all")
    assert total.height == PERIODS_OF_TOTAL
    assert total["period_start_utc"].max() == datetime(2020, 1, 1) + timedelta(days=DAYS - 1)


def test_every_segment_has_its_latest_complete_period(shown: pl.DataFrame) -> None:
    latest = shown.filter(pl.col("period_start_utc") == datetime(2020, 1, 1) + timedelta(days=COMPLETE - 1))
    assert latest.height == SEGMENTS + 1


def test_only_the_largest_segments_have_a_course(shown: pl.DataFrame) -> None:
    periods = dict(shown.filter(pl.col("segment") != "all").group_by("segment").len().iter_rows())
    assert periods == {f"shop={at}": PERIODS_OF_SEGMENT if at > SEGMENTS - MOST else 1 for at in range(1, SEGMENTS + 1)}
