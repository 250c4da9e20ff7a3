"""Views for people in a hurry, asked of a published file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from kpi_pipeline.names import TableRef
from kpi_pipeline.publish.contract import TABLES
from kpi_pipeline.publish.ddl import table_statements
from kpi_pipeline.publish.sparkline import sparkline_text
from kpi_pipeline.publish.view import comments_of
from kpi_pipeline.publish.views import STABLE_VIEWS, all_views, view_statements
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.snapshot import write_snapshot

if TYPE_CHECKING:
    from tests.publish.conftest import Row, Shop, Tables


def published(shop: Shop, folder: Path, tables: Tables) -> duckdb.DuckDBPyConnection:
    """The tables as a reader sees them."""
    with Warehouse.in_memory() as warehouse:
        for name, frame in tables.items():
            warehouse.replace_table(TableRef("kpi", name), frame)
        views = view_statements(all_views(shop.project, metric_value=tables["metric_value"], segment=tables["segment"]))
        file = write_snapshot(warehouse, folder / "kpi.duckdb", tables=table_statements(), views=views)
    return duckdb.connect(str(file.path), read_only=True)


def rows(reader: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    found: list[Row] = reader.sql(query).pl().to_dicts()
    return found


@pytest.fixture
def reader(shop: Shop, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with published(shop, tmp_path, shop.tables()) as reader:
        yield reader


def test_all_tables_are_there_with_their_types_and_comments(reader: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        found = rows(
            reader,
            "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns() "
            f"WHERE table_name = '{table.name}' ORDER BY column_index",
        )
        kinds = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
        assert [tuple(row.values()) for row in found] == [
            (column.name, kinds.get(column.type, column.type), column.nullable, column.comment)
            for column in table.columns
        ]


def test_everything_readers_see_has_a_comment(reader: duckdb.DuckDBPyConnection) -> None:
    silent = rows(
        reader,
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL UNION ALL "
        "SELECT view_name, NULL FROM duckdb_views() WHERE NOT internal AND comment IS NULL UNION ALL "
        "SELECT table_name, NULL FROM duckdb_tables() WHERE NOT internal AND comment IS NULL",
    )
    assert silent == []


@pytest.mark.parametrize("view", STABLE_VIEWS, ids=lambda view: view.name)
def test_a_stable_view_has_the_columns_it_describes(reader: duckdb.DuckDBPyConnection, view: object) -> None:
    name, columns = view.name, view.columns  # type: ignore[attr-defined]
    assert set(reader.sql(f"FROM {name}").columns) == set(columns)


def test_the_scorecard_has_a_row_a_kpi(reader: duckdb.DuckDBPyConnection) -> None:
    found = rows(reader, "SELECT kpi, goal_label, period_label, status FROM scorecard")

    assert [tuple(row.values()) for row in found] == [
        ("monthly_orders", "Grow", None, "no_data"),
        ("monthly_sales", "Grow", "2010-03", "on_track"),
        ("weekly_tickets", None, None, "no_data"),
    ]


def test_the_scorecard_tells_the_latest_complete_period_and_what_is_ahead(reader: duckdb.DuckDBPyConnection) -> None:
    [sales] = rows(reader, "SELECT * FROM scorecard WHERE kpi = 'monthly_sales'")

    assert (sales["period_start"], sales["period_end"]) == (date(2010, 3, 1), date(2010, 4, 1))
    assert (sales["value"], sales["target"], sales["attainment"], sales["variance"]) == (120, 100, 1.2, 20)
    assert (sales["previous_value"], sales["change"], sales["change_pct"]) == (100, 20, 0.2)
    assert (sales["in_progress_label"], sales["in_progress_value"], sales["projected_value"]) == ("2010-04", 30, 130)
    assert (sales["projected_low"], sales["projected_high"], sales["projected_status"]) == (110, 150, "on_track")
    assert (sales["indicator"], sales["display_format"], sales["owner"]) == ("lagging", "£#,##0", "head_of_sales")
    assert sales["trend"] == sparkline_text([80, 100, 120]) == "▁▅█"
    assert sales["led_by"] == "Monthly orders (same month, not tested), Weekly tickets (4 weeks, not tested)"


def test_the_period_in_progress_is_the_first_that_is_not_complete(shop: Shop, tmp_path: Path) -> None:
    tables = shop.tables()
    stray: Row = {**shop.month(9), "kpi": "monthly_sales", "value": 1.0, "status": "in_progress", "is_complete": False}
    tables["kpi_value"] = pl.concat([shop.frame("kpi_value", [stray]), tables["kpi_value"]])
    [sales] = rows(
        published(shop, tmp_path, tables), "SELECT in_progress_label FROM scorecard WHERE kpi = 'monthly_sales'"
    )

    assert sales["in_progress_label"] == "2010-04"


def test_a_verdict_is_said_in_words(shop: Shop, tmp_path: Path) -> None:
    tables = shop.tables()
    tables["kpi_evidence"] = tables["kpi_evidence"].with_columns(verdict=pl.lit("not_supported"))
    [sales] = rows(published(shop, tmp_path, tables), "SELECT led_by FROM scorecard WHERE kpi = 'monthly_sales'")

    assert sales["led_by"] == "Monthly orders (same month, not supported), Weekly tickets (4 weeks, not supported)"


def test_what_a_confirmed_leader_is_good_for(shop: Shop, tmp_path: Path) -> None:
    tables = shop.tables()
    tables["kpi_evidence"] = tables["kpi_evidence"].with_columns(verdict=pl.lit("confirmed"), skill=pl.lit(0.184))
    [sales] = rows(published(shop, tmp_path, tables), "SELECT led_by FROM scorecard WHERE kpi = 'monthly_sales'")

    assert sales["led_by"].startswith("Monthly orders (same month, confirmed, cuts the error of forecasts by 18 %), ")


@pytest.mark.parametrize(
    "values",
    [[5.0, 5.0], [None, 1.0, None, 3.0], [None], [1.0], [-3.0, 0.0, 4.5, 4.4], [float(n * n) for n in range(20)]],
    ids=str,
)
def test_a_trend_is_drawn_as_in_the_terminal(shop: Shop, tmp_path: Path, values: list[float | None]) -> None:
    tables = shop.tables()
    tables["kpi_value"] = shop.frame(
        "kpi_value",
        [
            {**shop.month(at % 12 + 1, 2009 + at // 12), "kpi": "monthly_sales", "value": value, "status": "no_target"}
            for at, value in enumerate(values)
        ],
    )
    [sales] = rows(published(shop, tmp_path, tables), "SELECT trend FROM scorecard WHERE kpi = 'monthly_sales'")

    assert sales["trend"] == sparkline_text(values[-12:])


def test_latest_values_of_every_segment(reader: duckdb.DuckDBPyConnection) -> None:
    found = rows(reader, "SELECT label, segment, period_label, value FROM kpi_latest ORDER BY segment")

    assert [tuple(row.values()) for row in found] == [
        ("Monthly sales", "all", "2010-03", 120),
        ("Monthly sales", "country=France", "2010-03", 90),
    ]


def test_kpis_side_by_side(reader: duckdb.DuckDBPyConnection) -> None:
    found = rows(reader, "SELECT period_label, is_complete, monthly_sales, monthly_orders FROM kpi_wide_month")

    assert [tuple(row.values()) for row in found] == [
        ("2010-01", True, 80, None),
        ("2010-02", True, 100, None),
        ("2010-03", True, 120, None),
        ("2010-04", False, 30, None),
    ]
    assert rows(reader, "SELECT weekly_tickets FROM kpi_wide_week") == []


def test_a_model_with_dimensions_and_metrics_as_columns(reader: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        reader,
        "SELECT period_label, breakdown, country, net_sales, orders, order_value FROM order_lines_month "
        "ORDER BY breakdown, country NULLS LAST",
    )

    assert [tuple(row.values()) for row in found] == [
        ("2010-03", "all", None, 120, 12, 10),
        ("2010-03", "country", "(none)", 30, None, None),
        ("2010-03", "country", "France", 90, None, None),
    ]
    assert (
        comments(reader, "order_lines_month")
        >= {
            "country": "Country of the customer",
            "net_sales": "Net sales",
            "breakdown": comments_of("metric_value")["breakdown"],
        }.items()
    )
    assert reader.sql("FROM tickets_month").columns[-1] == "tickets"
    assert "country" not in reader.sql("FROM tickets_month").columns


def comments(reader: duckdb.DuckDBPyConnection, view: str) -> set[tuple[object, object]]:
    found = rows(reader, f"SELECT column_name, comment FROM duckdb_columns() WHERE table_name = '{view}'")
    return {(row["column_name"], row["comment"]) for row in found}


def test_a_metric_that_bears_the_name_of_a_fixed_column(shop: Shop, tmp_path: Path) -> None:
    tables = shop.tables()
    shop.project.metrics["segment"] = shop.project.metrics["net_sales"].model_copy(update={"name": "segment"})  # type: ignore[index]
    tables["metric_value"] = tables["metric_value"].with_columns(pl.col("metric").replace("net_sales", "segment"))
    found = rows(
        published(shop, tmp_path, tables), "SELECT metric_segment FROM order_lines_month WHERE segment = 'all'"
    )

    assert found == [{"metric_segment": 120}]


def test_values_as_they_were_published_then(shop: Shop, tmp_path: Path) -> None:
    first, second, third = (datetime(2010, 5, day, tzinfo=UTC) for day in (1, 2, 3))
    sales: Row = {**shop.month(1), "kpi": "monthly_sales", "published_as": "monthly_sales", "status": "no_target"}
    tables = shop.tables()
    tables["kpi_value_history"] = shop.frame(
        "kpi_value_history",
        [
            {**sales, "value": 79.0, "recorded_at": first, "superseded_at": second, "reason": "new"},
            {**sales, "value": 80.0, "recorded_at": second, "superseded_at": third, "reason": "late_data"},
            {**sales, "recorded_at": third, "status": "no_data", "reason": "removed"},
        ],
    )
    reader = published(shop, tmp_path, tables)

    def value_at(moment: str) -> list[Row]:
        return rows(reader, f"SELECT kpi, value FROM kpi_as_of(TIMESTAMPTZ '{moment}+00')")

    assert value_at("2010-04-30 23:59:59") == []
    assert value_at("2010-05-01 00:00:00") == [{"kpi": "monthly_sales", "value": 79}]
    assert value_at("2010-05-02 12:00:00") == [{"kpi": "monthly_sales", "value": 80}]
    assert value_at("2010-05-03 00:00:00") == []


def test_views_work_in_an_attached_file(reader: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    reader.close()
    with duckdb.connect() as other:
        other.execute(f"ATTACH '{tmp_path / 'kpi.duckdb'}' AS published (READ_ONLY)").complete()
        assert other.sql("SELECT count(*) FROM published.scorecard").fetchall() == [(3,)]
        other.execute("USE published").complete()
        assert other.sql("SELECT count(*) FROM kpi_as_of(now())").fetchall() == [(0,)]
