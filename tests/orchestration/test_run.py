"""Runs: everything, a part, and what a failed check leaves out."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import duckdb

from tests.orchestration.conftest import ALL, LINES, VISITS, Shop


def published(shop: Shop, query: str) -> list[tuple[object, ...]]:
    """What a BI tool reads."""
    with duckdb.connect(str(shop.root / "published/kpi.duckdb"), read_only=True) as reader:
        return reader.execute(query).fetchall()


def test_everything_at_once(shop: Shop) -> None:
    outcome = shop.materialize()
    assert outcome.success
    assert outcome.materialized == ALL
    assert {key for key, check in outcome.checks.items() if not check.passed} == set()
    assert published(shop, "SELECT kpi, value FROM kpi_latest ORDER BY kpi") == [
        ("monthly_order_value", 30.0), ("monthly_visitors", 150.0),
    ]  # fmt: skip


def test_a_kpi_tells_its_numbers(shop: Shop) -> None:
    told = shop.materialize().metadata["kpi/monthly_order_value"]
    wanted = {
        "period": "2024-02", "status": "on_track", "value": 30.0, "target": 20.0, "attainment": 1.5, "numerator": 30.0,
        "denominator": 1.0, "indicator_found": "lagging",
    }  # fmt: skip
    assert {key: told[key] for key in wanted} == wanted
    assert told["sparkline"] == "▁█"
    assert "| 2024-02 | £30.00 | £20.00 | 150% | on track |" in told["preview"]
    picture = base64.b64decode(told["trend"].split("base64,")[1].removesuffix(")")).decode()
    assert picture.startswith("<svg")


def test_a_source_tells_its_rows_and_columns(shop: Shop) -> None:
    told = shop.materialize().metadata["raw/lines"]
    assert (told["dagster/row_count"], told["quarantined_rows"]) == (3, 0)
    assert "sold_at" in [column.name for column in told["dagster/column_schema"].columns]


def test_late_rows_of_closed_books_warn_and_block_nothing(shop: Shop) -> None:
    shop.materialize()
    shop.edit("project:\n", "project:\n  freeze: {through: 2024-01, by: Finance}\n")
    shop.write("lines/more.csv", "invoice,sold_at,quantity,price\n4,2024-01-10,1,50\n")
    outcome = shop.materialize()
    assert outcome.success
    found = {
        asset: (one.passed, one.severity.name) for (asset, name), one in outcome.checks.items() if name == "frozen"
    }
    assert found == {"kpi/monthly_order_value": (False, "WARN"), "kpi/monthly_visitors": (True, "WARN")}


def test_one_kpi_computes_what_it_needs_and_publishes_all(shop: Shop) -> None:
    shop.materialize()
    shop.write("lines/more.csv", "invoice,sold_at,quantity,price\n4,2024-02-10,1,50\n")
    shop.write("visits.csv", VISITS.replace("150", "151"))
    outcome = shop.materialize("kpi/monthly_order_value")
    assert outcome.materialized == {
        "kpi/monthly_order_value", "raw/lines", "model/order_lines", "indicators/evidence", "published/snapshot",
        "published/scorecard",
    }  # fmt: skip
    assert published(shop, "SELECT kpi, value FROM kpi_latest ORDER BY kpi") == [
        ("monthly_order_value", 40.0), ("monthly_visitors", 150.0),
    ]  # fmt: skip


def test_only_sources_are_loaded_when_only_they_are_selected(shop: Shop) -> None:
    outcome = shop.materialize("raw/visits")
    assert outcome.materialized == {"raw/visits"}
    assert not (shop.root / "published").exists()


def test_models_are_made_with_the_sources_below_them(shop: Shop) -> None:
    outcome = shop.materialize("model/order_lines")
    assert outcome.success
    assert outcome.materialized == {"model/order_lines", "raw/lines"}


def test_a_source_beside_a_kpi_that_does_not_need_it(shop: Shop) -> None:
    outcome = shop.materialize("raw/lines", "kpi/monthly_visitors")
    assert {"raw/lines", "kpi/monthly_visitors"} <= outcome.materialized


def test_what_is_published_stands_for_everything(shop: Shop) -> None:
    outcome = shop.materialize("published/snapshot")
    assert outcome.success
    assert published(shop, "SELECT count(DISTINCT kpi) FROM kpi_value") == [(2,)]
    assert Path(outcome.metadata["published/snapshot"]["tables"]) == shop.root / "published/kpi.duckdb"


def test_a_second_run_tells_the_same_though_it_computes_nothing(shop: Shop) -> None:
    first, second = shop.materialize(), shop.materialize()
    assert second.materialized == ALL
    assert second.metadata["kpi/monthly_order_value"] == first.metadata["kpi/monthly_order_value"]
    assert second.checks.keys() == first.checks.keys()


def test_a_failed_blocking_check_stops_what_depends_on_it_only(shop: Shop) -> None:
    shop.write("lines/2024.csv", LINES + "4,2024-03-01,1,\n")
    outcome = shop.materialize()
    assert not outcome.success
    assert outcome.materialized == {
        "raw/visits", "model/days", "metric/visitors", "kpi/monthly_visitors", "indicators/evidence",
        "published/snapshot", "published/scorecard",
    }  # fmt: skip
    failed = outcome.checks["raw/lines", "every_line_is_priced"]
    assert (failed.passed, failed.severity.value, failed.blocking) == (False, "ERROR", True)
    assert failed.metadata["failing_rows"].value == 1
    assert "| 4 |" in str(failed.metadata["sample"].value)
    assert published(shop, "SELECT DISTINCT kpi FROM kpi_value") == [("monthly_visitors",)]


def test_a_warning_is_told_and_stops_nothing(shop: Shop) -> None:
    shop.write("lines/2024.csv", LINES + "4,2024-03-01,1,0\n")
    outcome = shop.materialize()
    assert outcome.success
    assert outcome.materialized == ALL
    warned = outcome.checks["raw/lines", "no_free_gifts"]
    assert (warned.passed, warned.severity.value, warned.blocking) == (False, "WARN", False)


def test_a_link_that_the_data_speaks_against_warns(shop: Shop) -> None:
    chance = random.Random(3)
    months = [f"{2015 + number // 12}-{number % 12 + 1:02d}-05" for number in range(73)]
    lines = [f"{number},{day},1,{chance.uniform(20, 40):.2f}" for number, day in enumerate(months)]
    shop.write("lines/2024.csv", "\n".join(["invoice,sold_at,quantity,price", *lines]))
    shop.write("visits.csv", "\n".join(["day,visitors", *(f"{day},{chance.randint(80, 200)}" for day in months)]))
    outcome = shop.materialize("indicators/evidence")
    assert outcome.success
    assert {"kpi/monthly_visitors", "kpi/monthly_order_value"}.isdisjoint(outcome.materialized)
    warned = outcome.checks["indicators/evidence", "monthly_visitors_leads_monthly_order_value"]
    assert (warned.passed, warned.severity.value, warned.blocking) == (False, "WARN", False)
    assert (warned.metadata["verdict"].value, warned.metadata["periods"].value) == ("not_supported", 72)
    told = outcome.metadata["indicators/evidence"]
    assert (told["dagster/row_count"], told["links_not_supported"]) == (1, 1)
    assert "| monthly_visitors | monthly_order_value | 1 month | not supported |" in told["links"]


def test_a_selected_kpi_that_is_blocked_fails_the_run_and_says_why(shop: Shop) -> None:
    shop.write("lines/2024.csv", LINES + "4,2024-03-01,1,\n")
    outcome = shop.materialize("kpi/monthly_order_value")
    assert not outcome.success
    assert "kpi/monthly_order_value was not computed: raw/lines fails 'every_line_is_priced'" in outcome.failures[0]


def test_a_missing_file_is_said_in_the_pipelines_own_words(shop: Shop) -> None:
    (shop.root / "visits.csv").unlink()
    outcome = shop.materialize()
    assert not outcome.success
    assert "visits.csv" in outcome.failures[0]
