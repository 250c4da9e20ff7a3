"""The pages in short, as Markdown: for chats, mails and the metadata of a run."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.kpis import MISSING
from kpi_pipeline.markdown import plain
from kpi_pipeline.publish.scorecard.company_page import CompanyPage
from kpi_pipeline.publish.scorecard.goal_page import GoalPage
from kpi_pipeline.publish.scorecard.kpi_page import KpiPage
from kpi_pipeline.publish.scorecard.page import KpiCard
from kpi_pipeline.publish.scorecard.status import Status
from kpi_pipeline.publish.scorecard.team_page import TeamPage

PERIODS = 6


def kpi_markdown(page: KpiPage) -> str:
    """A KPI as a card: its value against the target, how it moved, its last periods, and who answers for it."""
    card = page.card
    facts = [
        f"Owner: {plain(page.owner)}" if page.owner else "",
        f"Team: {plain(page.team.label)}" if page.team else "",
        f"Review: {page.review_due}" if page.review_due else "",
    ]
    moved = [
        f"{'▲' if one.way == 'up' else '▼'} {one.amount} on {one.against}"
        if one.amount
        else f"unchanged on {one.against}"
        for one in card.changes
    ]
    return _together(
        f"### {plain(card.label)}",
        plain(card.description),
        _standing(card),
        "; ".join(moved),
        f"Because: {plain(page.status_rule)}" if page.status_rule else "",
        _table(
            ("Period", "Value", "Target", "Attained", "Status"),
            [
                (line.period, line.value, line.target, line.attainment, _status(line.status))
                for line in page.lines[:PERIODS]
            ],
        ),
        "\n".join(f"- {plain(period)}: {plain(text)}" for _, period, text in page.events),
        " · ".join(fact for fact in facts if fact),
    )


def goal_markdown(page: GoalPage) -> str:
    """A goal: its score, its KPIs, the goals below."""
    standing = page.standing
    score = (
        f"**{standing.score.text if standing.score else 'no score'}** in {standing.period} · {_status(standing.status)}"
        if standing
        else "No score yet"
    )
    below = [
        (
            plain(one.label),
            one.standing.score.text if one.standing and one.standing.score else MISSING,
            _status(one.standing.status) if one.standing else MISSING,
        )
        for one in page.below
    ]
    return _together(
        f"### {plain(page.label)}",
        plain(page.statement),
        score,
        f"Missing from it: {plain('; '.join(page.missing))}" if page.missing else "",
        _cards([one.card for one in page.members]),
        _table(("Goal below", "Score", "Status"), below),
    )


def team_markdown(page: TeamPage) -> str:
    """A team: its KPIs, its goals, and what it should have looked at."""
    return _together(
        f"### {plain(page.label)}",
        _tally(page.tally),
        _cards([card for _, cards in page.groups for card in cards]),
        _table(
            ("Goal", "Score", "Status"),
            [
                (
                    plain(one.label),
                    one.standing.score.text if one.standing and one.standing.score else MISSING,
                    _status(one.standing.status) if one.standing else MISSING,
                )
                for one in page.goals
            ],
        ),
        _overdue(page),
    )


def company_markdown(page: CompanyPage, title: str, data_through: str) -> str:
    """The company: how many KPIs stand how, what turned lately, and every KPI by goal."""
    turned = [
        f"- {plain(turn.card.label)}: {_status(turn.before)} → {_status(turn.card.status)} "
        f"({turn.card.period}: {turn.card.value})"
        for turn in page.turns
    ]
    return _together(
        f"## {plain(title)}",
        f"Data through {data_through}. {_tally(page.tally)}",
        f"{len(page.failed)} of {page.checks} checks did not pass." if page.failed else "",
        "\n".join(["**What turned lately**", "", *turned]) if turned else "",
        *(_together(f"**{plain(heading)}**", _cards(cards)).rstrip() for heading, cards in page.groups),
        _overdue(page),
    )


def _standing(card: KpiCard) -> str:
    told = (
        f"**{card.value}** in {card.period}" if card.period else "No period is complete yet",
        _status(card.status) + (f", {card.attainment.text} attained" if card.attainment else ""),
        f"target {card.target}" if card.target else "",
    )
    return " · ".join(one for one in told if one)


def _cards(cards: Sequence[KpiCard]) -> str:
    return _table(
        ("KPI", "Latest", "Target", "Attained", "Status"),
        [
            (
                f"{plain(card.label)} ({card.period or 'no complete period'})",
                card.value,
                card.target or MISSING,
                card.attainment.text if card.attainment else MISSING,
                _status(card.status),
            )
            for card in cards
        ],
    )


def _overdue(page: CompanyPage | TeamPage) -> str:
    lines = [f"- {plain(one.kpi.label)}: since {one.due} ({plain(one.owner) or 'nobody'})" for one in page.overdue]
    return "\n".join(["**Reviews overdue**", "", *lines]) if lines else ""


def _tally(tally: Sequence[tuple[Status, int]]) -> str:
    return " · ".join(f"{status.sign} {count} {status.word.lower()}" for status, count in tally if count)


def _status(status: Status) -> str:
    return f"{status.sign} {status.word}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _together(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"
