"""What is known of columns before the first run: names from the files, types from the contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kpi_pipeline.api import LoadedProject
from kpi_pipeline.errors import DefinitionError

DEFINITIONS = """
project: {{name: desk}}
sources:
  - name: calls
    connector: {{type: file, path: calls.csv}}
    columns: {{{}}}
models:
  - {{name: calls, table: raw.calls, agg_time_dimension: day}}
metrics: [{{name: minutes, type: simple, model: calls, agg: sum, expr: {}}}]
"""
TYPED = "day: {type: date}, team: {type: text}, Minutes: {type: decimal}"


@pytest.fixture
def desk(tmp_path: Path) -> Callable[[str, str], LoadedProject]:
    def loaded(columns: str, expr: str) -> LoadedProject:
        (tmp_path / "calls.csv").write_text("day,team,minutes\n2024-01-01,red,1.5\n", encoding="utf-8")
        folder = tmp_path / "definitions"
        folder.mkdir()
        (folder / "all.yaml").write_text(DEFINITIONS.format(columns, expr), encoding="utf-8")
        return LoadedProject.load(folder)

    return loaded


def test_a_contract_says_the_types_before_anything_is_loaded(desk: Callable[[str, str], LoadedProject]) -> None:
    with pytest.raises(DefinitionError) as refused:
        desk(TYPED, "team").check_columns()

    (problem,) = refused.value.problems
    assert problem.message == "Metric 'minutes': 'expr' is VARCHAR, so there is no sum of it."
    assert str(problem.place).startswith("definitions/all.yaml:9:")


@pytest.mark.parametrize(("columns", "expr"), [(TYPED, "minutes"), ("day: {type: date}", "team")])
def test_what_fits_or_is_not_known(desk: Callable[[str, str], LoadedProject], columns: str, expr: str) -> None:
    assert desk(columns, expr).check_columns() == ()
