"""Targets and status rules fit their KPI, and say clearly where they do not."""

from __future__ import annotations

import pytest

KPI = "kpis: [{{name: k, metric: net_sales, direction: {}, grain: month, {}}}]"
ONE = "values: [{from: 2024, value: 1}]"


@pytest.mark.parametrize(
    ("direction", "rest", "said", "hint"),
    [
        ("up", f"target: {{type: at_least, accumulate: month, {ONE}}}", "cannot add up over a month", "longer period"),
        ("down", f"target: {{type: at_least, {ONE}}}", "is better when it goes down", "hold"),
        (
            "down",
            "target: {type: increase_to, baseline: {at: 2023-12, value: 1}, values: [{by: 2024-12, value: 2}]}",
            "is better when it goes down, but its target is increase_to",
            "hold",
        ),
        ("hold", f"target: {{type: growth, {ONE}}}", "has a better and a worse side", "up or down"),
        (
            "up",
            "target: {type: increase_to, baseline: {at: 2023-12, value: 3}, values: [{by: 2024-12, value: 2}]}",
            "the way from 3 to 2 does not increase",
            "",
        ),
        (
            "up",
            "target: {type: increase_to, baseline: {at: 2024-12}, values: [{by: 2024-06, value: 2}]}",
            "does not lie after the baseline",
            "",
        ),
        ("up", "target: {type: within, values: [{from: 2024, low: 3, high: 2}]}", "'high' (2) is less than 'low'", ""),
        ("up", "target: {type: within}", "from 'values' or from 'table'", ""),
        ("up", "target: {type: at_least, table: nowhere}", "takes its target from 'nowhere'", "defined"),
        ("up", "status: [{when: attainmnt > 1, is: on_track}]", "looks at 'attainmnt'", "attainment"),
        ("up", "status: [{when: 'value >', is: on_track}]", "cannot be read", "write a condition"),
        ("up", "status: [{when: value + 1, is: on_track}]", "is no condition", "compare it"),
        (
            "up",
            "status: {rules: [{when: value > 'many', is: on_track}]}",
            "compares with 'many'",
            "only days are texts",
        ),
        ("up", "status: [{when: value > '2024-01-01', is: on_track}]", "compares with '2024-01-01'", "only days"),
        ("up", "status: [{when: length(value) > 1, is: on_track}]", "uses", "a rule may use"),
        ("up", "status: [{when: value > 1, is: fine}]", "is", "on_track"),
    ],
)
def test_what_does_not_fit_is_refused(problems, direction: str, rest: str, said: str, hint: str) -> None:
    (problem,) = problems(KPI.format(direction, rest))

    assert said in problem.message
    assert hint in (problem.hint or problem.message)
    assert problem.place.line == 1


def test_rule_is_shown_at_its_own_place(problems) -> None:
    text = "kpis:\n- name: k\n  metric: net_sales\n  direction: up\n  grain: month\n  status:\n{}"
    as_list = "  - {when: value > 0, is: on_track}\n  - {when: valu > 0, is: at_risk}\n"
    as_rules = "    rules:\n    - when: valu > 0\n      is: at_risk\n"

    assert [problems(text.format(body))[0].place.line for body in (as_list, as_rules)] == [8, 8]


@pytest.mark.parametrize(
    "rest",
    [
        "target: {type: at_least, accumulate: year, values: [{from: 2024, value: 1}]}",
        "target: {type: within, values: [{from: 2024, low: 2, high: 2}]}",
        "target: {type: increase_to, baseline: {at: 2023-12}, values: [{by: 2024-12, value: 2}]}",
        "target: {type: growth, against: previous_period, values: [{from: 2024, value: 5%}]}",
        "target: {type: at_least, table: order_lines}",
        "status: [{when: attainment >= 0.9 and period_start < '2024-06', is: on_track}]",
        "status: {settles_after: 2, rules: [{when: not (value > 0), is: off_track}]}",
    ],
)
def test_what_fits_is_taken(project, rest: str) -> None:
    assert project(KPI.format("up", rest)).kpis["k"]
