"""A KPI is not broken down by personal values, because everybody reads what is published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from kpi_pipeline.api import LoadedProject
from kpi_pipeline.errors import DefinitionError

DEFINITIONS = """
project: {{name: desk}}
sources:
  - {{name: calls, connector: {{type: file, path: calls.csv}}, personal: [caller]}}
  - {{name: callers, connector: {{type: file, path: callers.csv}}, personal: [phone]}}
models:
  - name: calls
    sql: SELECT day, caller, upper(caller) AS who, team FROM raw.calls
    agg_time_dimension: day
    entities: [{{name: caller, type: foreign}}, {{name: team, type: foreign}}]
    dimensions: [who, team, {{name: is_known, expr: caller IS NOT NULL}}, {{name: initial, expr: "left(who, 1)"}}]
  - name: callers
    table: raw.callers
    entities: [{{name: caller, type: primary}}]
    dimensions: [phone, country]
metrics: [{{name: calls, type: simple, model: calls, agg: count}}]
kpis: [{{name: k, metric: calls, direction: up, grain: week, breakdowns: [[], [{}]]}}]
"""


@pytest.fixture
def desk(tmp_path: Path) -> Callable[[str], LoadedProject]:
    def loaded(dimension: str) -> LoadedProject:
        folder = tmp_path / "definitions"
        folder.mkdir()
        (folder / "all.yaml").write_text(dedent(DEFINITIONS.format(dimension)), encoding="utf-8")
        return LoadedProject.load(folder)

    return loaded


@pytest.mark.parametrize(
    ("dimension", "model"),
    [("who", "calls"), ("caller", "calls"), ("initial", "calls"), ("caller__phone", "callers")],
)
def test_personal(desk: Callable[[str], LoadedProject], dimension: str, model: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        desk(dimension).check_columns()

    (problem,) = refused.value.problems
    assert problem.message == (
        f"KPI 'k' is broken down by '{dimension}', which holds personal values of model '{model}'; they would be "
        "published."
    )
    assert str(problem.place) == "definitions/all.yaml:17:79"


@pytest.mark.parametrize("dimension", ["team", "is_known", "caller__country", "day__month"])
def test_what_many_share(desk: Callable[[str], LoadedProject], dimension: str) -> None:
    assert desk(dimension).check_columns() == ("calls", "callers")


def test_link_tested_by_personal_values(tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "all.yaml").write_text(dedent(DEFINITIONS.format("team")), encoding="utf-8")
    link = "{from: k, to: other, lag: 1 week, by: [team, who], because: callers call again}"
    other = "kpis: [{name: other, metric: calls, direction: up, grain: week}]"
    (folder / "link.yaml").write_text(f"{other}\nlinks: [{link}]", encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        LoadedProject.load(folder).run()
    assert (
        "Link 'k' -> 'other' is tested by 'who', which holds personal values of model 'calls'; they would be published."
        in str(refused.value)
    )
    assert "definitions/link.yaml:2:" in str(refused.value)
