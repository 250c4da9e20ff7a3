"""A KPI is not compared with what is finer than its own periods."""

from __future__ import annotations

import pytest

from tests.load.conftest import BASE

METRIC = "metrics: [{{name: m, type: derived, expr: net_sales, input_metrics: [{{name: net_sales, {}}}]}}]"
KPI = "kpis: [{{name: k, metric: m, direction: up, grain: {}}}]"


@pytest.mark.parametrize(
    ("offset", "grain", "message", "hint"),
    [
        ("offset_to_grain: month", "quarter", "looks at a value at the start of the month", "quarter or a longer one"),
        ("offset_window: 1 month", "quarter", "looks back 1 month", "a whole number of quarters"),
        ("offset_window: 10 days", "week", "looks back 10 days", "a whole number of weeks"),
    ],
)
def test_offset_is_finer_than_the_kpi(problems, offset, grain, message, hint):
    (problem,) = problems(files={"base.yaml": BASE, "m.yaml": METRIC.format(offset), "k.yaml": KPI.format(grain)})

    assert message in problem.message
    assert hint in problem.hint
    assert str(problem.place).startswith("definitions/k.yaml:1:")


@pytest.mark.parametrize("grain", ["day", "week", "month"])
def test_offset_to_a_longer_grain(project, grain):
    text = {"base.yaml": BASE, "m.yaml": METRIC.format("offset_to_grain: month"), "k.yaml": KPI.format(grain)}

    assert project(files=text).metrics["m"]


def test_one_offset_at_a_time(problems):
    found = problems(METRIC.format("offset_to_grain: month, offset_window: 1 month"))

    assert any("'offset_window' and 'offset_to_grain' exclude each other" in one.message for one in found)
