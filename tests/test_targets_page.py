"""The numbers on the page about targets are those of the program."""

from __future__ import annotations

import pytest

from tests.judge.samples import judged, kpi
from tests.pages import MISSING, page, table

_, ROWS = table(page("targets-and-status"), "attainment")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:2]))
def test_attainment_and_status(row: list[str]) -> None:
    kind, *numbers = row[0].replace(" to ", " ").split()
    given = {"value": numbers[0]} if len(numbers) == 1 else {"low": numbers[0], "high": numbers[1]}
    held = kpi(target={"type": kind, "values": [{"from": "2024", **given}]}, direction="hold")
    found = judged([held], {1: None if row[1] == MISSING else float(row[1])}).row(0, named=True)
    shown = MISSING if found["attainment"] is None else f"{found['attainment']:.6g}"
    assert (shown, found["status"]) == (row[2], row[3])
