"""Values are found by the place of their cell, in sheets that have every cell and in those that have a few."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from kpi_pipeline.derive.cells import CELL, Cells

ALL = Cells(np.arange(12), 3)
SOME = Cells(np.array([0, 2, 4, 9]), 3)


@pytest.mark.parametrize("cells", [ALL, SOME], ids=["every cell", "some cells"])
def test_values_are_laid_at_their_cells(cells: Cells) -> None:
    values = pl.DataFrame({CELL: [9, 2, 0], "value": [9.5, 2.5, 0.5]})
    laid = dict(zip(cells.numbers.tolist(), cells.laid(values).get_column("value").to_list(), strict=True))
    assert laid == {cell: cell + 0.5 if cell in (0, 2, 9) else None for cell in cells.numbers.tolist()}


def test_values_of_cells_that_a_sheet_does_not_have_are_left_out() -> None:
    values = pl.DataFrame({CELL: [3, 4, 90], "value": [1.0, 2.0, 3.0]})
    assert SOME.laid(values).get_column("value").to_list() == [None, None, 2.0, None]


def test_a_cell_looks_back_at_its_own_segment() -> None:
    back = np.array([3, 0, 1, 3])
    assert SOME.looked_at(back).tolist() == [9, 11, 1, 9]
    assert SOME.places(SOME.looked_at(back)).tolist() == [3, -1, -1, 3]


def test_a_sheet_without_cells_has_no_values() -> None:
    empty = Cells(np.zeros(0, np.int64), 1)
    assert empty.laid(pl.DataFrame({CELL: [0], "value": [1.0]})).height == 0
