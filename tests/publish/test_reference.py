"""The page about the tables says what the code says."""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.publish.contract import TABLES
from kpi_pipeline.publish.reference import reference_markdown

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "tables.md"


def test_the_page_is_the_one_the_code_makes() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == reference_markdown(), "run: python -m kpi_pipeline.publish.reference > docs/reference/tables.md"


def test_every_table_has_its_section() -> None:
    assert all(f"\n### {table.name}\n" in reference_markdown() for table in TABLES)
