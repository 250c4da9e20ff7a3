"""The pages of the frameworks: objectives and key results, agreements, the one metric, the balanced scorecard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from kpi_pipeline.goals import Framework, Perspective
from kpi_pipeline.kpis import MISSING, share_written
from kpi_pipeline.publish.scorecard.book import Book
from kpi_pipeline.publish.scorecard.dates import day_before, day_written, moment_written, period_written, span_written
from kpi_pipeline.publish.scorecard.findings import claim_page
from kpi_pipeline.publish.scorecard.page import KpiCard, Reference
from kpi_pipeline.publish.scorecard.snapshot import Row
from kpi_pipeline.publish.scorecard.status import Status, status_called
from kpi_pipeline.publish.scorecard.strategy_map import strategy_map
from kpi_pipeline.publish.scorecard.wording import Numbers

FILES = {
    "okr": "okr.html", "mbo": "mbo.html", "omtm": "focus.html", "balanced_scorecard": "balanced-scorecard.html",
}  # fmt: skip


@dataclass(frozen=True)
class KeyResult:
    """A key result: from where to where, how far it came, and its grade."""

    card: KpiCard
    period: str
    baseline: str
    target: str
    value: str
    grade: str
    length: float
    remark: str


@dataclass(frozen=True)
class Objective:
    """An objective, its key results, and its grade."""

    goal: Reference
    statement: str
    who: str
    time: str
    ambition: str
    grade: str
    frozen: str
    tied_to_pay: bool
    key_results: tuple[KeyResult, ...]


@dataclass(frozen=True)
class Agreement:
    """What a person and a manager agreed on."""

    goal: Reference
    statement: str
    person: str
    manager: str
    agreed: str
    time: str
    reviewed: str
    due: str
    overdue: bool
    score: str
    status: Status


@dataclass(frozen=True)
class Focus:
    """A stretch of time in which one metric mattered to a team."""

    team: Reference
    goal: Reference
    card: KpiCard
    time: str
    current: bool
    before: str
    before_period: str
    latest: str
    latest_period: str
    change: str
    target: str
    status: Status


@dataclass(frozen=True)
class SideGoal:
    """A goal on one side of the balanced scorecard, with its KPIs."""

    goal: Reference
    score: str
    status: Status
    period: str
    """Of the score; a KPI by days may stand otherwise by now."""
    cards: tuple[KpiCard, ...]


@dataclass(frozen=True)
class Side:
    """One of the four sides."""

    label: str
    score: str
    status: Status | None
    goals: tuple[SideGoal, ...]


@dataclass(frozen=True)
class FrameworkPage:
    """A framework's page; only what belongs to it is there."""

    kind: str
    label: str
    objectives: tuple[Objective, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    focuses: tuple[Focus, ...] = ()
    sides: tuple[Side, ...] = ()
    drawing: str = ""


def framework_pages(book: Book) -> Iterator[FrameworkPage]:
    """The page of each framework that some goal is arranged in."""
    made = (
        FrameworkPage("okr", Framework("okr").label, objectives=tuple(_objectives(book))),
        FrameworkPage("mbo", Framework("mbo").label, agreements=tuple(_agreements(book))),
        FrameworkPage("omtm", Framework("omtm").label, focuses=tuple(_focuses(book))),
        FrameworkPage(
            "balanced_scorecard",
            Framework("balanced_scorecard").label,
            sides=tuple(_sides(book)),
            drawing=_drawing(book),
        ),
    )
    yield from (page for page in made if page.objectives or page.agreements or page.focuses or page.sides)


def frameworks_used(book: Book) -> tuple[tuple[str, str], ...]:
    """The pages there are: what each is called, and its file."""
    return tuple((page.label, FILES[page.kind]) for page in framework_pages(book))


def _objectives(book: Book) -> Iterator[Objective]:
    results = book.snapshot.by("goal", "okr_key_result", "goal", "kpi")
    for row in book.snapshot.rows("okr_objective", "objective_start", "goal"):
        goal = book.goals[row["goal"]]
        yield Objective(
            goal=_goal(book, row["goal"]),
            statement=goal["statement"] or "",
            who=_who(book, row),
            time=span_written(row["objective_start"], day_before(row["objective_end"])),
            ambition=f"Ambition {row['ambition']} of 10" if row["ambition"] is not None else "",
            grade=_grade(row["grade"]),
            frozen=moment_written(row["frozen_at"]) if row["frozen_at"] else "",
            tied_to_pay=bool(row["tied_to_pay"]),
            key_results=tuple(_key_result(book, one) for one in results.get(row["goal"], [])),
        )


def _key_result(book: Book, row: Row) -> KeyResult:
    write = Numbers.of(book.kpis[row["kpi"]]).write
    remark = ""
    if row["frozen_at"]:
        remark = f"frozen on {moment_written(row['frozen_at'])}"
        if row["grade_now"] != row["grade"]:
            remark += f"; from the data of today it would be {_grade(row['grade_now'])}"
    return KeyResult(
        card=book.cards[row["kpi"]],
        period=period_written(row["period_label"]) if row["period_label"] else "",
        baseline=write(row["baseline"]) if row["baseline"] is not None else "",
        target=write(row["target"]),
        value=write(row["value"]),
        grade=_grade(row["grade"]),
        length=round(min(max(row["grade"] or 0.0, 0.0), 1.0), 4),
        remark=remark,
    )


def _agreements(book: Book) -> Iterator[Agreement]:
    people = book.around.people
    for row in book.snapshot.rows("mbo_agreement", "goal"):
        yield Agreement(
            goal=_goal(book, row["goal"]),
            statement=book.goals[row["goal"]]["statement"] or "",
            person=people.get(row["person"] or "", ""),
            manager=people.get(row["manager"] or "", ""),
            agreed=day_written(row["agreed_on"]) if row["agreed_on"] else "no day was written down",
            time=span_written(row["period_start"], day_before(row["period_end"])),
            reviewed=f"last {day_written(row['last_reviewed'])}" if row["last_reviewed"] else "not yet",
            due=day_written(row["review_due"]) if row["review_due"] else "",
            overdue=bool(row["is_overdue"]),
            score=share_written(row["score"]) if row["score"] is not None else MISSING,
            status=status_called(row["status"]),
        )


def _focuses(book: Book) -> Iterator[Focus]:
    rows = book.snapshot.rows("team_focus", "team", "focus_number")
    for row in sorted(rows, key=lambda row: (row["team"] or "", -(row["focus_number"] or 0))):
        numbers = Numbers.of(book.kpis[row["kpi"]])
        team = row["team"] or "company"
        yield Focus(
            team=Reference(team, book.around.teams.get(team, team)),
            goal=_goal(book, row["goal"]),
            card=book.cards[row["kpi"]],
            time=_time(row["focus_start"], row["focus_end"]),
            current=bool(row["is_current"]),
            before=numbers.write(row["before_value"]),
            before_period=period_written(row["before_label"]) if row["before_label"] else "",
            latest=numbers.write(row["latest_value"]),
            latest_period=period_written(row["latest_label"]) if row["latest_label"] else "",
            change=MISSING if row["change"] is None else numbers.write_change(row["change"]),
            target=numbers.write(row["target"]),
            status=status_called(row["status"]),
        )


def _sides(book: Book) -> Iterator[Side]:
    scores = {row["perspective"]: row for row in book.snapshot.rows("perspective_score")}
    rows = book.snapshot.by("perspective", "balanced_scorecard", "goal", "kpi")
    for side in Perspective:
        goals: dict[str, list[Row]] = {}
        for row in rows.get(side.value, []):
            goals.setdefault(row["goal"], []).append(row)
        if goals:
            score = scores.get(side.value)
            yield Side(
                label=side.label,
                score=share_written(score["score"]) if score and score["score"] is not None else "",
                status=status_called(score["status"]) if score else None,
                goals=tuple(_side_goal(book, goal, found) for goal, found in goals.items()),
            )


def _side_goal(book: Book, goal: str, rows: list[Row]) -> SideGoal:
    score = rows[0]["goal_score"]
    return SideGoal(
        goal=_goal(book, goal),
        score=share_written(score) if score is not None else "no score",
        status=status_called(rows[0]["goal_status"]),
        period=period_written(rows[0]["goal_score_label"]) if rows[0]["goal_score_label"] else "",
        cards=tuple(book.cards[row["kpi"]] for row in rows if row["kpi"] is not None),
    )


def _drawing(book: Book) -> str:
    """The map of causes and effects; its words were escaped where it was drawn."""
    nodes, links = book.snapshot.rows("strategy_node", "kpi"), book.snapshot.rows("strategy_link", "kpi", "leads_kpi")
    return Markup(strategy_map(nodes, links, href="kpi/{}.html", link_href=claim_page))  # noqa: S704


def _goal(book: Book, name: str) -> Reference:
    return Reference(name, book.goal_titles.get(name, name))


def _who(book: Book, row: Row) -> str:
    names = (book.around.teams.get(row["team"] or ""), book.around.people.get(row["owner"] or ""))
    return ", ".join(name for name in names if name)


def _grade(grade: float | None) -> str:
    """A grade from 0.0 to 1.0, as objectives are graded.

    >>> _grade(0.4706), _grade(None)
    ('0.47', '–')
    """
    return MISSING if grade is None else f"{grade:.2f}"


def _time(start: date | None, end: date | None) -> str:
    if start and end:
        return span_written(start, day_before(end))
    return f"since {day_written(start)}" if start else ""
