"""A check of keys finds the source it points to, whatever the names of the two and the order they stand in."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline import load_project
from kpi_pipeline.api import LoadedProject

DEFINITIONS = """
project: {{name: shop, as_of: data}}
sources:
  - name: {lines}
    connector: {{type: file, path: data/lines.csv}}
    checks: [{{type: relationships, column: product, to: {products}}}]
  - name: {products}
    connector: {{type: file, path: data/products.csv}}
models:
  - {{name: sales, sql: "SELECT day FROM raw.{lines}", agg_time_dimension: day}}
metrics:
  - {{name: sold, type: simple, model: sales, agg: count}}
"""


@pytest.mark.parametrize(("lines", "products"), [("a", "z"), ("z", "a")])
def test_first_run_finds_the_keys(tmp_path: Path, lines: str, products: str) -> None:
    report = shop(tmp_path, lines, products).run()
    assert [(check.asset, check.passed) for check in report.checks] == [(f"raw/{lines}", True)]
    assert report.status == "published"


def test_keys_are_looked_for_again_where_they_are_no_more(tmp_path: Path) -> None:
    made = shop(tmp_path, "lines", "products")
    assert made.run().status == "published"
    (tmp_path / "data" / "products.csv").write_text("product,price\nnut,1\n", encoding="utf-8")
    report = made.run()
    assert [(check.asset, check.passed, check.failing_rows) for check in report.checks] == [("raw/lines", False, 1)]
    assert report.status == "blocked"


def shop(tmp_path: Path, lines: str, products: str) -> LoadedProject:
    """Two lines of two products, nothing run yet."""
    (tmp_path / "definitions").mkdir()
    (tmp_path / "data").mkdir()
    definitions = DEFINITIONS.format(lines=lines, products=products)
    (tmp_path / "definitions" / "shop.yaml").write_text(definitions, encoding="utf-8")
    (tmp_path / "data" / "lines.csv").write_text("day,product\n2024-01-01,nut\n2024-01-02,bolt\n", encoding="utf-8")
    (tmp_path / "data" / "products.csv").write_text("product,price\nnut,1\nbolt,2\n", encoding="utf-8")
    return load_project(tmp_path / "definitions")
