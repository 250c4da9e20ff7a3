"""The goals in the order of their tree, each with the KPIs that serve it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from kpi_pipeline.goals import Framework, Perspective
from kpi_pipeline.publish.scorecard.dates import day_before, span_written
from kpi_pipeline.publish.scorecard.page import GoalCard, KpiCard, Reference
from kpi_pipeline.publish.scorecard.snapshot import Row, Snapshot


def goal_cards(snapshot: Snapshot, cards: Mapping[str, KpiCard]) -> tuple[GoalCard, ...]:
    """Every goal with the KPIs whose primary goal it is, by weight; those shown elsewhere are only named."""
    teams, people, goals = snapshot.titles("team"), snapshot.titles("person"), snapshot.titles("goal")
    primary = {row["kpi"]: row["goal"] for row in snapshot.rows("kpi")}
    serving = snapshot.rows("kpi_goal", "goal", "kpi")
    by_weight = sorted(serving, key=lambda row: (row["goal"], -(row["weight"] or 0), cards[row["kpi"]].label))
    served = {goal: [row["kpi"] for row in rows] for goal, rows in groupby(by_weight, key=lambda row: str(row["goal"]))}

    def card(goal: Row) -> GoalCard:
        names = served.get(goal["goal"], [])
        return GoalCard(
            name=goal["goal"],
            label=goals[goal["goal"]],
            statement=goal["statement"] or "",
            facts=_facts(goal, teams, people),
            part_of=goals.get(goal["parent_goal"] or "", ""),
            kpis=tuple(cards[name] for name in names if primary[name] == goal["goal"]),
            also=tuple(
                Reference(name, cards[name].label, goals.get(primary[name] or "", ""))
                for name in names
                if primary[name] != goal["goal"]
            ),
        )

    return tuple(card(goal) for goal in in_tree_order(snapshot.rows("goal", "label", "goal")))


def in_tree_order(goals: Sequence[Row]) -> list[Row]:
    """Every goal before those that serve it; side by side as the balanced scorecard orders its perspectives."""
    sides = {perspective.value: at for at, perspective in enumerate(Perspective)}
    known = {goal["goal"] for goal in goals}
    children: dict[str | None, list[Row]] = {}
    for goal in sorted(goals, key=lambda goal: sides.get(goal["perspective"] or "", len(sides))):
        children.setdefault(goal["parent_goal"] if goal["parent_goal"] in known else None, []).append(goal)

    def below(parent: str | None) -> list[Row]:
        return [found for child in children.get(parent, []) for found in (child, *below(child["goal"]))]

    return below(None)


def _facts(goal: Row, teams: Mapping[str, str], people: Mapping[str, str]) -> tuple[str, ...]:
    """What is known of a goal, with who answers for it."""
    whose = ", ".join(name for name in (teams.get(goal["team"] or ""), people.get(goal["owner"] or "")) if name)
    return goal_facts(goal, whose)


def goal_facts(goal: Row, whose: str = "") -> tuple[str, ...]:
    """Its framework, side, owner, time and ambition, as far as they are given."""
    framework, perspective = goal["framework"], goal["perspective"]
    facts = (
        Framework(framework).label if framework else "",
        f"{Perspective(perspective).label} perspective" if perspective else "",
        whose,
        span_written(goal["period_start"], day_before(goal["period_end"])),
        f"Ambition {goal['ambition']} of 10" if goal["ambition"] is not None else "",
    )
    return tuple(fact for fact in facts if fact)
