"""Values that are as they were published are neither checked nor written again."""

from __future__ import annotations

import importlib
from datetime import date, datetime, timedelta

import duckdb
import polars as pl
import pytest

from kpi_pipeline.checks.result import CheckResult
from tests.project import SALES_HEADER, Shop, csv, sales

module = importlib.import_module("kpi_pipeline.pipeline.publish_tables")


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[pl.DataFrame]:
    """The rows of KPIs that were handed to the checks."""
    seen: list[pl.DataFrame] = []
    honest = module.check_kpi_values

    def noting(frame: pl.DataFrame, **options: object) -> tuple[CheckResult, ...]:
        seen.append(frame)
        found: tuple[CheckResult, ...] = honest(frame, **options)
        return found

    monkeypatch.setattr(module, "check_kpi_values", noting)
    return seen


def checked_at(shop: Shop, kpi: str) -> set[datetime]:
    return set(shop.ask(f"SELECT checked_at FROM check_result WHERE asset = 'kpi/{kpi}'").to_series())


def test_only_kpis_that_changed_are_checked(ran: Shop, looked_at: list[pl.DataFrame]) -> None:
    before = {kpi: checked_at(ran, kpi) for kpi in ("weekly_revenue", "weekly_tickets")}
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    report = ran.run()
    assert [set(rows.get_column("kpi")) for rows in looked_at] == [{"weekly_tickets"}]
    assert checked_at(ran, "weekly_revenue") == before["weekly_revenue"]
    assert checked_at(ran, "weekly_tickets") != before["weekly_tickets"]
    assert {one.asset for one in report.checks if one.asset.startswith("kpi/")} == {
        "kpi/weekly_average_sale", "kpi/weekly_revenue", "kpi/weekly_tickets",
    }  # fmt: skip


def test_only_months_that_changed_are_checked_and_all_rows_are_said(ran: Shop, looked_at: list[pl.DataFrame]) -> None:
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([9], first_invoice=500)))
    ran.run()
    (rows,) = looked_at
    first = date(2024, 3, 1)
    assert rows.get_column("period_start").min() >= first - timedelta(days=6)
    all_rows = ran.ask("SELECT count(*) FROM kpi_value WHERE kpi = 'weekly_revenue'").item()
    said = "SELECT observed FROM check_result WHERE asset = 'kpi/weekly_revenue' AND check_name = '{}'"
    assert ran.ask(said.format("key_unique")).item() == f"all {all_rows:,} rows pass"
    assert ran.ask(said.format("has_rows")).item() == f"it is {all_rows:,}"


def test_changed_words_check_no_values(ran: Shop, looked_at: list[pl.DataFrame]) -> None:
    ran.edit("definitions/kpis.yaml", "Sell for 1500 EUR a week", "Sell for 1600 EUR a week")
    assert ran.run().status == "published"
    assert looked_at == []


def test_full_run_checks_all_values(ran: Shop, looked_at: list[pl.DataFrame]) -> None:
    ran.run(full=True)
    assert looked_at[0].height == ran.ask("SELECT count(*) FROM kpi_value").item()


def test_file_is_copied_and_changed_where_little_changed(ran: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_arguments: object) -> None:
        raise AssertionError("few values changed, so not all are to be written")

    monkeypatch.setattr("kpi_pipeline.store.snapshot._make", never)
    before = ran.values("weekly_revenue"), ran.values("weekly_tickets")
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    assert ran.run().status == "published"
    assert ran.values("weekly_revenue") == before[0]
    assert list(ran.values("weekly_tickets").values())[:2] == [1, 4]
    assert ran.ask("SELECT count(*) FROM run").item() == 2


def test_the_file_is_the_same_whether_copied_and_changed_or_written_anew(ran: Shop) -> None:
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([3, 9], first_invoice=500)))
    ran.run()
    changed = ran.hashes()
    ran.published.unlink()
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    ran.run()
    ran.edit("data/tickets.csv", "T0,2024-01-09", "T0,2024-01-01")
    ran.run()
    assert ran.hashes() == changed


def test_a_file_that_somebody_changed_is_written_anew(ran: Shop) -> None:
    with duckdb.connect(str(ran.published)) as meddler:
        meddler.execute("UPDATE kpi_value SET value = -1")
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([9], first_invoice=500)))
    ran.run()
    assert ran.ask("SELECT count(*) FROM kpi_value WHERE value = -1").item() == 0
