"""What a link holds constant, and the segments it is tested by, must be there to be tested with."""

from __future__ import annotations

import pytest

from kpi_pipeline.periods import Grain

LINK = (
    "kpis:\n"
    "  - {{name: k, metric: orders, direction: up, grain: week}}\n"
    "  - {{name: monthly, metric: net_sales, direction: up, grain: month}}\n"
    "  - {{name: quarterly, metric: net_sales, direction: up, grain: quarter}}\n"
    "links: [{{from: k, to: monthly, lag: {}, because: x, {}}}]"
)


def test_both_are_read(project):
    link = project(LINK.format("1 month", "control: [weekly_sales], by: [country]")).links[1]

    assert (link.control, link.by) == (("weekly_sales",), ("country",))


def test_grain_may_be_named(project):
    loaded = project(LINK.format("4 weeks", "grain: day"))

    assert loaded.tested_at(loaded.links[1]) == (Grain.day, 28)


def test_lag_is_whole_periods_of_the_grain_named(problems):
    (problem,) = problems(LINK.format("4 weeks", "grain: month"))

    assert problem.message == (
        "Link 'k' -> 'monthly' is tested by month, but its lag of 4 weeks is not a whole number of months."
    )
    assert problem.hint == "write the lag in months, or name a grain that it is whole periods of"


def test_grain_is_one_that_the_controls_have_too(project, base):
    published = base.replace("currency: GBP}", "currency: GBP, publish: {grains: [week, quarter]}}")
    written = LINK.format("0", "control: [quarterly]").replace(
        "name: k, metric: orders, direction: up, grain: week", "name: k, metric: orders, direction: up, grain: month"
    )
    loaded = project(files={"base.yaml": published, "it.yaml": written})

    assert loaded.tested_at(loaded.links[1]) == (Grain.quarter, 0)


@pytest.mark.parametrize(
    ("lag", "keys", "message", "hint"),
    [
        (
            "1 month",
            "control: [weekly_sale]",
            "Link 'k->monthly' holds constant KPI 'weekly_sale', which is not defined as a KPI.",
            "did you mean 'weekly_sales' (definitions/base.yaml:17:5)?",
        ),
        (
            "1 month",
            "control: [k]",
            (
                "Link 'k' -> 'monthly' holds 'k' constant, which is one of the two KPIs it joins: nothing would be left to "
                "test."
            ),
            "name a third KPI that may move both",
        ),
        (
            "1 month",
            "control: [weekly_sales, weekly_sales]",
            "Link 'k' -> 'monthly' holds 'weekly_sales' constant twice.",
            "keep one",
        ),
        (
            "1 week",
            "control: [by_quarter]",
            (
                "Link 'k' -> 'monthly' is tested by week, but 'by_quarter', which it holds constant, is published by "
                "quarter."
            ),
            "add week to project.publish.grains, or take another KPI",
        ),
        (
            "1 month",
            "by: [contry]",
            (
                "Link 'k' -> 'monthly' is tested by 'contry', which the metric 'orders' of 'k' cannot be broken down by: "
                "model 'order_lines' has no such dimension."
            ),
            "did you mean 'country'?",
        ),
        ("1 month", "by: [country, country]", "Link 'k' -> 'monthly' is tested by 'country' twice.", "keep one"),
    ],
)
def test_refused(problems, base, lag, keys, message, hint):
    written = LINK.format(lag, keys)
    if "by_quarter" in keys:
        base = base.replace("currency: GBP}", "currency: GBP, publish: {grains: [month]}}")
        written = written.replace(
            "name: monthly, metric: net_sales, direction: up, grain: month",
            "name: monthly, metric: net_sales, direction: up, grain: week",
        )
        written = written.replace("name: quarterly", "name: by_quarter")
    found = problems(files={"base.yaml": base, "it.yaml": written})

    assert found[0].message == message
    assert found[0].hint == hint
    assert (found[0].place.file, found[0].place.line) == ("definitions/it.yaml", 5)


def test_metric_without_values_at_the_grain_of_the_test(problems):
    (problem,) = problems(
        "metrics: [{name: m, type: derived, expr: a / b, input_metrics: "
        "[{name: orders, alias: a}, {name: orders, alias: b, offset_window: 1 week}]}]\n"
        "kpis: [{name: weekly, metric: m, direction: up, grain: week}, "
        "{name: monthly, metric: orders, direction: up, grain: month}]\n"
        "links: [{from: weekly, to: monthly, lag: 1 month, because: x}]"
    )

    assert problem.message == (
        "Link 'weekly' -> 'monthly' is tested by month, but metric 'm' of 'weekly' looks back 1 week, which is no whole "
        "number of months."
    )
    assert problem.hint == "name another `grain`, write the lag in weeks, or link a KPI by month"
