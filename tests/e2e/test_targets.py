"""Targets that nothing reads: said as warnings, and everything else goes on."""

from __future__ import annotations

from tests.project import TARGETS, Shop


def test_target_row_of_an_unknown_kpi(ran: Shop) -> None:
    ran.write("data/targets.csv", TARGETS + "weekly_revenu,2024-01-01,,1500\nweekly_revenue,2024-01-01,,1500\n")
    said = ran.kpi("run")
    assert said.code == 0
    assert "warning: raw/targets  targets_have_their_kpi" in said.err
    assert "'weekly_average_sale', 'weekly_tickets'" in said.err
    row = ran.ask("SELECT passed, severity, failing_rows FROM check_result WHERE check_name = 'targets_have_their_kpi'")
    assert row.row(0) == (False, "warn", 2)


def test_target_of_a_segment_that_does_not_exist(ran: Shop) -> None:
    ran.edit("definitions/kpis.yaml", "segment: country=France", "segment: country=Frankreich")
    before = ran.values("weekly_revenue")
    said = ran.kpi("run")
    assert said.code == 0
    assert "warning: kpi/weekly_revenue  targets_have_their_segment" in said.err
    assert "country=France" in said.err
    assert ran.values("weekly_revenue") == before
    assert ran.run().status == "unchanged"


def test_good_targets_pass(ran: Shop) -> None:
    rows = ran.ask("SELECT asset, passed FROM check_result WHERE check_name LIKE 'targets_have_%' ORDER BY 1").rows()
    assert rows == [("kpi/weekly_revenue", True), ("raw/targets", True)]
