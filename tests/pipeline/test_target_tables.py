"""Targets from a table: a source, or a model that makes them out of one."""

from __future__ import annotations

import pytest

from tests.project import KPIS, MODELS, Shop

PLAN = """\
  - name: plan
    sql: SELECT kpi, period_start, segment, value * 2 AS value, 'twice the old plan' AS provenance FROM raw.targets
"""


@pytest.fixture
def shop(tmp_path) -> Shop:
    shop = Shop.opened_in(tmp_path)
    shop.write("definitions/models.yaml", MODELS + PLAN)
    shop.write("definitions/kpis.yaml", KPIS.replace("at_least, table: targets", "at_least, table: plan"))
    return shop


def test_model_gives_targets(shop: Shop) -> None:
    shop.run()
    rows = shop.ask("SELECT DISTINCT kpi, target, target_provenance FROM kpi_value WHERE kpi <> 'weekly_revenue'")
    assert sorted(rows.rows()) == [
        ("weekly_average_sale", 500.0, "twice the old plan"),
        ("weekly_tickets", 4.0, None),
    ]
    edges = shop.ask("SELECT upstream FROM lineage WHERE downstream = 'kpi/weekly_average_sale' ORDER BY ALL")
    assert edges.get_column("upstream").to_list() == ["metric/average_sale", "model/plan"]


def test_changed_source_of_the_model_changes_the_targets(shop: Shop) -> None:
    shop.run()
    shop.edit("data/targets.csv", ",,250", ",,300")
    assert shop.run().status == "published"
    assert shop.ask("SELECT DISTINCT target FROM kpi_value WHERE kpi = 'weekly_average_sale'").item() == 600.0


def test_one_kpi_alone_makes_its_plan(shop: Shop) -> None:
    shop.run(select=["weekly_average_sale"])
    assert shop.ask("SELECT DISTINCT target FROM kpi_value WHERE kpi = 'weekly_average_sale'").item() == 500.0


def test_without_its_plan_a_kpi_is_held_back(shop: Shop) -> None:
    checked = PLAN + "    checks: [{type: row_count, min: 99}]\n"
    shop.write("definitions/models.yaml", MODELS + checked)
    report = shop.run()
    assert "kpi/weekly_average_sale" in report.blocked
    assert shop.ask("SELECT count(*) FROM kpi_value WHERE kpi = 'weekly_average_sale'").item() == 0
