"""The page of the company: every KPI and goal at a glance, and what turned lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.errors import counted
from kpi_pipeline.goals import Perspective
from kpi_pipeline.publish.scorecard.book import Book
from kpi_pipeline.publish.scorecard.dates import day_before, day_written, moment_written
from kpi_pipeline.publish.scorecard.findings import EVIDENCE
from kpi_pipeline.publish.scorecard.framework_pages import frameworks_used
from kpi_pipeline.publish.scorecard.goal_cards import goal_cards
from kpi_pipeline.publish.scorecard.goal_tree import Branch, branch_of, branches_of
from kpi_pipeline.publish.scorecard.overdue import Overdue, overdue_of
from kpi_pipeline.publish.scorecard.page import FailedCheck, GoalCard, KpiCard
from kpi_pipeline.publish.scorecard.snapshot import Row
from kpi_pipeline.publish.scorecard.status import Status
from kpi_pipeline.publish.scorecard.team_page import tally_of
from kpi_pipeline.publish.scorecard.turns import Turn, turns_of

MOST_KPIS = 150
"""Of more, only those that are not on track are listed on the page of the company."""
MOST_GOALS = 60
"""Of more, only the goals of the highest levels are."""
HIGHEST = 2
MOST_TURNS = 30
LOOSE = "Not tied to a goal"


@dataclass(frozen=True)
class TeamLine:
    """A team, and how its KPIs stand."""

    name: str
    label: str
    depth: int
    tally: tuple[tuple[Status, int], ...]
    kpis: int
    goals: int


@dataclass(frozen=True)
class CompanyPage:
    """The whole page."""

    published: str
    run: str
    definition_version: str
    tally: tuple[tuple[Status, int], ...]
    goals: tuple[GoalCard, ...]
    loose: tuple[KpiCard, ...]
    """KPIs that no goal claims."""
    turns: tuple[Turn, ...]
    tree: tuple[Branch, ...]
    perspectives: tuple[tuple[str, tuple[Branch, ...]], ...]
    frameworks: tuple[tuple[str, str], ...]
    """The framework pages there are: what each is called, and its file."""
    evidence: str
    """The page of all claims that one KPI leads another, where there are any."""
    teams: tuple[TeamLine, ...]
    overdue: tuple[Overdue, ...]
    checks: int
    failed: tuple[FailedCheck, ...]
    attribution: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    @property
    def kpis(self) -> int:
        """How many there are."""
        return sum(count for _, count in self.tally)

    @property
    def most_turns(self) -> int:
        """How many that turned are listed."""
        return MOST_TURNS

    @property
    def whole(self) -> bool:
        """Whether every KPI is listed."""
        return self.kpis <= MOST_KPIS

    @property
    def levels(self) -> int:
        """How many levels of goals are shown; 0 is all of them."""
        return HIGHEST if len(self.goals) > MOST_GOALS else 0

    @property
    def groups(self) -> tuple[tuple[str, tuple[KpiCard, ...]], ...]:
        """Every KPI once, under the heading it stands below."""
        told = tuple((goal.label, goal.kpis) for goal in self.goals if goal.kpis)
        return (*told, (LOOSE, self.loose)) if self.loose else told

    @property
    def wanting(self) -> tuple[tuple[str, tuple[KpiCard, ...]], ...]:
        """The KPIs that are not on track, and those on no goal's page, under the headings they stand below."""
        late = (
            (heading, tuple(card for card in cards if card.status.key != "on_track" or heading == LOOSE))
            for heading, cards in self.groups
        )
        return tuple((heading, cards) for heading, cards in late if cards)


def company_page(book: Book, *, attribution: Sequence[str] = (), published: Sequence[str] = ()) -> CompanyPage:
    """The page of one snapshot.

    Args:
        book: the published tables.
        attribution: whose data it is, a line each, as their licences ask.
        published: where the tables lie, for those who want to query them.
    """
    snapshot = book.snapshot
    this = snapshot.rows("snapshot")[0]
    goals = goal_cards(snapshot, book.cards)
    shown = {card.name for goal in goals for card in goal.kpis}
    checks = snapshot.rows("check_result", "asset", "check_name")
    return CompanyPage(
        published=moment_written(this["published_at"]),
        run=_run(this["run_id"], snapshot.rows("run")),
        definition_version=this["definition_version"],
        tally=tally_of(list(book.cards.values())),
        goals=goals,
        loose=tuple(card for card in book.cards.values() if card.name not in shown),
        turns=turns_of(book),
        tree=branches_of(book),
        perspectives=_perspectives(book),
        frameworks=frameworks_used(book),
        evidence=EVIDENCE if book.findings.claims else "",
        teams=tuple(_teams(book, None, 0)),
        overdue=overdue_of(book, book.kpis),
        checks=len(checks),
        failed=tuple(_failed(row) for row in checks if not row["passed"]),
        attribution=tuple(attribution),
        tables=tuple(published),
    )


def data_through(book: Book) -> str:
    """The last day that is complete in the newest source."""
    return day_written(day_before(book.snapshot.rows("snapshot")[0]["data_through"]))


def _perspectives(book: Book) -> tuple[tuple[str, tuple[Branch, ...]], ...]:
    """The goals of each side of the balanced scorecard, where one is used."""
    sides = [
        (side.label, tuple(branch_of(book, name) for name, row in book.goals.items() if row["perspective"] == side))
        for side in Perspective
    ]
    return tuple(side for side in sides if side[1])


def _teams(book: Book, above: str | None, depth: int) -> list[TeamLine]:
    """Every team before those below it."""
    rows = book.snapshot.rows("team", "label", "team")
    known = {row["team"] for row in rows}
    found: list[TeamLine] = []
    for row in rows:
        name = row["team"]
        if (row["parent_team"] if row["parent_team"] in known else None) != above:
            continue
        cards = [book.cards[kpi] for kpi, one in book.kpis.items() if one["team"] == name]
        goals = sum(goal["team"] == name for goal in book.goals.values())
        tally = tuple((status, count) for status, count in tally_of(cards) if count)
        found += [
            TeamLine(name, book.around.teams[name], depth, tally, len(cards), goals),
            *_teams(book, name, depth + 1),
        ]
    return found


def _run(run_id: str, runs: Sequence[Row]) -> str:
    """The run's name and what it went through, where the run log says it."""
    run = next((row for row in runs if row["run_id"] == run_id), {})
    counts = (("rows_read", "rows read"), ("rows_quarantined", "set aside"), ("values_computed", "values computed"))
    told = [f"{run[column]:,} {words}" for column, words in counts if run.get(column) is not None]
    return ": ".join(part for part in (run_id, ", ".join(told)) if part)


def _failed(row: Row) -> FailedCheck:
    rows = row["failing_rows"]
    observed = row["observed"] or (counted(rows, "failing row") if rows else "")
    return FailedCheck(row["asset"], row["check_name"], row["severity"] == "error", observed, row["expected"] or "")
