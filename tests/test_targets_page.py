"""The numbers on the page about targets are those of the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.judge.samples import judged, kpi

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "targets-and-status.md"
MISSING = "–"


def _rows() -> list[list[str]]:
    _, _, below = PAGE.read_text(encoding="utf-8").partition("<!-- attainment -->\n")
    _, _, *lines = below.split("\n\n")[0].strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("row", _rows(), ids=lambda row: " ".join(row[:2]))
def test_attainment_and_status(row: list[str]) -> None:
    kind, *numbers = row[0].replace(" to ", " ").split()
    given = {"value": numbers[0]} if len(numbers) == 1 else {"low": numbers[0], "high": numbers[1]}
    held = kpi(target={"type": kind, "values": [{"from": "2024", **given}]}, direction="hold")
    found = judged([held], {1: None if row[1] == MISSING else float(row[1])}).row(0, named=True)
    shown = MISSING if found["attainment"] is None else f"{found['attainment']:.6g}"
    assert (shown, found["status"]) == (row[2], row[3])
