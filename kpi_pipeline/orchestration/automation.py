"""What runs by itself: a schedule, or conditions on the assets; never both. And when an asset is stale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster import AutomationCondition as When
from dagster._utils.schedules import is_valid_cron_schedule

from kpi_pipeline.checks.recency import Recency
from kpi_pipeline.errors import DefinitionError, Problem
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.project import Project
from kpi_pipeline.sources import Source

Condition = dg.AutomationCondition[Any]

LONGEST = {Grain.hour: 1, Grain.day: 1, Grain.week: 7, Grain.month: 31, Grain.quarter: 92, Grain.year: 366}
"""Days in the longest period of a grain."""

A_DAY = timedelta(days=1)
"""What a run may be late before anything counts as stale."""


@dataclass(frozen=True)
class Automation:
    """The conditions under which assets compute themselves; None where a schedule, or nothing, does."""

    at_the_sources: Condition | None = None
    downstream: Condition | None = None
    with_its_asset: Condition | None = None
    """Of a check: whenever the asset it looks at is computed."""

    @classmethod
    def of(cls, project: Project) -> Automation:
        """With `automation: declarative`: sources on time, everything else when what it rests on changed."""
        settings = project.settings
        if settings.automation != "declarative":
            return cls()
        code_version_changed: Condition = When.code_version_changed()
        redefined = When.since_last_handled(code_version_changed)
        ready = ~When.any_deps_missing() & ~When.any_deps_in_progress() & ~When.in_progress()
        changed = When.eager() | (redefined & ready)
        at_the_sources: Condition = redefined & ~When.in_progress()
        if settings.schedule:
            at_the_sources |= When.on_cron(settings.schedule.cron, settings.timezone)
        # NOTE: a failed check may pass in the run about to be asked for, so what is asked for too need not wait for it.
        passed = When.all_checks_match(When.check_passed(), blocking_only=True) | When.will_be_requested()
        return cls(at_the_sources, changed & When.all_deps_match(passed), When.any_deps_match(When.will_be_requested()))

    def fresh_source(self, source: Source) -> dg.FreshnessPolicy | None:
        """Stale when not loaded for as long as its recency check allows for its rows, and a day."""
        within = [_longest(check.within) for check in source.checks if isinstance(check, Recency)]
        return dg.FreshnessPolicy.time_window(fail_window=min(within) + A_DAY) if within else None

    def fresh_kpi(self, kpi: Kpi) -> dg.FreshnessPolicy:
        """Stale when a whole period of its grain, and a day, went by without a computation."""
        return dg.FreshnessPolicy.time_window(fail_window=_longest(Window(1, kpi.grain)) + A_DAY)


def refuse_bad_cron(project: Project) -> None:
    """Says where a schedule's time stands that cannot be understood."""
    schedule = project.settings.schedule
    if schedule and not is_valid_cron_schedule(schedule.cron):
        raise DefinitionError(
            [
                Problem(
                    f"'{schedule.cron}' is not a schedule.",
                    project.place("project", "schedule", "cron"),
                    "write minute, hour, day, month and weekday: 0 6 * * * is every day at six",
                )
            ]
        )


def _longest(window: Window) -> timedelta:
    return timedelta(days=window.count * LONGEST[window.grain])


def schedules(project: Project, assets: dg.AssetsDefinition, called: str) -> list[dg.ScheduleDefinition]:
    """The project's schedule, in its time zone, running from the start."""
    settings = project.settings
    if settings.automation != "schedule" or settings.schedule is None:
        return []
    return [
        dg.ScheduleDefinition(
            name=f"{called}_schedule",
            cron_schedule=settings.schedule.cron,
            execution_timezone=settings.timezone,
            # NOTE: it is one step, so a process for each would only load the definitions once more.
            job=dg.define_asset_job(
                f"{called}_job", dg.AssetSelection.assets(assets), executor_def=dg.in_process_executor
            ),
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=f"Brings {settings.title} up to date.",
        )
    ]


def sensors(project: Project, assets: dg.AssetsDefinition, called: str) -> list[dg.SensorDefinition]:
    """What evaluates the assets' own conditions, running from the start, where they have any."""
    settings = project.settings
    if settings.automation != "declarative":
        return []
    return [
        dg.AutomationConditionSensorDefinition(
            name=f"{called}_automation",
            target=dg.AssetSelection.assets(assets),
            default_status=dg.DefaultSensorStatus.RUNNING,
            description=f"Keeps {settings.title} up to date by the conditions of its assets.",
        )
    ]
