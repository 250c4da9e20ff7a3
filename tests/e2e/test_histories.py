"""Random histories of deliveries and definitions publish what a run from the start publishes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reliability.histories import tried

HISTORIES = int(os.environ.get("KPI_HISTORIES", "4"))


@pytest.mark.parametrize("number", [1, 2])
def test_incremental_equals_from_the_start(tmp_path: Path, number: int) -> None:
    counted = tried(HISTORIES, number, steps=3, folder=tmp_path, shrink=False)
    assert counted["histories"] >= HISTORIES
    assert counted["comparisons over the same rows"]
    assert counted["comparisons from the sources"]
