"""The page of one goal: what is wanted, how it stands, and what its score is made of."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.kpis import share_written
from kpi_pipeline.publish.scorecard.book import Book
from kpi_pipeline.publish.scorecard.chart import Chart, Instant, chart_of
from kpi_pipeline.publish.scorecard.dates import period_written
from kpi_pipeline.publish.scorecard.goal_cards import goal_facts
from kpi_pipeline.publish.scorecard.goal_tree import Branch, branches_of
from kpi_pipeline.publish.scorecard.page import KpiCard, Reference
from kpi_pipeline.publish.scorecard.picture import room_for, svg_of
from kpi_pipeline.publish.scorecard.standing import Standing, judged_series

PERIODS_DRAWN = 48


@dataclass(frozen=True)
class Member:
    """A KPI in the goal, and how much of the score it makes."""

    card: KpiCard
    share: str


@dataclass(frozen=True)
class GoalPage:
    """The whole page."""

    name: str
    label: str
    statement: str
    facts: tuple[str, ...]
    team: Reference | None
    owner: str
    above: Reference | None
    standing: Standing | None
    chart: Chart | None
    members: tuple[Member, ...]
    below: tuple[Branch, ...]
    missing: tuple[str, ...]
    """What has no score, and why, in words."""


def goal_page(book: Book, name: str) -> GoalPage:
    """The page of a goal of that name."""
    goal = book.goals[name]
    branches = branches_of(book, name)
    together = sum(row["weight"] or 0 for row in book.served.get(name, [])) + sum(
        book.goals[one.name]["weight"] or 0 for one in branches
    )
    members = tuple(
        Member(book.cards[row["kpi"]], share_written((row["weight"] or 0) / together) if together else "")
        for row in sorted(
            book.served.get(name, []), key=lambda row: (-(row["weight"] or 0), book.cards[row["kpi"]].label)
        )
    )
    return GoalPage(
        name=name,
        label=book.goal_titles[name],
        statement=goal["statement"] or "",
        facts=goal_facts(goal),
        team=Reference(goal["team"], book.around.teams.get(goal["team"], goal["team"])) if goal["team"] else None,
        owner=book.around.people.get(goal["owner"] or "", ""),
        above=(
            Reference(goal["parent_goal"], book.goal_titles[goal["parent_goal"]])
            if goal["parent_goal"] in book.goals
            else None
        ),
        standing=book.standings.get(name),
        chart=_chart(book, name),
        members=members,
        below=tuple(one.sharing(together) for one in branches),
        missing=_missing(members, branches, book.standings.get(name)),
    )


def _missing(members: tuple[Member, ...], below: tuple[Branch, ...], standing: Standing | None) -> tuple[str, ...]:
    """Members that nothing can be said of in their latest period; none where the goal's score rests on all of them."""
    if standing and standing.score and not standing.counted:
        return ()
    words = {"no_data": "no value", "no_target": "no target", "in_progress": "no complete period yet"}
    kpis = [f"{one.card.label}: {words[one.card.status.key]}" for one in members if one.card.status.key in words]
    goals = [f"{one.label}: no score" for one in below if one.standing is None or one.standing.score is None]
    return (*kpis, *goals)


def goal_picture(book: Book, name: str) -> str | None:
    """The drawing of a goal's score as an SVG file of its own."""
    drawn, standing = _chart(book, name), book.standings.get(name)
    fitting = _chart(book, name, width=room_for(drawn.widest)) if drawn else None
    if fitting is None or standing is None:
        return None
    score = standing.score.text if standing.score else "no score"
    return svg_of(fitting, book.goal_titles[name], f"{score} in {standing.period}: {standing.status.word.lower()}")


def _chart(book: Book, name: str, width: float = 1000.0) -> Chart | None:
    """The score over time, up to the period that the goal is said to stand as; 100 % is as wished."""
    series, standing = judged_series(book.scores.get(name, [])), book.standings.get(name)
    judged = [
        row
        for row in series
        if row["status"] != "in_progress" and standing and row["period_start"] <= standing.period_start
    ]
    instants = [
        Instant(period_written(row["period_label"]), row["score"], 1.0, 1.0, None, row["status"])
        for row in judged[-PERIODS_DRAWN:]
    ]
    return chart_of(instants, share_written, series[0]["grain"], width=width) if len(instants) > 1 else None
