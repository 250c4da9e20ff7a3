"""The page about the definition files says what the code says."""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.load.kinds import KINDS
from kpi_pipeline.load.reference import reference_markdown
from kpi_pipeline.load.schema import json_schema

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "definitions.md"


def test_the_page_is_the_one_the_code_makes():
    written = PAGE.read_text(encoding="utf-8")

    assert written == reference_markdown(), "run: python -m kpi_pipeline.load.reference > docs/reference/definitions.md"


def test_every_top_level_key_has_its_section():
    page = reference_markdown()

    assert [kind.key for kind in KINDS if f"\n## {kind.key}\n" not in page] == []


def test_every_key_is_on_the_page_and_says_what_it_means():
    page = reference_markdown()
    schema = json_schema()
    things = {"DefinitionFile": schema, **schema["$defs"]}
    keys = [
        (thing, key, about)
        for thing, written in things.items()
        for alternative in (written, *written.get("anyOf", ()))
        for key, about in alternative.get("properties", {}).items()
    ]

    assert len(keys) > 150
    assert [f"{thing}.{key}" for thing, key, about in keys if not about.get("description")] == []
    assert [f"{thing}.{key}" for thing, key, _ in keys if f"`{key}`" not in page and f"## {key}" not in page] == []


def test_links_on_the_page_lead_to_its_sections():
    page = reference_markdown()
    sections = {line.lstrip("# ").replace(" ", "-") for line in page.splitlines() if line.startswith("##")}
    wanted = {part.split(")")[0] for part in page.split("](#")[1:]}

    assert wanted - sections == set()
