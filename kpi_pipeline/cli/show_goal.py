"""`kpi show GOAL`: a goal with what its framework says of it, how it stands, and its KPIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kpi_pipeline.cli.shown import console, facts_table, number, plain_table, share, status_text
from kpi_pipeline.goals import Framework, Goal
from kpi_pipeline.kpis import MISSING, NBSP
from kpi_pipeline.project import Project
from kpi_pipeline.publish.scorecard.standing import Standing, judged_series, standing_of
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.store.published import Published

Row = dict[str, Any]
MOST_PERIODS = 6
"""So many of the latest scores are shown."""


def show_goal(project: Project, name: str) -> None:
    """Prints a goal's words and duties, what its framework asks, its latest scores and its KPIs."""
    goal = project.goals[name]
    with Published.open(project.path(project.settings.publish.duckdb)) as published:
        scores = published.fetch("SELECT * FROM goal_score WHERE goal = ? ORDER BY period_start", [name]).to_dicts()
        facts = framework_facts(published).get(name, "")
        results = _key_results(published, name)
        until = goal.period.to if goal.period else date.max
        latest = published.fetch(_KPIS, [TOTAL, until, name]).to_dicts()
    out = console()
    out.print(Text(goal.title, style="bold"), Text(f"  {goal.name}", style="dim"))
    out.print(Text(goal.statement))
    out.print()
    standing = standing_of(scores) if scores else None
    out.print(_facts(project, goal, facts, _stands(standing)))
    out.print()
    if latest:
        out.print(_kpis(latest, {row["kpi"]: row for row in results}))
        out.print()
    if standing:
        _scores(out, [row for row in judged_series(scores) if row["period_start"] <= standing.period_start])


_KPIS = """
    SELECT kpi, label, unit, currency, weight, period_label, value, target, attainment,
        coalesce(status, 'no_data') AS status
    FROM kpi_goal JOIN kpi USING (kpi) LEFT JOIN (
        SELECT kpi, period_label, value, target, attainment, status FROM kpi_value
        WHERE is_complete AND segment = ? AND last_day <= ?
        QUALIFY row_number() OVER (PARTITION BY kpi ORDER BY period_start_utc DESC) = 1
    ) USING (kpi)
    WHERE kpi_goal.goal = ? ORDER BY label
"""
"""The goal's KPIs in their last complete period, of a goal that is over in the last one within its time."""


def framework_facts(published: Published) -> Mapping[str, str]:
    """What a goal's framework says of it, in a few words, by goal."""
    facts: dict[str, str] = {}
    if not _knows_frameworks(published):
        return facts
    for row in published.fetch("SELECT * FROM okr_objective").to_dicts():
        facts[row["goal"]] = _objective(row)
    for row in published.fetch("SELECT * FROM mbo_agreement").to_dicts():
        facts[row["goal"]] = _agreement(row)
    for row in published.fetch(
        "SELECT team_focus.*, kpi.label, kpi.unit, kpi.currency FROM team_focus JOIN kpi USING (kpi)"
    ).to_dicts():
        facts[row["goal"]] = "; ".join(one for one in (facts.get(row["goal"]), _focus(row)) if one)
    for row in published.fetch("SELECT DISTINCT goal, goal_score, goal_score_label FROM balanced_scorecard").to_dicts():
        facts[row["goal"]] = _score(row["goal_score"], row["goal_score_label"])
    return facts


def _knows_frameworks(published: Published) -> bool:
    """Whether the tables are there; an earlier version of this program did not publish them."""
    found = published.fetch("SELECT 1 FROM information_schema.tables WHERE table_name = 'okr_objective'")
    return not found.is_empty()


def _key_results(published: Published, goal: str) -> list[Row]:
    if not _knows_frameworks(published):
        return []
    rows: list[Row] = published.fetch("SELECT * FROM okr_key_result WHERE goal = ?", [goal]).to_dicts()
    return rows


def _objective(row: Row) -> str:
    """The grade, and whether it can still change."""
    if row["grade"] is None:
        return "not graded yet"
    if row["frozen_at"] is None:
        of = "" if row["key_results_graded"] == row["key_results"] else _of_key_results(row)
        return f"grade {row['grade']:.2f} so far{of}"
    moved = row["grade_now"] is not None and abs(row["grade_now"] - row["grade"]) >= 0.005
    now = f"; by the data of today it would be {row['grade_now']:.2f}" if moved else ""
    return f"grade {row['grade']:.2f}, frozen on {row['frozen_at']:%Y-%m-%d}{now}"


