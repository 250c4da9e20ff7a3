"""Frameworks from YAML to tables: grades that stay when data is corrected, and one KPI in all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from kpi_pipeline.compile import compile_project
from tests.arranged import SERVES, arrange
from tests.project import NOW, Shop

SOLD_IN_THE_LAST_WEEK = 4 * 23 + 5 * 24 + 1 * 25 + 2 * 26 + 3 * 27 + 4 * 28
"""The six sales of 22 to 28 January: quantity times price."""


@pytest.fixture
def arranged(shop: Shop) -> Shop:
    return arrange(shop)


def grades(shop: Shop) -> dict[str, dict[str, Any]]:
    rows = shop.ask("SELECT * FROM okr_key_result").to_dicts()
    return {row["kpi"]: row for row in rows}


def test_grades_of_what_is_over_stay_when_the_data_is_corrected(arranged: Shop) -> None:
    arranged.run()
    first = grades(arranged)
    revenue = first["weekly_revenue"]
    assert (revenue["period_label"], revenue["value"], revenue["target"]) == ("2024-W04", SOLD_IN_THE_LAST_WEEK, 1500)
    assert revenue["grade"] == pytest.approx(SOLD_IN_THE_LAST_WEEK / 1500)
    assert first["weekly_average_sale"]["grade"] == pytest.approx(SOLD_IN_THE_LAST_WEEK / 6 / 250)
    assert first["weekly_tickets"]["grade"] == 1
    assert {row["frozen_at"] for row in first.values()} == {NOW}
    (objective,) = arranged.ask("SELECT * FROM okr_objective").to_dicts()
    frozen = (SOLD_IN_THE_LAST_WEEK / 1500 + SOLD_IN_THE_LAST_WEEK / 1500 + 1) / 3
    assert (objective["grade"], objective["frozen_at"]) == (pytest.approx(frozen), NOW)

    arranged.edit("data/sales/first.csv", "2024-01-22 10:00:00,France,4,23.00", "2024-01-22 10:00:00,France,4,143.00")
    later = datetime(2024, 3, 12, 7, tzinfo=UTC)
    for full in (False, True):
        arranged.run(full=full, now=later)
        second = grades(arranged)["weekly_revenue"]
        assert [second[name] for name in ("value", "grade", "frozen_at")] == [
            revenue[name] for name in ("value", "grade", "frozen_at")
        ]
        assert second["value_now"] == SOLD_IN_THE_LAST_WEEK + 4 * 120
        assert second["grade_now"] == pytest.approx((SOLD_IN_THE_LAST_WEEK + 4 * 120) / 1500)
    (objective,) = arranged.ask("SELECT * FROM okr_objective").to_dicts()
    assert (objective["grade"], objective["frozen_at"]) == (pytest.approx(frozen), NOW)
    assert objective["grade_now"] > objective["grade"]


def test_running_again_freezes_nothing_twice(arranged: Shop) -> None:
    arranged.run()
    before = arranged.hashes()
    arranged.run(full=True)

    assert arranged.hashes() == before
    assert arranged.look("SELECT count(*) FROM state.frozen_grade").item() == 3


def test_one_kpi_in_all_frameworks_is_computed_once(arranged: Shop, shop: Shop) -> None:
    file = shop.root / "definitions" / "kpis.yaml"
    everywhere = compile_project(arranged.load().project)
    arranged.run()
    values = arranged.ask("SELECT count(*) FROM kpi_value WHERE kpi = 'weekly_revenue'").item()
    rows = {
        table: arranged.ask(f"SELECT count(*) FROM {table} WHERE kpi = 'weekly_revenue'").item()
        for table in ("okr_key_result", "team_focus", "balanced_scorecard", "strategy_node")
    }
    assert rows == dict.fromkeys(rows, 1)
    latest = "(SELECT value FROM kpi_latest WHERE kpi = 'weekly_revenue' AND segment = 'all')"
    assert arranged.ask(f"SELECT value = {latest} FROM balanced_scorecard WHERE kpi = 'weekly_revenue'").item()

    file.write_text(file.read_text(encoding="utf-8").replace(SERVES, "goal: grow"), encoding="utf-8")
    once = compile_project(shop.load().project)
    assert (everywhere.series, everywhere.reductions) == (once.series, once.reductions)
    shop.run()
    assert shop.ask("SELECT count(*) FROM kpi_value WHERE kpi = 'weekly_revenue'").item() == values


def test_agreement_focus_and_map_are_published(arranged: Shop) -> None:
    arranged.run()
    (agreement,) = arranged.ask("SELECT * FROM mbo_agreement").to_dicts()
    assert (agreement["person"], agreement["manager"], agreement["is_agreed_by_manager"]) == ("bob", "ana", True)
    assert (str(agreement["review_due"]), agreement["is_overdue"]) == ("2025-01-01", False)
    (focus,) = arranged.ask("SELECT * FROM team_focus").to_dicts()
    assert (focus["before_label"], focus["latest_label"]) == ("2024-W05", "2024-W09")
    weeks = arranged.values("weekly_revenue")
    assert focus["change"] == weeks[date(2024, 2, 26)] - weeks[date(2024, 1, 29)]
    assert arranged.ask("SELECT perspective, score IS NULL FROM perspective_score ORDER BY side_number").rows() == [
        ("learning_growth", True), ("internal_process", True), ("customer", True), ("financial", False),
    ]  # fmt: skip
    assert arranged.ask("SELECT kpi, level_number FROM strategy_node ORDER BY 2").rows() == [
        ("weekly_revenue", 0),
        ("weekly_average_sale", 1),
    ]
    assert arranged.ask("SELECT kpi, leads_kpi, lag_text, goes FROM strategy_link").rows() == [
        ("weekly_revenue", "weekly_average_sale", "1 week", "within")
    ]


def test_project_without_frameworks_has_empty_tables(ran: Shop) -> None:
    tables = ("okr_objective", "okr_key_result", "mbo_agreement", "team_focus", "balanced_scorecard")
    assert [ran.ask(f"SELECT count(*) FROM {table}").item() for table in tables] == [0] * len(tables)
