"""A sensor that tells people what happened: after runs, and as days go by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

from kpi_pipeline.errors import DataError, WarehouseBusy, counted
from kpi_pipeline.pipeline.notify import Told, notify
from kpi_pipeline.project import Project

EVERY = 60
"""Seconds between two looks; a look at what has not changed opens nothing."""
LONGEST_PAUSE = timedelta(hours=1)
"""Between two tries of what does not get through; each pause is about twice the one before, up to this."""
_TRIED = " tried "


def telling_sensors(project: Project, called: str) -> list[dg.SensorDefinition]:
    """The sensor of a project whose settings say who is told what, running from the start."""
    if not project.settings.notify:
        return []

    @dg.sensor(
        name=f"{called}_notify",
        minimum_interval_seconds=EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tells people of {project.settings.title} what happened: statuses, reviews, runs, checks.",
    )
    def tell(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        there, failures, again = _remembered(context.cursor)
        if there == whats_there(project) and (not failures or datetime.now(UTC) < again):
            waits = f"What did not get through is tried again after {again:%H:%M} UTC."
            return dg.SkipReason(waits if failures else "Nothing has changed since the last look.")
        try:
            came = notify(project, say=context.log.info, wait=0)
        except WarehouseBusy:
            return dg.SkipReason("A run is writing to the warehouse; the next look tells.")
        except DataError:
            return dg.SkipReason("Nothing was published yet.")
        context.update_cursor(_to_remember(whats_there(project), failures + 1 if came.failed else 0))
        return dg.SkipReason(_said(came))

    return [tell]


def whats_there(project: Project) -> str:
    """What news can come from: the hour, which a review may become overdue in, and the files as they are."""
    settings = project.settings
    warehouse = project.path(settings.warehouse)
    files = (project.path(settings.publish.duckdb), warehouse, warehouse.with_name(f"{warehouse.name}.wal"))
    times = [str(file.stat().st_mtime_ns) if file.exists() else "-" for file in files]
    return " ".join([f"{datetime.now(UTC):%Y-%m-%dT%H}", *times])


def _remembered(cursor: str | None) -> tuple[str, int, datetime]:
    """What was there at the last look, how many looks in a row ended in a failure, and when to try again."""
    there, _, tried = (cursor or "").partition(_TRIED)
    failures, _, again = tried.partition(" ")
    return there, int(failures or 0), datetime.fromisoformat(again) if again else datetime.min.replace(tzinfo=UTC)


def _to_remember(there: str, failures: int) -> str:
    """The cursor for the next look; the second failure in a row makes the first pause."""
    if not failures:
        return there
    pause = min(timedelta(seconds=EVERY) * (2 ** min(failures - 1, 10) - 1), LONGEST_PAUSE)
    return f"{there}{_TRIED}{failures} {datetime.now(UTC) + pause:%Y-%m-%dT%H:%M:%S%z}"


def _said(came: Told) -> str:
    """What came of a look, in one line."""
    parts = [
        f"{counted(len(ones), 'message')} {what}"
        for ones, what in ((came.told, "sent"), (came.failed, "to be tried again"), (came.given_up, "given up"))
        if ones
    ]
    return f"{', '.join(parts)}." if parts else "Nothing new to tell."
