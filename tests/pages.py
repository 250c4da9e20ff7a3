"""The tables of the documentation, to be held against the program."""

from __future__ import annotations

from pathlib import Path

EXPLANATION = Path(__file__).parents[1] / "docs" / "explanation"
MISSING = "–"


def page(name: str) -> str:
    """The text of a page of explanation."""
    return (EXPLANATION / f"{name}.md").read_text(encoding="utf-8")


def table(text: str, about: str) -> tuple[list[str], list[list[str]]]:
    """The heads and rows of the table below the comment that says what it is about."""
    _, _, below = text.partition(f"<!-- {about} -->\n")
    lines = below.split("\n\n")[0].strip().splitlines()
    heads, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return heads, rows
