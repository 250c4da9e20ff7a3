"""A definition that does not have the form of its kind is told what it should have been."""

from __future__ import annotations

import re

import pytest

from kpi_pipeline.errors import DefinitionError

METRIC = "metrics: [{{name: m, type: simple, model: order_lines, agg: sum, expr: price{}}}]"
KPI = "kpis: [{{name: k, metric: orders, direction: up, grain: week{}}}]"
SOURCE = "sources: [{{name: s, connector: {{type: file, path: a.csv}}{}}}]"

SHAPES = [
    (METRIC.format(", filtre: x"), "Metric 'm' has the key 'filtre', which is not known.", "did you mean 'filter'?"),
    (METRIC.format(", zzz: x"), "Metric 'm' has the key 'zzz', which is not known.",
     "known keys here are 'name', 'label'"),
    (METRIC.format(", unit: pounds"), "Metric 'm': 'unit' is 'pounds', which is not one of 'number', 'count'", None),
    (METRIC.format(", unit: Percent"), "'unit' is 'Percent', which is not one of", "did you mean 'percent'?"),
    (METRIC.format(", filter: ''"), "Metric 'm': 'filter' is empty.", "write a value"),
    (METRIC.format(", label: "), "Metric 'm': 'label' is empty.", "write a value, or take the key away"),
    ("links: [{from: weekly_sales, to: weekly_orders, lag: 1 week, because: }]",
     "Link 'weekly_sales->weekly_orders': 'because' is empty.", "write a value: how the one brings about the other"),
    (METRIC.format(", filter: [a]"), "Metric 'm': 'filter' is a list, not a single text.", "quote it"),
    (METRIC.format(", ignore: yes"), "Metric 'm': 'ignore' is 'yes', not a mapping of keys.", "key: value"),
    (METRIC.format(", ignore: {U: }"), "Metric 'm': 'ignore.U' is empty.", "write a value, or take the key away"),
    ("metrics: [{name: m, type: retention, entity: e, model: order_lines, cohort_grain: month, age: -1}]",
     "Metric 'm': 'age' is '-1', which is none of the ways to write it.", "write a number of at least 0"),
    ("metrics: [{name: m, type: derived, expr: a, input_metrics: [{name: b, offset_window: 1 day, offset_to_grain: day}]}]",
     "'input_metrics[0]': 'offset_window' and 'offset_to_grain' exclude", "keep one"),
    (METRIC.format(", fill_nulls_with: none"), "'fill_nulls_with' is 'none', which is not a number.", None),
    (METRIC.format(", percentile: 0.9"), "'percentile' goes with 'agg: percentile', not with 'sum'.", "change one"),
    (METRIC.replace("agg: sum", "agg: percentile").format(""), "'agg: percentile' needs 'percentile'.", "add the share of"),
    ("metrics: [{type: simple, model: order_lines, agg: count}]", "The metric number 1 has no 'name'.", "add 'name'"),
    ("metrics: [{name: m, type: simple, model: order_lines}]", "Metric 'm' has no 'agg'.",
     "write one of 'sum', 'count'"),
    ("metrics: [{name: m, model: order_lines}]", "Metric 'm' has no 'type'.", "one of 'conversion', 'cumulative', 'derived'"),
    ("metrics: [{name: m, type: simpel}]", "Metric 'm' has the type 'simpel', which is not one of", "mean 'simple'?"),
    ("metrics: [{name: Net Sales, type: simple, model: order_lines, agg: count}]",
     "Metric 'Net Sales': 'name': 'Net Sales' is not a name.", "lower-case letters, digits and _"),
    (f"metrics: [{{name: {'a' * 61}, type: simple, model: order_lines, agg: count}}]", "longer than 60 characters",
     None),
    ("metrics: [{name: all, type: simple, model: order_lines, agg: count}]", "'all' is reserved.",
     "stands for the total"),
    ("metrics: [{name: m, type: ratio, numerator: [a], denominator: orders}]",
     "Metric 'm': 'numerator' is a list, not a name.", "write a name, or these keys: 'name', 'alias'"),
    ("metrics: [{name: m, type: cumulative, input_metric: orders, window: 28 dayz}]",
     "Metric 'm': 'window': '28 dayz' is not a length of time.", "write it like '28 days', '4 weeks' or '1 year'"),
    ("metrics: [{name: m, type: cumulative, input_metric: orders, window: [1]}]",
     "'window' is a list, which is not a length of time.", "write it like '28 days'"),
    ("metrics: [{name: m, type: cumulative, input_metric: orders, window: 1 week, grain_to_date: month}]",
     "Metric 'm': 'window' and 'grain_to_date' exclude each other.", "keep one"),
    ("metrics: [{name: m, type: derived, expr: '1', input_metrics: []}]", "'input_metrics' is empty.", "at least one"),
    (KPI.format(", weight: 0"), "KPI 'k': 'weight' is '0'; it must be greater than 0.", None),
    (KPI.format(", benchmark: {value: nan, source: us}"), "'benchmark.value' is 'nan', which is not a number.", None),
    (KPI.format(", weight: nan"), "KPI 'k': 'weight' is 'nan'", None),
    (KPI.format(", segments_at_most: 2.5"), "'segments_at_most' is '2.5', which is not a whole number.", None),
    (KPI.format(", segments_at_most: 0"), "'segments_at_most' is '0'; it must be at least 1.", None),
    (KPI.format(", team: company"), "KPI 'k': 'team': 'company' is reserved.", "the company is not a team"),
    (KPI.format(", goal: grow, goals: [{goal: grow}]"), "KPI 'k': give 'goal' or 'goals', not both.", None),
    (KPI.format(", breakdowns: [[country]]"), "'breakdowns' always holds the total: begin the list with []", None),
    (KPI.format(", counts: acts"), "'counts' is 'acts', which is not one of 'result', 'activity'.", None),
    (KPI.format(", measures: proxi"), "'measures' is 'proxi', which does not look as it must.", "direct, or proxy for"),
    (KPI.format(", scorecards: sales"), "KPI 'k': 'scorecards' is 'sales', not a list.", "in brackets: [sales]"),
    (KPI.format(", status: {at_risk_within: little%}"), "'status.at_risk_within' is 'little%', which is not a share.",
     "write it like 10% or 0.1"),
    (KPI.format(", review: {every: month, last: 2010-13}"), "'review.last': '2010-13' is not a date: month must be",
     None),
    (KPI.format(", review: {every: month, last: [2010]}"), "'review.last' is a list, which is not a date.", "2010-Q3"),
    (KPI.format(", review: {last: 2010}"), "KPI 'k': 'review' has no 'every'.", "write one of 'day', 'week'"),
    (KPI.format(", target: {type: at_least, values: [{from: 2010, value: '600,000'}]}"),
     "'target.values[0].value' is '600,000', which is not a number.", "write 600000"),
    (KPI.format(", target: {type: at_least}"), "'target': a target takes its numbers from 'values' or from 'table'",
     None),
    (KPI.format(", target: {values: []}"), "KPI 'k': 'target' has no 'type'.", "one of 'at_least', 'at_most'"),
    (KPI.format(", target: 600"), "KPI 'k': 'target' is '600', not a mapping of keys.", "the first of them 'type'"),
    ("kpis: [{name: k, metric: orders, direction: sideways, grain: week}]",
     "KPI 'k': 'direction' is 'sideways', which is not one of 'up', 'down', 'hold'.", None),
    ("goals: [{name: g, statement: s, tied_to_pay: maybe}]", "'tied_to_pay' is 'maybe', which is neither true nor",
     None),
    ("goals: [{name: g, statement: s, ambition: 11}]", "'ambition' is '11'; it must be at most 10.", None),
    ("goals: [{name: g, statement: s, period: {from: 2011, to: 2010}}]", "the period ends (2010-12-31) before", None),
    (SOURCE.format(", load: {mode: merge}"), "Source 's': 'load': 'key' goes with 'mode: merge'", None),
    (SOURCE.format(", checks: [{type: not_nul, column: a}]"), "'checks[0]' has the type 'not_nul'", "mean 'not_null'?"),
    (SOURCE.format(", checks: [{type: not_null, column: a}]"), "'checks[0]' has the key 'column'", "mean 'columns'?"),
    (SOURCE.format(", checks: [{type: expectation, expectation: unique}]"),
     "'checks[0].expectation' is 'unique', which does not look as it must.",
     "such as expect_column_values_to_be_unique"),
    ("sources: [{name: s, connector: {type: file, path: a.csv, delimiter: ab}}]",
     "'connector.delimiter' is 'ab', which is too long.", "at most 1 characters"),
    ("models: [{name: m, agg_time_dimension: day}]", "Model 'm': a model is made of 'sql' or of 'table'", None),
    ("links: [{from: weekly_orders, because: x}]", "The link number 1 has no 'to'.", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "hint"), SHAPES)
