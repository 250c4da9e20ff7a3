"""The page of one team: its goals, its KPIs, early signs, and reviews that are overdue."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.publish.scorecard.book import Book
from kpi_pipeline.publish.scorecard.goal_tree import Branch, branch_of
from kpi_pipeline.publish.scorecard.overdue import Overdue, overdue_of
from kpi_pipeline.publish.scorecard.page import KpiCard, Reference
from kpi_pipeline.publish.scorecard.status import STATUSES, Status


@dataclass(frozen=True)
class Sign:
    """A KPI that tells the team early what is coming, towards which of its outcomes."""

    card: KpiCard
    outcome: Reference


@dataclass(frozen=True)
class TeamPage:
    """The whole page."""

    name: str
    label: str
    manager: str
    people: tuple[str, ...]
    above: Reference | None
    below: tuple[Reference, ...]
    tally: tuple[tuple[Status, int], ...]
    goals: tuple[Branch, ...]
    groups: tuple[tuple[str, tuple[KpiCard, ...]], ...]
    """Its KPIs by their primary goal."""
    signs: tuple[Sign, ...]
    overdue: tuple[Overdue, ...]


def team_page(book: Book, name: str) -> TeamPage:
    """The page of a team of that name."""
    teams = {row["team"]: row for row in book.snapshot.rows("team", "team")}
    people = book.snapshot.rows("person", "label", "person")
    own = [kpi for kpi, row in book.kpis.items() if row["team"] == name]
    goals = [goal for goal, row in book.goals.items() if row["team"] == name]
    above = teams[name]["parent_team"]
    titles = book.around.teams
    return TeamPage(
        name=name,
        label=titles[name],
        manager=book.around.people.get(teams[name]["manager"] or "", ""),
        people=tuple(book.around.people[row["person"]] for row in people if row["team"] == name),
        above=Reference(above, titles[above]) if above in titles else None,
        below=tuple(
            Reference(team, titles[team])
            for team in sorted(teams, key=lambda team: titles[team])
            if teams[team]["parent_team"] == name
        ),
        tally=tally_of([book.cards[kpi] for kpi in own]),
        goals=tuple(branch_of(book, goal) for goal in goals),
        groups=_groups(book, own),
        signs=tuple(
            Sign(book.cards[kpi], Reference(row["outcome_kpi"], book.around.kpis[row["outcome_kpi"]]))
            for kpi, rows in book.indicators.items()
            if kpi in book.cards
            for row in rows
            if row["viewpoint"] == name and row["indicator"] == "leading" and row["outcome_kpi"] in book.around.kpis
        ),
        overdue=overdue_of(book, own),
    )


def tally_of(cards: list[KpiCard]) -> tuple[tuple[Status, int], ...]:
    """How many stand how, every status named."""
    return tuple((status, sum(card.status == status for card in cards)) for status in STATUSES)


def _groups(book: Book, kpis: list[str]) -> tuple[tuple[str, tuple[KpiCard, ...]], ...]:
    groups: dict[str, list[KpiCard]] = {}
    for kpi in kpis:
        goal = book.kpis[kpi]["goal"]
        groups.setdefault(book.goal_titles.get(goal or "", "Not tied to a goal"), []).append(book.cards[kpi])
    return tuple((heading, tuple(cards)) for heading, cards in groups.items())
