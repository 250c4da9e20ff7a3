"""The numbers on the page about semantics are those of the program, run on the page's own project."""

from __future__ import annotations

import re

import polars as pl
import pytest

from kpi_pipeline import load_project
from kpi_pipeline.api import LoadedProject
from kpi_pipeline.errors import QueryError
from kpi_pipeline.pipeline.report import RunReport
from tests.pages import MISSING, page, table

pytestmark = pytest.mark.xdist_group("semantics page")

PAGE = page("semantics")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[LoadedProject, RunReport]:
    folder = tmp_path_factory.mktemp("shop")
    for name, kind, target in (("project", "yaml", "definitions/project.yaml"), ("sold_at", "csv", "data/lines.csv")):
        path = folder / target
        path.parent.mkdir()
        path.write_text(next(text for text in blocks(kind) if text.startswith(name)), encoding="utf-8")
    project = load_project(folder / "definitions")
    return project, project.run()


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, flags=re.DOTALL)


def shown(value: float | None) -> str:
    return MISSING if value is None else f"{round(value, 4):.10g}"


@pytest.mark.parametrize("grain", ["week", "month"])
def test_published_values(shop: tuple[LoadedProject, RunReport], grain: str) -> None:
    heads, rows = table(PAGE, f"metric_value, {grain}")
    values = shop[1].metric_values.filter(pl.col("grain") == grain)
    found = {(label, metric): value for label, metric, value in values.select("period_label", "metric", "value").rows()}

    assert rows == [[row[0], *(shown(found[row[0], metric]) for metric in heads[1:])] for row in rows]
    assert len({label for label, _ in found}) == len(rows)


def test_periods_in_progress(shop: tuple[LoadedProject, RunReport]) -> None:
    incomplete = shop[1].metric_values.filter(~pl.col("is_complete")).get_column("period_label").unique()

    assert sorted(incomplete) == ["2024-02", "2024-W06"]


@pytest.mark.parametrize("grain", ["week", "month"])
def test_queried_values(shop: tuple[LoadedProject, RunReport], grain: str) -> None:
    heads, rows = table(PAGE, f"query, {grain}")
    frame = shop[0].query(heads[1:], grain=grain)
    label = "%G-W%V" if grain == "week" else "%Y-%m"

    assert rows == [[day.strftime(label), *map(shown, values)] for day, *values in frame.rows()]


def test_segments(shop: tuple[LoadedProject, RunReport]) -> None:
    heads, rows = table(PAGE, "query, country")
    frame = shop[0].query(heads[1:], by=["country"])

    assert rows == [[country or "(none)", *map(shown, values)] for country, *values in frame.rows()]


def test_both_months_together(shop: tuple[LoadedProject, RunReport]) -> None:
    assert shop[0].query(["customers"]).item() == 3


def test_a_month_is_no_whole_number_of_quarters(shop: tuple[LoadedProject, RunReport]) -> None:
    with pytest.raises(QueryError, match="no whole number of quarters"):
        shop[0].query(["month_before"], grain="quarter")
