"""What the documents say can be done: links lead somewhere, commands exist, definitions load."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from kpi_pipeline.cli.app import app
from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.load import load
from kpi_pipeline.load.kinds import BY_KEY

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]
PART_OF_A_PROJECT = ("which is not defined", "which is neither a source", "knows no table", "says which cluster")
"""What may be wrong with an excerpt: it speaks of things that are written elsewhere."""
SCHEMES = {"POSTGRES": "postgresql", "SPARK": "sc"}
"""What addresses begin with, by what the name of their variable holds."""

page = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def anchors(text: str) -> set[str]:
    """The names by which headings are linked to."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@page
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            lost.append(link)

    assert lost == []


def test_every_page_is_in_the_table_of_contents() -> None:
    contents = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {str(one.relative_to(ROOT / "docs")) for one in PAGES if one.is_relative_to(ROOT / "docs")}
    assert sorted(pages - {"README.md"} - set(re.findall(r"\]\(([^)#]+)", contents))) == []


def commands(text: str) -> list[str]:
    """Every `kpi ...` in a line of a shell block or between backticks; what is optional is taken as given."""
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL) for line in block.splitlines()]
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    found = []
    for line in [*lines, *inline]:
        if match := re.match(r"(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\S+/bin/)?kpi (.+)", line.strip()):
            said = re.sub(r"\s#.*|[\[\]]", "", match[1])
            found.append(said)
    return found


@page
def test_commands_exist_with_these_options(page: Path) -> None:
    command = typer.main.get_command(app)
    for said in commands(page.read_text(encoding="utf-8")):
        name, *arguments = shlex.split(said)
        if name.startswith("-") or name in ("...", "COMMAND"):
            continue
        assert name in command.commands, said
        if arguments and "--help" not in arguments:
            command.commands[name].make_context(name, arguments)


def blocks(text: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)


@page
def test_definitions_load(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, block in enumerate(blocks(page.read_text(encoding="utf-8"))):
        keys = set(re.findall(r"^(\w+):", block, flags=re.MULTILINE))
        if not keys or not keys <= BY_KEY.keys():
            continue
        folder = tmp_path / str(number) / "definitions"
        folder.mkdir(parents=True)
        (folder / "block.yaml").write_text(block, encoding="utf-8")
        for variable in re.findall(r"\$\{(\w+)\}", block):
            scheme = next((scheme for part, scheme in SCHEMES.items() if part in variable), "https")
            monkeypatch.setenv(variable, f"{scheme}://something.example")
        if {"project", "sources", "models", "metrics"} <= keys:
            load(folder)
            continue
        if "project" not in keys:
            (folder / "project.yaml").write_text("project: {name: excerpt}\n", encoding="utf-8")
        try:
            load(folder)
        except DefinitionError as problem:
            wrong = [one for one in problem.problems if not any(said in one.message for said in PART_OF_A_PROJECT)]
            assert wrong == []


def test_the_pages_hold_commands_and_definitions_at_all() -> None:
    """Else the tests above would pass on nothing."""
    texts = [path.read_text(encoding="utf-8") for path in PAGES]

    assert sum(len(commands(text)) for text in texts) > 10
    assert sum(len(blocks(text)) for text in texts) >= 2
