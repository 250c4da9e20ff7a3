"""What runs by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from kpi_pipeline.orchestration.keys import names
from tests.orchestration.conftest import ALL, Shop

DECLARATIVE = 'schedule: {cron: "0 6 * * *"}\n  automation: declarative'
SCHEDULE = 'schedule: {cron: "0 6 * * *"}'


def evaluated(
    shop: Shop, at: datetime, before: dg.EvaluateAutomationConditionsResult | None = None
) -> dg.EvaluateAutomationConditionsResult:
    """What the conditions say at a moment, and after what they said before."""
    return dg.evaluate_automation_conditions(
        shop.definitions,
        shop.instance,
        asset_selection=dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks(),
        evaluation_time=at,
        cursor=before.cursor if before else None,
    )


def requested(asked: dg.EvaluateAutomationConditionsResult) -> set[str]:
    """The assets that would be computed."""
    return {name for name in ALL if asked.get_num_requested(dg.AssetKey(name.split("/")))}


def test_a_schedule_runs_everything_in_the_projects_zone(shop: Shop) -> None:
    (schedule,) = shop.definitions.schedules or ()
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 6 * * *", "Europe/London")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    job = shop.definitions.resolve_job_def(schedule.job_name)
    assert names(job.asset_layer.selected_asset_keys) == ALL


def test_it_is_a_schedule_or_conditions_never_both(shop: Shop) -> None:
    assert not shop.definitions.sensors
    assert shop.spec("kpi/monthly_visitors").automation_condition is None
    shop.edit(SCHEDULE, DECLARATIVE)
    (sensor,) = shop.definitions.sensors or ()
    assert not shop.definitions.schedules
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert all(spec.automation_condition for spec in shop.assets.specs)


def test_conditions_ask_for_everything_once_it_is_time(shop: Shop) -> None:
    shop.edit(SCHEDULE, DECLARATIVE)
    early = datetime(2024, 3, 4, 5, 59, tzinfo=UTC)
    before = evaluated(shop, early)
    assert requested(before) == set()
    assert requested(evaluated(shop, early + timedelta(minutes=2), before)) == ALL


def test_conditions_follow_a_changed_definition(shop: Shop) -> None:
    shop.edit(SCHEDULE, DECLARATIVE)
    shop.materialize()
    now = datetime(2024, 3, 4, 12, tzinfo=UTC)
    before = evaluated(shop, now)
    text = (shop.root / "definitions/shop.yaml").read_text()
    shop.write("definitions/shop.yaml", text.replace("expr: visitors, unit", "expr: visitors * 2, unit"))
    assert requested(evaluated(shop, now + timedelta(minutes=1), before)) == {
        "metric/visitors", "kpi/monthly_visitors", "indicators/evidence", "published/snapshot", "published/scorecard",
    }  # fmt: skip


def test_a_time_that_is_none_is_refused_with_its_place(shop: Shop) -> None:
    shop.edit("0 6 * * *", "at six")
    wanted = r"definitions/shop.yaml:7:\d+  'at six' is not a schedule"
    with pytest.raises(dg.DagsterInvalidDefinitionError, match=wanted):
        _ = shop.definitions
