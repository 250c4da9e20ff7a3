"""Each rule's example of bad is flagged by exactly this rule, and its example of good by none; the page says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from kpi_pipeline.load import RULES, findings
from kpi_pipeline.load.rules.base import Example, Rule
from kpi_pipeline.load.rules_page import rules_markdown
from tests.lint_corpus.sets import completed, known, written

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"
COMMON = """
project: {name: shop, timezone: Europe/London, currency: GBP}
sources: [{name: invoice_lines, connector: {type: file, path: data/lines.csv}}]
models: [{name: order_lines, table: raw.invoice_lines, agg_time_dimension: sold_at, dimensions: [country]}]
metrics:
  - {name: net_sales, type: simple, model: order_lines, agg: sum, expr: quantity * price}
  - {name: orders, type: simple, model: order_lines, agg: count_distinct, expr: invoice}
teams: [{name: sales}]
people:
  - {name: ann, team: sales, manager: carl}
  - {name: carl, team: sales}
goals: [{name: grow, statement: Two orders more a day, team: sales, owner: ann, agreed_by: [sales]}]
"""
SOUND = """
goals: {statement: Two orders more a day, team: sales, owner: ann, agreed_by: [sales]}
kpis:
  metric: orders
  goal: grow
  team: sales
  owner: ann
  direction: up
  grain: month
  target: {type: at_least, values: [{from: 2010-01, value: 600}]}
  review: {every: month, last: 2010-11-30}
  scorecards: [company]
"""


def read(text: str) -> dict[str, object]:
    return YAML(typ="safe", pure=True).load(text)


def codes(example: Example, folder: Path) -> set[str]:
    """What is said of an example; that the shop it stands in has metrics and goals to spare does not matter."""
    sound = read(SOUND)
    given = read(example.definitions)
    common = {**read(COMMON), "teams": [{"name": name} for name in sorted({"sales", "service"} - teams(given))]}
    project = written(folder, common=common, own=completed(given, sound))
    found = findings(project, known(project, example.values, example.verdicts, None))
    return {one.rule for one in found if one.rule != "U" or one.place.file.endswith("own.yaml")}


def teams(definitions: dict[str, object]) -> set[str]:
    return {one["name"] for one in definitions.get("teams", ())}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_bad_and_good(rule: Rule, tmp_path: Path):
    for name in ("bad", "good"):
        (tmp_path / name).mkdir()

    assert codes(rule.bad, tmp_path / "bad") == {rule.code}
    assert codes(rule.good, tmp_path / "good") == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_says_why(rule: Rule):
    assert rule.reason.endswith(".") and len(rule.reason.split()) > 12
    assert rule.bad != rule.good
    assert rule.title[0].islower() and not rule.title.endswith(".")


def test_the_page_is_the_one_the_rules_make():
    assert PAGE.read_text(encoding="utf-8") == rules_markdown(), (
        "run: python -m kpi_pipeline.load.rules_page > docs/reference/rules.md"
    )


def test_links_on_the_page_lead_to_its_sections():
    page = rules_markdown()
    sections = {
        "".join(letter for letter in line[3:].lower() if letter.isalnum() or letter in " -_").replace(" ", "-")
        for line in page.splitlines()
        if line.startswith("## ")
    }

    assert {part.split(")")[0] for part in page.split("](#")[1:]} == sections
