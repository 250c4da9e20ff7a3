"""C: an objective somebody is paid for."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.goals import Framework
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.load.rules.objectives import GRADED, THREE_KEY_RESULTS
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    for goal in project.goals.values():
        if goal.framework is Framework.okr and goal.tied_to_pay:
            yield Remark(
                "goals",
                goal,
                f"Objective '{goal.name}' is tied to pay.",
                "pay by something else; or make it an agreement between a person and a manager: framework: mbo",
                "tied_to_pay",
            )


TIED_TO_PAY = Rule(
    "C",
    "warning",
    "an objective tied to pay",
    _look,
    reason="Objectives are set so high that reaching seven tenths is good. Who is paid by the grade sets them where "
    "reaching all of it is certain, and the ambition is gone.",
    bad=Example(
        "goals:\n"
        "  - {name: autumn, statement: Autumn brings 900 orders, framework: okr, owner: ann, agreed_by: [sales],\n"
        "     ambition: 7, period: {from: 2010-10-01, to: 2010-12-31}, tied_to_pay: true}\n" + THREE_KEY_RESULTS
    ),
    good=GRADED,
)
