"""The check that warns when a period in progress is expected to end off track."""

from __future__ import annotations

import dagster as dg

from kpi_pipeline.orchestration.build import definitions_at
from kpi_pipeline.orchestration.keys import key
from kpi_pipeline.orchestration.projection import PROJECTED, projection_check_results
from tests.project import Shop

REVENUE = dg.AssetCheckKey(key("kpi/weekly_revenue"), PROJECTED)


def test_a_week_heading_off_track_is_warned_of(ran: Shop) -> None:
    """The shop sells for some 1,300 EUR a week: with a target of a million no week ends on track."""
    ran.edit("definitions/kpis.yaml", "{from: 2024-01-01, value: 1500}", "{from: 2024-01-01, value: 1000000}")
    report = ran.run()
    found = projection_check_results(ran.load().project, report)[REVENUE]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.description is not None
    assert found.description.startswith("2024-W10 is heading for €")
    assert found.description.endswith(": off track")
    assert found.metadata["status"].value == "off_track"
    ran.edit("definitions/kpis.yaml", "{from: 2024-01-01, value: 1000000}", "{from: 2024-01-01, value: 1}")
    assert projection_check_results(ran.load().project, ran.run())[REVENUE].passed


def test_every_kpi_that_is_judged_has_the_check(ran: Shop) -> None:
    definitions = definitions_at(ran.root / "definitions")
    specs = {spec.key for spec in definitions.resolve_all_asset_specs()}
    assert key("kpi/weekly_revenue") in specs
    checks = {
        check
        for asset in definitions.assets or ()
        if isinstance(asset, dg.AssetsDefinition)
        for check in asset.check_keys
    }
    assert {one for one in checks if one.name == PROJECTED} == {
        dg.AssetCheckKey(key(f"kpi/{name}"), PROJECTED)
        for name in ("weekly_revenue", "weekly_average_sale", "weekly_tickets")
    }
