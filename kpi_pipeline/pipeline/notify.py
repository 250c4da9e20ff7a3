"""People are told what happened, each thing once: noted as to be told, told, noted as told.

What is to be told is committed before anything is sent, and that it was told right after. A crash in between leaves a
message that may have arrived; it is sent again with the same key, by which the receiver can know it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product

from kpi_pipeline.notify import OF_A_KPI, Event, Message, NotifyRule, Undelivered, deliver, receivers
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.faded_leaders import about, faded_leaders
from kpi_pipeline.pipeline.heading_off_track import heading_off_track
from kpi_pipeline.pipeline.opened import opened_to_ask
from kpi_pipeline.pipeline.reviews import reviews_due
from kpi_pipeline.pipeline.watch import Watch
from kpi_pipeline.pipeline.whats_new import (
    News,
    failed_run,
    failing_checks,
    quarantine_grew,
    restated,
    review_overdue,
    status_changes,
)
from kpi_pipeline.project import Project
from kpi_pipeline.store.notices import (
    Notice,
    begin_try,
    note_notice,
    note_problem,
    note_seen,
    note_told,
    renamed,
    seen,
    waiting,
)
from kpi_pipeline.store.published import Published, PublishedBefore
from kpi_pipeline.store.runs import runs

GIVEN_UP_AFTER = 10
"""After how many calls a message that never got through is given up."""
TRIED_FOR = timedelta(days=1)
"""How long it is tried at least, however often it is called: a mail server may be away for a night."""


@dataclass
class Told:
    """What came of telling: the titles told, with their receivers; what waits for another try; what was given up."""

    told: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    """The titles that did not get through, with the reason."""
    given_up: list[tuple[str, str]] = field(default_factory=list)


def notify(
    project: Project,
    *,
    say: Callable[[str], None],
    wait: float = 600,
    now: datetime | None = None,
    watch: Watch | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Told:
    """Tells everybody what is new to them, and tries again what did not get through before.

    Args:
        project: the definitions; `notify` in the settings says who is told what.
        say: writes a line of the log.
        wait: seconds to wait for a run that is writing.
        now: the moment that counts as now; the clock's by default.
        watch: is told whom it waits for.
        pause: waits so many seconds between two tries.

    Raises:
        DataError: nothing was loaded yet.
        WarehouseBusy: a run was still writing.
    """
    if not project.settings.notify:
        return Told()
    with opened_to_ask(project, wait=wait, watch=watch) as context:
        context.warehouse.allow_writing()
        moment = now or datetime.now(UTC)
        note_news(context, moment, say=say)
        return tell(context, moment, say=say, pause=pause)


def note_news(context: Context, now: datetime, *, say: Callable[[str], None]) -> None:
    """Notes all that is new as to be told, and that it was seen: both or neither."""
    project, warehouse = context.project, context.warehouse
    rules = project.settings.notify
    wanted = {event for rule in rules for event in rule.on}
    with warehouse.transaction():
        for kpi in project.kpis.values():
            for former in kpi.formerly:
                renamed(warehouse, former, kpi.name, OF_A_KPI)
        for link, former in _former_links(project):
            renamed(warehouse, former, link, (Event.leader_faded,))
        _note_published(context, wanted, now, say)
        if Event.review_overdue in wanted:
            for review in (one for one in reviews_due(project, now=now) if one.days_overdue):
                for rule in rules:
                    _note(context, review_overdue(project, review, rule.remind_every), (rule,), now)
        if Event.run_failed in wanted and (failed := failed_run(project, runs(warehouse).to_dicts())):
            _note(context, failed, rules, now)


def _former_links(project: Project) -> Iterator[tuple[str, str]]:
    """Each link as it is called now, with what it was called while one of its KPIs had another name."""
    for link in project.links:
        now = (link.from_, link.to)
        names = ((name, *project.kpis[name].formerly) for name in now)
        yield from ((about(*now), about(*former)) for former in product(*names) if former != now)


def _note_published(context: Context, wanted: Collection[Event], now: datetime, say: Callable[[str], None]) -> None:
    """What follows from the published values and checks; nothing where nothing was published yet.

    What a file of an earlier version does not have is not told, and that is said.
    """
    project, warehouse = context.project, context.warehouse
    path = project.path(project.settings.publish.duckdb)
    if not path.exists():
        return
    with Published.open(path) as published:
        for event, look in (
            (Event.status_change, partial(status_changes, project)),
            (Event.heading_off_track, partial(heading_off_track, project)),
            (Event.check_failed, failing_checks),
            (Event.leader_faded, partial(faded_leaders, project)),
            (Event.restated, partial(restated, project)),
            (Event.quarantine_grew, partial(quarantine_grew, project)),
        ):
            if event not in wanted:
                continue
            try:
                for name, state, news in look(published, seen(warehouse, event)):
                    note_seen(warehouse, event, name, state)
                    if news:
                        _note(context, news, project.settings.notify, now)
            except PublishedBefore:
                say(f"An earlier version wrote {path.name}, so {event} cannot be told. `kpi run` writes it anew.")


def _note(context: Context, news: News, rules: tuple[NotifyRule, ...], now: datetime) -> None:
    for rule in rules:
        for receiver in receivers(rule, news.owner_mail) if news.event in rule.on else ():
            same = (context.project.settings.name, news.event, news.about, news.period, news.status, receiver)
            key = hashlib.sha256("\0".join(same).encode()).hexdigest()[:32]
            notice = Notice(key, news.event, news.about, news.period, news.status, receiver, news.title, news.body)
            note_notice(context.warehouse, notice, now)


def tell(context: Context, now: datetime, *, say: Callable[[str], None], pause: Callable[[float], None]) -> Told:
    """Sends what waits; a channel that did not answer is left alone until the next time."""
    warehouse = context.warehouse
    came = Told()
    silent: set[NotifyRule] = set()
    for notice, tries, noted_at in waiting(warehouse):
        rule = _rule_for(context.project, notice)
        if rule is None:
            reason = "nobody wants to be told of it any more"
            note_problem(warehouse, notice, reason, given_up_at=now)
            came.given_up.append((notice.title, reason))
            continue
        if rule in silent:
            came.failed.append((notice.title, "its channel did not answer before"))
            continue
        event = Event(notice.event)
        message = Message(notice.key, event, notice.title, notice.body, notice.about, context.project.settings.title)
        begin_try(warehouse, notice)
        try:
            deliver(rule.to, message, notice.receiver, say=say, pause=pause)
        except Undelivered as problem:
            if problem.for_all:
                silent.add(rule)
            hopeless = tries + 1 >= GIVEN_UP_AFTER and now - noted_at >= TRIED_FOR
            note_problem(warehouse, notice, str(problem), given_up_at=now if hopeless else None)
            (came.given_up if hopeless else came.failed).append((notice.title, str(problem)))
        else:
            note_told(warehouse, notice, now)
            came.told.append((notice.title, notice.receiver))
    return came


def _rule_for(project: Project, notice: Notice) -> NotifyRule | None:
    """The rule that a notice stands for, by the definitions as they are now."""
    mail = project.mail_of_owner(notice.about)
    return next(
        (
            rule
            for rule in project.settings.notify
            if notice.event in rule.on and notice.receiver in receivers(rule, mail)
        ),
        None,
    )
