"""The grades that key results were given when their objective was over: kept, whatever becomes of the data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple

from kpi_pipeline.goals import FrozenGrade
from kpi_pipeline.names import TableRef
from kpi_pipeline.store.warehouse import Warehouse, quoted

_GRADE = quoted(TableRef("state", "frozen_grade"))


def frozen_grades(warehouse: Warehouse) -> tuple[FrozenGrade, ...]:
    """All grades that were ever frozen, the newest first."""
    found = warehouse.fetch(
        "SELECT goal, kpi, objective_end, period_label, value, baseline, target, grade, frozen_at "
        f"FROM {_GRADE} ORDER BY frozen_at DESC, rowid DESC"
    )
    return tuple(FrozenGrade(*row) for row in found.rows())


def freeze(warehouse: Warehouse, grades: Iterable[FrozenGrade]) -> None:
    """Keeps some more grades; with the tables that show them, or not at all."""
    for grade in grades:
        warehouse.run(f"INSERT INTO {_GRADE} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(grade))
