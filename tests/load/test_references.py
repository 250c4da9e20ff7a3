"""Names are unique, every use of a name leads somewhere, and nothing leads back to itself."""

from __future__ import annotations

import pytest

from kpi_pipeline.load.cycles import cycles
from kpi_pipeline.load.uniqueness import PUBLISHED_TABLES
from kpi_pipeline.publish.contract import TABLES

REFERENCES = [
    ("metrics: [{name: m, type: simple, model: order_line, agg: count}]",
     "1:42  Metric 'm' is computed from model 'order_line', which is not defined as a model.",
     "did you mean 'order_lines' (definitions/base.yaml:6:5)?"),
    ("metrics: [{name: m, type: simple, model: order_lines, agg: count, owner: anne}]",
     "Metric 'm' is owned by 'anne', which is not defined as a person.", "did you mean 'ann'"),
    ("metrics: [{name: m, type: ratio, numerator: net_sale, denominator: orders}]",
     "1:45  Metric 'm' uses metric 'net_sale'", "did you mean 'net_sales' (definitions/base.yaml:11:5)?"),
    ("metrics: [{name: m, type: ratio, numerator: orders, denominator: {name: zzz}}]",
     "1:66  Metric 'm' uses metric 'zzz'", "defined are 'm', 'net_sales', 'orders'"),
    ("metrics: [{name: m, type: cumulative, input_metric: order}]", "Metric 'm' uses metric 'order'", "mean 'orders'"),
    ("metrics: [{name: m, type: derived, expr: a, input_metrics: [{name: order, alias: a}]}]",
     "1:61  Metric 'm' uses metric 'order'", "mean 'orders'"),
    ("kpis: [{name: k, metric: order, direction: up, grain: week}]", "1:26  KPI 'k' uses metric 'order'", "'orders'"),
    ("kpis: [{name: k, metric: orders, direction: up, grain: week, goal: grown}]", "serves goal 'grown'",
     "mean 'grow'"),
    ("kpis: [{name: k, metric: orders, direction: up, grain: week, goals: [{goal: grown}]}]",
     "1:77  KPI 'k' serves goal 'grown'", "mean 'grow'"),
    ("kpis: [{name: k, metric: orders, direction: up, grain: week, team: salse}]", "belongs to team 'salse'",
     "'sales'"),
    ("kpis: [{name: k, metric: orders, direction: up, grain: week, owner: anna}]", "is owned by 'anna'", "mean 'ann'"),
    ("kpis: [{name: k, metric: orders, direction: up, grain: week, parent_kpi: weekly_order}]",
     "is part of KPI 'weekly_order', which is not defined as a KPI.", "mean 'weekly_orders'"),
    ("kpis: [{name: k, metric: orders, direction: down, grain: week, target: {type: at_most, table: target}}]",
     "takes its target from 'target', which is not defined as a source or model.", "mean 'targets'"),
    ("goals: [{name: g, statement: s, parent: grows}]", "Goal 'g' serves goal 'grows'", "mean 'grow'"),
    ("goals: [{name: g, statement: s, team: salse}]", "Goal 'g' belongs to team 'salse'", "mean 'sales'"),
    ("goals: [{name: g, statement: s, owner: anna}]", "Goal 'g' is owned by 'anna'", "mean 'ann'"),
    ("goals: [{name: g, statement: s, agreed_by: [company, ann, salse]}]",
     "1:59  Goal 'g' is agreed by 'salse', which is not defined as a team or person.", "mean 'sales'"),
    ("kpis: [{name: k, metric: orders, direction: up, grain: week, scorecards: [company, salse]}]",
     "1:84  KPI 'k' stands on the scorecard of 'salse', which is not defined as a team.", "mean 'sales'"),
    ("people: [{name: p, team: salse}]", "Person 'p' belongs to 'salse'", "mean 'sales'"),
    ("people: [{name: p, manager: anna}]", "Person 'p' reports to 'anna'", "mean 'ann'"),
    ("teams: [{name: t, parent: salse}]", "Team 't' is part of 'salse'", "mean 'sales'"),
    ("links: [{from: weekly_order, to: weekly_sales, lag: 0, because: x}]",
     "Link 'weekly_order->weekly_sales' leads from KPI 'weekly_order'", "mean 'weekly_orders'"),
    ("links: [{from: weekly_sales, to: sales_weekly_sum, lag: 0, because: x}]", "leads to KPI 'sales_weekly_sum'", ""),
    (("kpis: [{name: k, metric: orders, direction: up, grain: week}]\n"
     "links: [{from: weekly_sales, to: k, lag: 0, because: x, team: salse}]"), "is claimed by team 'salse'", "'sales'"),
    (("sources: [{name: s, connector: {type: file, path: a}, "
     "checks: [{type: relationships, column: a, to: order_line}]}]"),
     "1:101  Source 's' has a check that looks in 'order_line', which is not defined as a model or source.",
     "did you mean 'order_lines' (definitions/base.yaml:6:5)?"),
    (("models: [{name: m, table: raw.targets, agg_time_dimension: d, "
     "checks: [{type: relationships, column: a, to: target}]}]"), "Model 'm' has a check that looks in",
     "mean 'targets'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "hint"), REFERENCES)
def test_a_name_that_is_not_defined(problems, text, message, hint):
    (problem,) = problems(text)

    assert message in f"{problem.place.line}:{problem.place.column}  {problem.message}"
    assert hint in problem.hint


def test_nothing_of_the_kind_is_defined(problems):
    (problem,) = problems(files={"it.yaml": "project: {name: shop}\npeople: [{name: ann, team: sales}]"})

    assert problem.hint == "no team is defined yet"


def test_a_broken_definition_still_has_its_name(problems):
    """Who uses it is not told that it is missing."""
    (problem,) = problems(
        """
        metrics:
          - {name: broken, type: simple, model: order_lines, agg: summ, expr: price}
          - {name: m, type: ratio, numerator: broken, denominator: orders}
        """
    )

    assert "'agg' is 'summ'" in problem.message


class TestNames:
    def test_twice(self, problems):
        (problem,) = problems("teams: [{name: service}, {name: sales}]")

        assert str(problem) == (
            "definitions/it.yaml:1:33  Team 'sales' is defined twice.\n"
            "Hint: it is first at definitions/base.yaml:13:16; rename one of the two"
        )

    def test_the_same_in_two_kinds_is_fine(self, project):
        assert project("teams: [{name: orders}]").teams["orders"]

    def test_a_link_twice(self, problems):
        (problem,) = problems("links: [{from: weekly_orders, to: weekly_sales, lag: 0, because: x}]")

        assert problem.message == "Link 'weekly_orders->weekly_sales' is defined twice."
        assert problem.hint.endswith("keep one")

    @pytest.mark.parametrize(
        "text",
        [
            "kpis: [{name: scorecard, metric: orders, direction: up, grain: week}]",
            "models: [{name: calendar, table: raw.targets, agg_time_dimension: d}]",
        ],
    )
    def test_of_published_tables(self, problems, text):
        (problem,) = problems(text)

        assert "bears the name of a published table" in problem.message

    def test_every_table_of_the_contract_is_reserved(self):
        assert {table.name for table in TABLES} <= PUBLISHED_TABLES

    def test_a_former_name_has_one_heir(self, problems):
        found = problems(
            """
            kpis:
              - {name: k, metric: orders, direction: up, grain: week, formerly: [weekly_sales, old]}
              - {name: l, metric: orders, direction: up, grain: week, formerly: [old]}
            """
        )

        assert [problem.message for problem in found] == [
            "KPI 'k' was formerly 'weekly_sales', and so is or was KPI 'weekly_sales'.",
            "KPI 'l' was formerly 'old', and so is or was KPI 'k'.",
        ]


CYCLES = [
    (("metrics: [{name: a, type: derived, expr: b, input_metrics: [b]}, {name: b, type: derived, expr: a, "
     "input_metrics: [a]}]"), "The metrics a -> b -> a form a cycle: each uses the next.", "computed from rows"),
    ("goals: [{name: a, statement: s, parent: b}, {name: b, statement: s, parent: a}]",
     "The goals a -> b -> a form a cycle: each serves the next.", "no parent"),
    ("goals: [{name: a, statement: s, parent: a}]", "The goals a -> a form a cycle", "no parent"),
    ("teams: [{name: a, parent: b}, {name: b, parent: c}, {name: c, parent: a}]", "The teams a -> b -> c -> a",
     "company"),
    ("people: [{name: a, manager: b}, {name: b, manager: a}]", "The people a -> b -> a", "no manager"),
    ("kpis: [{name: a, metric: orders, direction: up, grain: week, parent_kpi: a}]", "The KPIs a -> a",
     "no parent_kpi"),
    ("links: [{from: weekly_sales, to: weekly_orders, lag: 0, because: x}]",
     "The links weekly_orders -> weekly_sales -> weekly_orders form a cycle: each KPI leads the next.", "take one"),
    ("links: [{from: weekly_sales, to: weekly_sales, lag: 0, because: x}]",
     "Link 'weekly_sales' -> 'weekly_sales' joins a KPI to itself.", "name the KPI it leads"),
    (("models: [{name: a, table: model.b, agg_time_dimension: d}, "
     "{name: b, sql: SELECT * FROM model.a, agg_time_dimension: d}]"), "The models a -> b -> a", "sources only"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "hint"), CYCLES)
def test_a_cycle_is_printed(problems, text, message, hint):
    (problem,) = problems(text)

    assert message in problem.message
    assert hint in problem.hint


def test_cycles_apart_are_told_apart():
    graph = {"d": ("c",), "c": ("d",), "b": ("a", "d"), "a": ("b",), "e": ("a",)}

    assert sorted(cycles(graph)) == [("a", "b", "a"), ("c", "d", "c")]
