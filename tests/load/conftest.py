"""A small sound project, to which a test adds what it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from kpi_pipeline.errors import DefinitionError, Problem
from kpi_pipeline.load import load
from kpi_pipeline.project import Project

BASE = """
project: {name: shop, timezone: Europe/London, currency: GBP}
sources:
  - {name: invoice_lines, connector: {type: file, path: data/lines/*.csv}}
  - {name: targets, connector: {type: file, path: data/targets.csv}}
models:
  - name: order_lines
    sql: SELECT invoice, sold_at, quantity, price, country FROM raw.invoice_lines
    agg_time_dimension: sold_at
    dimensions: [country, {name: sold_at, type: time}]
metrics:
  - {name: net_sales, type: simple, model: order_lines, agg: sum, expr: quantity * price}
  - {name: orders, type: simple, model: order_lines, agg: count_distinct, expr: invoice}
teams: [{name: sales}]
people: [{name: ann, team: sales}]
goals: [{name: grow, statement: Sell more to the same customers, team: sales, owner: ann, agreed_by: [sales]}]
kpis:
  - name: weekly_sales
    metric: net_sales
    goal: grow
    team: sales
    owner: ann
    direction: up
    grain: week
    breakdowns: [[], [country]]
    target: {type: at_least, values: [{from: 2010-01, value: 600}]}
    review: {every: month, last: 2010-11-30}
    scorecards: [sales]
  - name: weekly_orders
    metric: orders
    goal: grow
    team: sales
    owner: ann
    direction: up
    grain: week
    target: {type: at_least, table: targets}
    review: {every: month, last: 2010-11-30}
    scorecards: [sales]
links:
  - {from: weekly_orders, to: weekly_sales, lag: 4 weeks, because: an order is delivered and paid within a month}
"""

Files = Mapping[str, str]


@pytest.fixture
def base() -> str:
    """The text of the small sound project."""
    return BASE


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Files], Path]:
    """Writes definition files below `definitions` and gives that folder."""

    def written(files: Files) -> Path:
        folder = tmp_path / "definitions"
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return folder

    return written


@pytest.fixture
def project(write: Callable[[Files], Path]) -> Callable[..., Project]:
    """Loads the base and one more file (`it.yaml`), or exactly the files given by name."""

    def loaded(text: str = "", *, files: Files | None = None, variables: Files | None = None) -> Project:
        folder = write(files if files is not None else {"base.yaml": BASE, "it.yaml": text})
        return load(folder, variables=variables or {})

    return loaded


@pytest.fixture
def problems(project: Callable[..., Project]) -> Callable[..., tuple[Problem, ...]]:
    """The problems of the base and one more file, which must have some."""

    def found(text: str = "", *, files: Files | None = None, variables: Files | None = None) -> tuple[Problem, ...]:
        with pytest.raises(DefinitionError) as raised:
            project(text, files=files, variables=variables)
        return raised.value.problems

    return found
