"""What each framework asks of its goals: found where it is missing, left alone where it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ruamel.yaml import YAML

from kpi_pipeline.load import findings
from kpi_pipeline.load.rules import RULES, Rule
from kpi_pipeline.project import Project

PEOPLE = "people: [{name: bob, team: sales, manager: ann}, {name: eve, team: sales}]\n"
SOUND = {
    "kpis": {
        "direction": "up", "grain": "month", "goal": "grow", "team": "sales", "owner": "ann",
        "target": {"type": "at_least", "table": "targets"},
        "review": {"every": "month", "last": "2010-11-30"}, "scorecards": ["sales"],
    },
    "goals": {}, "people": {},
}  # fmt: skip
OWN = ("FO", "C", "FA", "FM", "FB")


def told(project: Callable[..., Project], text: str) -> list[tuple[str, str]]:
    """Code and message of what the rules of frameworks find."""
    return [(one.rule, one.message) for one in findings(project(PEOPLE + text)) if one.rule in OWN]


def kpis(goal: str, number: int, **keys: str) -> str:
    """Some KPIs of a goal, each with a target."""
    inside = {"target": "{type: at_least, table: targets}", **keys}
    written = ", ".join(f"{key}: {value}" for key, value in inside.items())
    lines = [
        f"  - {{name: k{at}, metric: orders, direction: up, grain: week, goal: {goal}, {written}}}"
        for at in range(number)
    ]
    return "kpis:\n" + "\n".join(lines) + "\n"


def goal(name: str = "g", **keys: str) -> str:
    inside = "".join(f", {key}: {value}" for key, value in keys.items())
    return f"  - {{name: {name}, statement: s, owner: bob{inside}}}\n"


AUTUMN = "{from: 2010-10-01, to: 2010-12-31}"


def test_sound_objective(project):
    text = "goals:\n" + goal(framework="okr", ambition="7", period=AUTUMN) + kpis("g", 3)

    assert told(project, text) == []


def test_objective_that_cannot_be_graded(project):
    text = "goals:\n" + goal(framework="okr") + kpis("g", 3, target="")

    assert told(project, text) == [
        ("FO", "Objective 'g' has no ambition."),
        ("FO", "Objective 'g' has no end, so it is never graded for good."),
        ("FO", "Objective 'g' has key results without a target: k0, k1, k2."),
    ]


def test_objective_tied_to_pay(project):
    okr = goal(framework="okr", ambition="7", period=AUTUMN, tied_to_pay="true")
    mbo = goal(framework="mbo", agreed_by="[bob, ann]", agreed_on="2010-01-04", tied_to_pay="true")

    assert told(project, "goals:\n" + okr + kpis("g", 3)) == [("C", "Objective 'g' is tied to pay.")]
    assert told(project, "goals:\n" + mbo + kpis("g", 1)) == []


@pytest.mark.parametrize(
    ("owner", "agreed_by", "message"),
    [
        ("bob", "[bob]", "Goal 'g' is an agreement of 'bob' and the manager 'ann', but not agreed by 'ann'."),
        (
            "bob",
            "[sales]",
            "Goal 'g' is an agreement of 'bob' and the manager 'ann', but not agreed by 'bob' and 'ann'.",
        ),
        ("eve", "[eve, ann]", "Goal 'g' is to be agreed with the manager of 'eve', but 'eve' has none."),
    ],
)
def test_agreement_without_both_sides(project, owner, agreed_by, message):
    text = f"goals:\n  - {{name: g, statement: s, framework: mbo, owner: {owner}, agreed_by: {agreed_by}, agreed_on: 2010-01-04}}\n"

    assert told(project, text + kpis("g", 1)) == [("FA", message)]


def test_agreement_without_a_day(project):
    text = "goals:\n" + goal(framework="mbo", agreed_by="[bob, ann]") + kpis("g", 1)

    assert told(project, text) == [("FA", "Goal 'g' does not say when it was agreed.")]


def test_focus_on_two_metrics_of_nobody_without_an_end(project):
    assert told(project, "goals:\n" + goal(framework="omtm") + kpis("g", 2)) == [
        ("FM", "Goal 'g' is about one metric, and has 2 KPIs: k0, k1."),
        ("FM", "Goal 'g' names no team whose focus it is."),
        ("FM", "Goal 'g' has no end."),
    ]


@pytest.mark.parametrize(
    ("second", "team", "found"),
    [
        ("{from: 2010-12-31, to: 2011-03-31}", "sales", 1),
        ("{from: 2011-01-01, to: 2011-03-31}", "sales", 0),
        ("{from: 2010-12-31, to: 2011-03-31}", "desk", 0),
    ],
)
def test_two_metrics_that_matter_at_a_time(project, second, team, found):
    goals = goal("one", framework="omtm", team="sales", period=AUTUMN) + goal(
        "two", framework="omtm", team=team, period=second
    )
    text = (
        "teams: [{name: desk}]\ngoals:\n"
        + goals
        + kpis("one", 1)
        + kpis("two", 1).replace("kpis:\n", "").replace("k0", "k9")
    )

    message = "Goal 'two' is the one metric of team 'sales' at the same time as 'one'."
    assert told(project, text) == [("FM", message)] * found


def test_scorecard_without_all_sides(project):
    card = goal("a", framework="balanced_scorecard", perspective="financial") + goal(
        "b", framework="balanced_scorecard"
    )

    assert told(project, "goals:\n" + card) == [
        ("FB", "Goal 'b' is on the balanced scorecard, but on no side of it."),
        ("FB", "The balanced scorecard has no goal for customer, internal_process, learning_growth."),
    ]


def test_a_reason_silences_it(project):
    okr = goal(framework="okr", period=AUTUMN, ignore='{FO: "the ambition is agreed next week"}')

    assert told(project, "goals:\n" + okr + kpis("g", 3)) == []


@pytest.mark.parametrize("rule", [one for one in RULES if one.code in OWN], ids=lambda rule: rule.code)
def test_examples_are_what_they_say(project, rule: Rule):
    assert {code for code, _ in told_of(project, rule.bad.definitions)} == {rule.code}
    assert told_of(project, rule.good.definitions) == []


def told_of(project: Callable[..., Project], example: str) -> list[tuple[str, str]]:
    """The same for an example, with what it leaves out filled in."""
    import io

    read: dict[str, list[dict[str, Any]]] = YAML(typ="safe", pure=True).load(example)
    whole = {kind: [{**SOUND[kind], **one} for one in members] for kind, members in read.items()}
    text = io.StringIO()
    YAML().dump(whole, text)
    return [(one.rule, one.message) for one in findings(project(text.getvalue())) if one.rule in OWN]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("goals:\n" + goal(ambition="7"), "Goal 'g' has an ambition, and it names no framework.",
         "'ambition' belongs to objectives and key results: write framework: okr, or take 'ambition' away"),
        ("goals:\n" + goal(framework="omtm", reviewed="[2010-12-14]"),
         "Goal 'g' has reviews of its own, and its framework is omtm.",
         "'reviewed' belongs to management by objectives: write framework: mbo, or take 'reviewed' away"),
        ("goals:\n" + goal(framework="mbo", agreed_on="2010-01-04", reviewed="[2009-12-14]"),
         "Goal 'g' was reviewed on 2009-12-14, before it was agreed (2010-01-04).", "one of the two days is wrong"),
    ],
)  # fmt: skip
def test_what_a_framework_does_not_know_is_refused(problems, text, message, hint):
    (problem,) = problems(PEOPLE + text)

    assert (problem.message, problem.hint) == (message, hint)
    assert problem.place.file == "definitions/it.yaml"
