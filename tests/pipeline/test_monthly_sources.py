"""A source whose rows name a month is complete to the month's end, and is read there."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline import load_project

DEFINITIONS = """
project: {name: shop, as_of: data}
sources:
  - name: posts
    connector: {type: file, path: data/posts.csv}
    load: {mode: full, cursor: begins_on}
    complete_through: {grain: month}
models:
  - {name: posts, sql: "SELECT begins_on, over_on, person FROM raw.posts", agg_time_dimension: begins_on}
metrics:
  - {name: hires, type: simple, model: posts, agg: count}
  - {name: hires_14d, type: cumulative, input_metric: hires, window: 14 days}
  - {name: heads, type: simple, model: posts, agg: count, active: {from: begins_on, to: over_on, at: average}}
"""
ROWS = "begins_on,over_on,person\n2024-01-01,2024-02-16,ann\n2024-02-01,,bob\n"


@pytest.fixture
def answers(tmp_path: Path) -> dict[str, list[float | None]]:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "definitions" / "shop.yaml").write_text(DEFINITIONS, encoding="utf-8")
    (tmp_path / "data" / "posts.csv").write_text(ROWS, encoding="utf-8")
    project = load_project(tmp_path / "definitions")
    project.run()
    frame = project.query(["hires", "hires_14d", "heads"], grain="month")
    return {name: frame.get_column(name).to_list() for name in ("hires", "hires_14d", "heads")}


def test_average_is_that_of_all_days_of_the_month(answers: dict[str, list[float | None]]) -> None:
    assert answers["heads"] == pytest.approx([1, (29 + 15) / 29])


def test_window_ends_with_the_month(answers: dict[str, list[float | None]]) -> None:
    assert answers["hires"] == [1, 1]
    assert answers["hires_14d"] == [None, None]
