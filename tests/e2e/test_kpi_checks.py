"""Checks that a KPI's definition asks of its values: one that fails keeps the KPI as it was, and Dagster shows each."""

from __future__ import annotations

import pytest

from kpi_pipeline.errors import DefinitionError
from tests.project import Shop

CHECKS = "    checks: [{type: segments_add_up}, {type: change_within, min: -99%, severity: warn, name: no_collapse}]\n"
OF_REVENUE = "    metric: revenue\n    goal: grow\n"
FOUND = (
    "SELECT check_name, severity, passed, observed FROM check_result WHERE asset = 'kpi/weekly_revenue'"
    " AND check_name IN ('segments_add_up', 'no_collapse', 'change_within') ORDER BY check_name"
)


def test_what_is_asked_of_a_kpi_is_checked_and_told(ran: Shop) -> None:
    """A KPI that gains checks is checked though its data is as it was; a warning keeps nothing back."""
    ran.edit("definitions/kpis.yaml", OF_REVENUE, OF_REVENUE + CHECKS)
    assert ran.run().status == "published"
    found = ran.ask(FOUND).rows()
    assert [(name, severity, passed) for name, severity, passed, _ in found] == [
        ("no_collapse", "warn", True), ("segments_add_up", "error", True),
    ]  # fmt: skip

    ran.edit("definitions/kpis.yaml", "min: -99%", "min: 1%")
    assert ran.run().status == "published"
    assert ran.ask(FOUND).rows()[0][:3] == ("no_collapse", "warn", False)


def test_a_check_that_fails_keeps_the_kpi_as_it_was(ran: Shop) -> None:
    before = ran.values("weekly_revenue")
    jump = "    checks: [{type: change_within, max: 1000%, periods: 2}]\n"
    ran.edit("definitions/kpis.yaml", OF_REVENUE, OF_REVENUE + jump)
    ran.write(
        "data/sales/more.csv",
        "invoice,customer,sold_at,country,quantity,price\nX1,c1,2024-03-01 10:00:00,France,1,99999.00\n",
    )
    report = ran.run()
    assert report.status == "blocked"
    assert "change_within" in report.blocked["kpi/weekly_revenue"]
    assert "kpi/weekly_average_sale" not in report.blocked
    assert ran.values("weekly_revenue") == before

    ran.edit("definitions/kpis.yaml", "max: 1000%", "max: 99999%")
    assert ran.run().status == "published"
    assert ran.values("weekly_revenue") != before


def test_a_filter_that_cannot_be_read_is_refused_before_a_run(ran: Shop) -> None:
    check = "    checks: [{type: change_within, max: 9, filter: segmnt = 'all'}]\n"
    ran.edit("definitions/kpis.yaml", OF_REVENUE, OF_REVENUE + check)
    with pytest.raises(DefinitionError, match=r"kpis.yaml:\d+:\d+  Check 'change_within': its filter cannot be read"):
        ran.load().check()
    with pytest.raises(DefinitionError, match="its filter cannot be read"):
        ran.run()
    said = ran.kpi("check")
    assert said.code == 2
    assert "and may speak of" in said.err + said.out


def test_dagster_shows_each_beside_the_rules_of_every_kpi(ran: Shop) -> None:
    from kpi_pipeline.orchestration.automation import Automation
    from kpi_pipeline.orchestration.checks import check_results, check_specs

    ran.edit("definitions/kpis.yaml", OF_REVENUE, OF_REVENUE + CHECKS)
    specs = {spec.key.to_user_string() for spec in check_specs(ran.load().project, Automation())}
    assert {"kpi/weekly_revenue:sound", "kpi/weekly_revenue:segments_add_up", "kpi/weekly_revenue:no_collapse"} <= specs
    found = {found.to_user_string(): result for found, result in check_results(ran.run()).items()}
    assert found["kpi/weekly_revenue:no_collapse"].passed
    assert "no_collapse" not in str(found["kpi/weekly_revenue:sound"].metadata["rules"].value)
