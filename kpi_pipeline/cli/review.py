"""`kpi review KPI` writes down what was decided; `kpi reviews` lists what is overdue."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import typer
from rich.text import Text

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import console, number, plain_table, status_text
from kpi_pipeline.errors import QueryError, counted, did_you_mean
from kpi_pipeline.find_kpi import find_kpi
from kpi_pipeline.goals import Framework
from kpi_pipeline.kpis import MISSING, Kpi
from kpi_pipeline.load.append_review import append_review, refuse_second
from kpi_pipeline.periods import first_day_named
from kpi_pipeline.pipeline.reviews import Latest, days_that_count, latest_values, reviews_due
from kpi_pipeline.project import Project
from kpi_pipeline.reviews import Action, HeldReview
from kpi_pipeline.status import Status


def write_review(
    asked: Path, name: str, *, decision: str | None, by: str | None, on: str | None, actions: Sequence[str]
) -> None:
    """Appends a review to the KPI's file; asks for what is missing where somebody is there to answer."""
    project = open_project(asked).project
    kpi = _kpi(project, name)
    today = days_that_count(project).get(name) or datetime.now(UTC).date()
    day = _day("--on", on) if on else today
    if day > max(today, datetime.now(UTC).date()):
        raise QueryError(f"{day} (--on) is yet to come.\nHint: a review is written down once it was held.")
    latest = latest_values(project, day).get(name)
    planned = [_action(project, one) for one in actions]
    refuse_second(project, HeldReview(kpi=name, on=day, by="-", decision="-"))
    if decision is None:
        if not sys.stdin.isatty():
            raise QueryError("What was decided?\nHint: say it with --decision, if only to go on as before.")
        decision, by, asked_for = _ask(project, kpi, by, latest)
        planned += asked_for
    if by is None:
        raise QueryError("Who held the review?\nHint: say it with --by; a person of the definitions, or any name.")
    review = HeldReview(
        kpi=name,
        on=day,
        by=_person(project, by),
        decision=decision.strip() or "-",
        actions=tuple(planned),
        status_then=Status(latest.status) if latest else None,
        value_then=latest.value if latest else None,
    )
    file = append_review(project, review)
    due = open_project(asked).project.review_due(name)
    out = console()
    out.print(f"Written to {file.relative_to(project.root)}: commit it with the definitions.", soft_wrap=True)
    out.print(f"The next review is due by {due.due}." if due else "Nobody has agreed how often to review this KPI.")


def list_overdue(asked: Path, *, as_json: bool) -> None:
    """Prints the KPIs whose review is overdue or was never held."""
    project = open_project(asked).project
    found = reviews_due(project)
    if as_json:
        rows = [
            {
                "kpi": one.kpi,
                "owner": one.owner,
                "every": one.every.value,
                "last": one.last and one.last.isoformat(),
                "due": one.due and one.due.isoformat(),
                "days_overdue": one.days_overdue if one.due else None,
            }
            for one in found
        ]
        print(json.dumps(rows, indent=2))
        return
    out = console()
    without = sum(kpi.review is None for kpi in project.kpis.values())
    if not found:
        out.print("No review is overdue.")
    else:
        table = plain_table()
        for column in ("KPI", "Owner", "Every", "Last", "Due"):
            table.add_column(column, overflow="fold", no_wrap=column in ("KPI", "Last", "Due"))
        table.add_column("Days overdue", justify="right")
        for one in found:
            owner = project.people[one.owner].title if one.owner else None
            last, late = str(one.last or "never"), str(one.days_overdue) if one.due else MISSING
            cells = (one.kpi, owner or MISSING, one.every.value, last, str(one.due or MISSING), late)
            table.add_row(*(Text(cell) for cell in cells))
        out.print(table)
        out.print(Text("Hint: `kpi review KPI` writes down what was decided.", style="dim"))
    if without:
        out.print(Text(f"Of {counted(without, 'KPI')} nobody has agreed how often to review.", style="dim"))


def _kpi(project: Project, name: str) -> Kpi:
    if name in project.goals and name not in project.kpis:
        raise QueryError(f"'{name}' is a goal, and reviews are held of KPIs.\nHint: {_instead_of(project, name)}")
    return find_kpi(project, name, of_metrics="reviews are held of KPIs")


def _instead_of(project: Project, goal: str) -> str:
    """What to do for a goal: an agreement is looked back on by its owner and manager, the others through their KPIs."""
    place = project.place("goals", goal)
    where = place.in_file if place else "its definition"
    if project.goals[goal].framework is Framework.mbo:
        return f"when both have looked back on the agreement, add the day to `reviewed` in {where}"
    served = ", ".join(kpi.name for kpi in project.kpis_of(goal))
    return (
        f"hold one of a KPI that serves it: {served}" if served else "no KPI serves it yet; `kpi list` shows them all"
    )


def _ask(project: Project, kpi: Kpi, by: str | None, latest: Latest | None) -> tuple[str, str, list[Action]]:
    """Shows the KPI and asks what was decided, by whom, and who does what."""
    out = console()
    out.print(Text(kpi.title, style="bold"))
    if latest:
        unit = project.metrics[kpi.metric].unit.value
        out.print(latest.period, number(latest.value, unit, project.settings.currency), status_text(latest.status))
    if before := project.reviews_of(kpi.name)[:1]:
        out.print(f"Last time ({before[0].on}, {before[0].by}): {before[0].decision}", soft_wrap=True)
        for one in before[0].actions:
            out.print(f"  {one}", soft_wrap=True)
    decision = typer.prompt("What was decided")
    held_by = by or typer.prompt("Who held the review", default=kpi.owner)
    planned: list[Action] = []
    while what := typer.prompt("Something to do (empty: no more)", default="", show_default=False):
        who = typer.prompt("  Who does it", default=kpi.owner)
        planned.append(Action(what=what, who=_person(project, who), by=_day("by", typer.prompt("  Until when"))))
    return decision, held_by, planned


def _action(project: Project, text: str) -> Action:
    parts = [part.strip() for part in text.rsplit(";", 2)]
    if len(parts) != 3 or not all(parts):
        raise QueryError(
            f"'{text}' (--action) does not say what, who and until when.\n"
            'Hint: write it like --action "Call the ten largest accounts; ann; 2010-12-31".'
        )
    what, who, by = parts
    return Action(what=what, who=_person(project, who), by=_day("--action", by))


def _person(project: Project, text: str) -> str:
    """The name as given, unless it is nearly that of a person: then it is a slip."""
    text = text.strip()
    near = did_you_mean(text, project.people)
    if not text or (text not in project.people and near):
        raise QueryError(f"There is no person named '{text}'.\nHint: {near or 'give a name'}")
    return text


def _day(option: str, text: str) -> date:
    try:
        return first_day_named(text.strip())
    except ValueError:
        raise QueryError.no_period(option, text) from None
