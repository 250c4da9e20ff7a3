"""Tables in Markdown, and words that stand in it as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Rows as a Markdown table, each in a line of its own whatever its cells hold.

    >>> print(markdown_table(["a", "b"], [["1", "x|y"]]))
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    """
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(markdown_cell, line))} |" for line in lines)


def markdown_cell(text: str) -> str:
    r"""A text that neither ends its cell nor its line.

    >>> print(markdown_cell("a|b"), markdown_cell(plain("a|b")))
    a\|b a\|b
    """
    return re.sub(r"(?<!\\)((?:\\\\)*)\|", r"\1\\|", text).replace("\n", " ")


def plain(text: str) -> str:
    r"""Words of a definition or of data as Markdown shows them word for word, in one line.

    >>> print(plain("a|b <script> *c*\nd"))
    a\|b \<script\> \*c\* d
    """
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))
