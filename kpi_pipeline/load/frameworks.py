"""What a goal says for its framework must be something that this framework asks for."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.errors import Problem
from kpi_pipeline.goals import Framework, Goal
from kpi_pipeline.project import Project


def unfit_frameworks(project: Project) -> Iterator[Problem]:
    """Ambitions of goals that are no objectives, and reviews of goals that are no agreements, or before they were."""
    for goal in project.goals.values():
        if goal.ambition is not None and goal.framework is not Framework.okr:
            yield _out_of_place(project, goal, "ambition", Framework.okr, "an ambition")
        if goal.reviewed and goal.framework is not Framework.mbo:
            yield _out_of_place(project, goal, "reviewed", Framework.mbo, "reviews of its own")
        began = goal.agreed_on or (goal.period.from_ if goal.period else None)
        for number, day in enumerate(goal.reviewed):
            if began and day < began:
                yield Problem(
                    f"Goal '{goal.name}' was reviewed on {day}, before it was agreed ({began}).",
                    project.place("goals", goal.name, "reviewed", str(number)),
                    "one of the two days is wrong",
                )


def _out_of_place(project: Project, goal: Goal, key: str, wanted: Framework, what: str) -> Problem:
    has = f"its framework is {goal.framework.value}" if goal.framework else "it names no framework"
    return Problem(
        f"Goal '{goal.name}' has {what}, and {has}.",
        project.place("goals", goal.name, key),
        f"'{key}' belongs to {wanted.label.lower()}: write framework: {wanted.value}, or take '{key}' away",
    )
