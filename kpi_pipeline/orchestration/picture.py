"""A drawing small enough to travel inside a run's metadata."""

from __future__ import annotations

import base64
from collections.abc import Sequence


def picture(svg: str, words: str) -> str:
    """A drawing as a Markdown image that needs no file beside it; `words` say what it shows."""
    data = base64.b64encode(svg.encode()).decode()
    return f"![{_cell(words)}](data:image/svg+xml;base64,{data})"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Rows as a Markdown table.

    >>> print(markdown_table(["a", "b"], [["1", "x|y"]]))
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    """
    lines = [list(header), ["---"] * len(header), *([_cell(one) for one in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