def _of_key_results(row: Row) -> str:
    return f", from {row['key_results_graded']} of {row['key_results']} key results"


def _agreement(row: Row) -> str:
    sides = ((row["person"], row["is_agreed_by_person"]), (row["manager"], row["is_agreed_by_manager"]))
    agreed = [name for name, has in sides if name and has]
    on = f" on {row['agreed_on']}" if row["agreed_on"] else ""
    due = ""
    if row["review_due"]:
        due = f"; review {'overdue since' if row['is_overdue'] else 'due by'} {row['review_due']}"
    return f"agreed by {' and '.join(agreed) or 'nobody'}{on}{due}; {_score(row['score'], row['score_label'])}"


def _focus(row: Row) -> str:
    """What became of the one metric during the focus."""
    if row["change"] is None:
        return f"focus on {row['label']}, without values to compare"
    values = (
        number(row[name], row["unit"], row["currency"], beside=row["latest_value"])
        for name in ("before_value", "latest_value")
    )
    was, became = values
    when = "" if row["is_current"] else ", over"
    return f"focus on {row['label']}{when}: {was} in {row['before_label']}, {became} in {row['latest_label']}"


def _score(score: float | None, label: str | None) -> str:
    return f"score {share(score)} in {label}" if score is not None else "no score yet"


def _stands(standing: Standing | None) -> str:
    """How the goal stands, in the words of its page."""
    if standing is None:
        return ""
    score = standing.score.text if standing.score else "no score"
    rests = f", by {standing.counted} of its members' weight" if standing.counted else ""
    return f"{standing.status.word.lower()}, {score} in {standing.period}{rests}".replace(NBSP, " ")


def _facts(project: Project, goal: Goal, framework: str, stands: str) -> Table:
    table = facts_table()
    for key, value in _rows(project, goal, framework, stands):
        if value:
            table.add_row(key, Text(value))
    return table


def _rows(project: Project, goal: Goal, framework: str, stands: str) -> Iterator[tuple[str, str]]:
    ambition = f", ambition {goal.ambition} of 10" if goal.ambition else ""
    said = "" if goal.framework is Framework.balanced_scorecard or not framework else f"; {framework}"
    yield "framework", f"{goal.framework.label}{ambition}{said}" if goal.framework else ""
    yield "perspective", goal.perspective.label if goal.perspective else ""
    owner = project.people[goal.owner].title if goal.owner else ""
    team = project.teams[goal.team].title if goal.team else ""
    yield "owner", ", ".join(one for one in (owner, team) if one)
    yield "agreed by", ", ".join(goal.agreed_by)
    yield "period", f"{goal.period.from_} to {goal.period.to}" if goal.period else ""
    yield "part of", project.goals[goal.parent].title if goal.parent else ""
    yield "served by", ", ".join(one.title for one in project.goals.values() if one.parent == goal.name)
    yield "stands", stands
    place = project.place("goals", goal.name)
    yield "defined in", place.in_file if place else ""


def _kpis(rows: list[Row], results: Mapping[str, Row]) -> Table:
    """The KPIs as they stand; those of an objective with their grades."""
    table = plain_table()
    table.add_column("Key result" if results else "KPI", overflow="fold")
    table.add_column("Period", no_wrap=True)
    for name in ("Weight", "Value", "Target", *(["Grade"] if results else ["Attained"])):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    for row in rows:
        graded = results.get(row["kpi"])
        shown = graded or row
        last = _grade(graded) if graded else share(row["attainment"])
        table.add_row(
            row["label"],
            shown["period_label"] or MISSING,
            f"{row['weight']:g}",
            number(shown["value"], row["unit"], row["currency"], beside=shown["target"]),
            number(shown["target"], row["unit"], row["currency"], beside=shown["value"]),
            last,
            status_text(row["status"]),
        )
    return table


def _grade(row: Row) -> str:
    if row["grade"] is None:
        return MISSING
    return f"{row['grade']:.2f}{' frozen' if row['frozen_at'] else ''}"


def _scores(out: Console, scores: list[Row]) -> None:
    known = [row for row in scores if row["score"] is not None][-MOST_PERIODS:]
    if not known:
        return
    table = plain_table()
    table.add_column(known[0]["grain"].capitalize(), no_wrap=True)
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    for row in known:
        table.add_row(row["period_label"], share(row["score"]), status_text(row["status"]))
    out.print(table)
