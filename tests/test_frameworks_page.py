"""The grades on the page about frameworks are those of the program."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.judge.frameworks import graded
from tests.judge.frameworks.samples import FIRST_QUARTER, goal, judged
from tests.judge.samples import kpi
from tests.pages import MISSING, page, table

_, ROWS = table(page("frameworks"), "grades")


def _target(kind: str, *numbers: str) -> dict[str, Any]:
    if kind.endswith("crease_to"):
        start, end = numbers
        return {
            "type": kind, "baseline": {"at": "2023-12", "value": start}, "values": [{"by": "2024-03", "value": end}],
        }  # fmt: skip
    given = {"value": numbers[0]} if len(numbers) == 1 else {"low": numbers[0], "high": numbers[1]}
    return {"type": kind, "values": [{"from": "2023", **given}]}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:2]))
def test_grade(row: list[str]) -> None:
    held = kpi(goal="g", target=_target(*row[0].split()), direction="hold")
    value = None if row[1] == MISSING else float(row[1])
    one = judged([goal("g", framework="okr", period=FIRST_QUARTER)], [(held, {3: value})])
    (found,) = graded(one.project, one.values, one.given)
    assert (MISSING if found["grade"] is None else f"{found['grade']:.6g}") == row[2]
