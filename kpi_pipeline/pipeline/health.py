"""How a project is doing: what is fresh, late, failing, set aside, off track or overdue, and whether a run is at work.

It reads the published file, which no run ever locks; of the warehouse, and only while nobody writes to it, how its
runs ended. So it answers at once, also in the middle of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from kpi_pipeline.checks.naming import RESTATED
from kpi_pipeline.checks.recency import Recency
from kpi_pipeline.cron import next_due
from kpi_pipeline.errors import KpiError
from kpi_pipeline.kpis import written
from kpi_pipeline.periods import moment_before
from kpi_pipeline.pipeline.last_said import LastSaid, last_said
from kpi_pipeline.pipeline.reviews import reviews_due
from kpi_pipeline.pipeline.up_to_date import already_published
from kpi_pipeline.pipeline.whats_new import wished
from kpi_pipeline.project import Project
from kpi_pipeline.status import Status
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.held import held_by, size_of
from kpi_pipeline.store.published import Published
from kpi_pipeline.store.runs import last_looked, runs, stages

Row = dict[str, Any]

GRACE = timedelta(hours=1)
"""How long after its time a run of the schedule may begin before it counts as late."""

CONCERNS = {
    "failed": "the last run failed or was killed",
    "failing": "checks that fail, and what is not computed because of them",
    "late": "sources, KPIs or runs that are older than they should be",
    "quarantined": "sources with rows that did not fit",
    "off_track": "KPIs off track",
    "heading_off_track": "KPIs whose period in progress is expected to end off track",
    "overdue": "reviews that are overdue",
    "faded": "leaders that the data confirmed once and no longer does",
    "restated": "KPIs whose complete periods moved by more than is taken for granted",
}
"""What may be wrong, the worst first; `kpi status --fail-on` takes these names."""


@dataclass(frozen=True)
class Concern:
    """One thing that is not as it should be: what kind of thing, about what, and in words."""

    kind: str
    about: str
    text: str


@dataclass(frozen=True)
class Health:
    """How a project is doing at a moment."""

    project: str
    asked_at: datetime
    runs_known: bool
    """Whether runs since the last publication were looked at; not while one is at work."""
    running: Mapping[str, str] | None
    last_run: Row | None
    stages: tuple[Row, ...]
    published_at: datetime | None
    data_through: date | None
    looked_at: datetime | None
    """When the last run found that nothing had changed."""
    next_run: datetime | None
    sources: tuple[Row, ...]
    kpis: Mapping[str, int]
    """How many KPIs have which status."""
    sizes: Mapping[str, int]
    concerns: tuple[Concern, ...]

    def of(self, kind: str) -> tuple[Concern, ...]:
        """The concerns of a kind."""
        return tuple(one for one in self.concerns if one.kind == kind)


def health(project: Project, *, now: datetime | None = None) -> Health:
    """Looks at a project; whatever was not published yet is simply not known."""
    moment = now or datetime.now(UTC)
    file, warehouse = project.path(project.settings.publish.duckdb), project.path(project.settings.warehouse)
    running = held_by(warehouse)
    try:
        with Published.open(file) as published:
            seen = last_said(published)
    except KpiError:
        seen = LastSaid()
    noted = Noted() if running else _noted(project)
    last, looked_at = _as_it_ended(next(iter(noted.runs or seen.runs), None), running), noted.looked_at
    concerns = tuple(_concerns(project, seen, last, looked_at, moment))
    places = {"warehouse": warehouse, **already_published(project)}
    if "scorecard" in places:
        places["scorecard"] = places["scorecard"].parent
    return Health(
        project.settings.name,
        moment,
        bool(noted.runs) or not running,
        running,
        last,
        tuple(one for one in noted.stages or seen.stages if last and one["run_id"] == last["run_id"]),
        seen.snapshot.get("published_at"),
        seen.snapshot.get("data_through"),
        looked_at,
        _next_run(project, moment),
        seen.sources,
        seen.statuses,
        {name: size_of(path) for name, path in places.items()},
        concerns,
    )


class Noted(NamedTuple):
    """What the warehouse knows of runs: all of them, the newest first, and when one last found nothing to do.

    Of the last one it knows also how long publishing took, which the file that this stage writes cannot say.
    """

    runs: Sequence[Row] = ()
    stages: Sequence[Row] = ()
    looked_at: datetime | None = None


def _noted(project: Project) -> Noted:
    """What is noted of runs; nothing where the warehouse cannot be asked now."""
    path = project.path(project.settings.warehouse)
    if not path.exists():
        return Noted()
    try:
        with Warehouse.open_to_read(path, wait=0, holder="kpi status") as warehouse:
            return Noted(runs(warehouse).to_dicts(), stages(warehouse).to_dicts(), last_looked(warehouse))
    except KpiError:
        return Noted()
    except Warehouse.query_errors:  # an earlier version's state
        return Noted()


def _as_it_ended(last: Row | None, running: Mapping[str, str] | None) -> Row | None:
    """The last run; what is called running while nobody writes was killed."""
    if last and last["status"] == "running" and not running:
        return {**last, "status": "killed"}
    return last


def _concerns(
    project: Project,
    seen: LastSaid,
    last: Row | None,
    looked_at: datetime | None,
    moment: datetime,
) -> Iterator[Concern]:
    """Everything that is not as it should be, kind by kind, the worst first."""
    yield from _failed(last)
    yield from _failing(project, seen)
    yield from _late(project, seen, looked_at, moment)
    for row in seen.sources:
        if row["rows_quarantined"]:
            text = (
                f"{row['rows_quarantined']:,} of {(row['row_count'] or 0) + row['rows_quarantined']:,} rows did not fit"
            )
            yield Concern("quarantined", f"raw/{row['source']}", text)
    for row in _defined(project, seen.judged):
        if row["status"] == Status.off_track:
            told = _numbers(project, row, "value", "target", "target_low", "target_high")
            yield Concern("off_track", row["kpi"], f"{row['period_label']}: {told(row['value'])}{wished(row, told)}")
    for row in _defined(project, seen.ahead):
        if row["projected_status"] == Status.off_track:
            told = _numbers(project, row, "projected_value")
            text = f"{row['period_label']} is expected to end at {told(row['projected_value'])}"
            yield Concern("heading_off_track", row["kpi"], text)
    for one in reviews_due(project, now=moment):
        text = f"was due on {one.due}" if one.due else "was never reviewed"
        yield Concern("overdue", one.kpi, text)
    for row in seen.faded:
        yield Concern("faded", row["kpi"], f"no longer surely leads {row['leads_kpi']}: {row['verdict']}")
    for row in seen.checks:
        if row["check_name"] == RESTATED and not row["passed"]:
            yield Concern("restated", row["asset"].removeprefix("kpi/"), row["observed"] or "")


def _defined(project: Project, rows: Iterable[Row]) -> Iterator[Row]:
    yield from (row for row in rows if row["kpi"] in project.kpis)


def _failed(last: Row | None) -> Iterator[Concern]:
    """The last run where it ended badly."""
    if last and last["status"] in ("failed", "killed", "stopped"):
        why = f". It said: {last['problem']}" if last.get("problem") else ""
        yield Concern("failed", last["run_id"], f"{last['status']}; readers see what was published before{why}")


def _failing(project: Project, seen: LastSaid) -> Iterator[Concern]:
    """Checks that fail, and the KPIs that stay as they were because of those that block."""
    blocking = set()
    for row in seen.checks:
        if row["passed"] or row["check_name"] == RESTATED:
            continue
        blocks = row["severity"] == "error"
        text = f"{row['check_name']}: {row['observed'] or 'not as expected'}"
        yield Concern("failing", row["asset"], f"{text}; blocks what depends on it" if blocks else text)
        if blocks:
            blocking.add(row["asset"])
    for kpi in project.kpis:
        behind = sorted(blocking & seen.made_of(f"kpi/{kpi}"))
        if behind:
            yield Concern("failing", f"kpi/{kpi}", f"stays as it was published, because of {', '.join(behind)}")


def _late(project: Project, seen: LastSaid, looked_at: datetime | None, moment: datetime) -> Iterator[Concern]:
    """What is older than it should be by the clock; a project that goes by its data, or by a day, has no such thing."""
    if project.settings.as_of != "now":
        return
    local = moment.astimezone(ZoneInfo(project.settings.timezone))
    for row in seen.sources:
        source = project.sources.get(row["source"])
        for check in source.checks if source else ():
            newest = row["newest_day"]
            if isinstance(check, Recency) and newest and newest < moment_before(local, check.within).date():
                text = f"its newest row is of {newest}; expected within {check.within}"
                yield Concern("late", f"raw/{row['source']}", text)
    yesterday = local.date() - timedelta(days=1)
    for name, end in sorted(seen.ends.items()):
        if name in project.kpis and end <= yesterday:
            yield Concern("late", f"kpi/{name}", f"its values end on {end - timedelta(days=1)}")
    times = [one for one in (seen.snapshot.get("published_at"), looked_at) if one]
    due = _next_run(project, max(times)) if times else None
    if due and due + GRACE < moment:
        yield Concern("late", "run", f"one was due at {due:%Y-%m-%d %H:%M}")


def _next_run(project: Project, after: datetime) -> datetime | None:
    """When the schedule is due next."""
    schedule = project.settings.schedule
    if schedule is None:
        return None
    return next_due(schedule.cron, after.astimezone(ZoneInfo(project.settings.timezone)))


def _numbers(project: Project, row: Row, *names: str) -> Callable[[float | None], str]:
    """Writes numbers of a KPI as people read them, with as many digits as the largest of those named."""
    unit, currency = project.metrics[project.kpis[row["kpi"]].metric].unit, project.settings.currency
    largest = max((abs(row[name]) for name in names if row[name] is not None), default=None)
    return lambda value: written(value, unit, currency, beside=largest)