def test_what_does_not_fit_is_said_in_plain_words(problems, text, message, hint):
    found = next(problem for problem in problems(text) if message in problem.message)

    assert found.place.file == "definitions/it.yaml"
    assert "Input should" not in str(found)
    assert hint is None or hint in found.hint


@pytest.mark.parametrize(
    ("setting", "message", "hint"),
    [
        (
            "as_of: yesterday",
            "'as_of' is 'yesterday', which is none of the ways to write it.",
            "'now' or 'data', or 2010-",
        ),
        ("timezone: Europe/Londn", "'timezone': 'Europe/Londn' is not a time zone.", "Europe/London or UTC"),
        ("currency: gbp", "'currency' is 'gbp', which does not look as it must.", "three capital letters, such as GBP"),
        ("publish: {grains: [minute]}", "'publish.grains[0]' is 'minute', which is not one of 'hour', 'day'", None),
        ("week_start: Monday", "'week_start' is 'Monday', which is not one of", "did you mean 'monday'?"),
    ],
)
def test_settings(problems, setting, message, hint):
    (problem,) = problems(files={"it.yaml": f"project: {{name: shop, {setting}}}"})

    assert problem.message.startswith("Project 'shop': ")
    assert message in problem.message
    assert hint is None or hint in problem.hint


def test_the_place_is_that_of_the_value(problems):
    (problem,) = problems(
        """
        kpis:
          - name: k
            metric: orders
            direction: up
            grain: week
            target:
              type: at_least
              values:
                - {from: 2010-01, value: 1}
                - {from: 2010-02, value: one}
        """
    )

    assert (problem.place.line, problem.place.column) == (10, 34)


@pytest.mark.parametrize(
    "key",
    [
        "label",
        "team",
        "goals",
        "breakdowns",
        "weight",
        "target",
        "status",
        "review",
        "scorecards",
        "benchmark",
        "formerly",
        "ignore",
        "indicator",
    ],
)
@pytest.mark.parametrize("value", ["[[x]]", "{x: {y: z}}", "x y", "-1", "''", ""])
def test_no_sentence_of_pydantic_is_left(project, key, value):
    """Whatever is written under a key, the answer is in our words."""
    said = ""
    try:
        project(f"kpis: [{{name: k, metric: orders, direction: up, grain: week, {key}: {value}}}]")
    except DefinitionError as error:
        said = str(error)

    assert not re.search(r"[Ii]nput should|valid (string|tuple|dict)|instance of", said)
