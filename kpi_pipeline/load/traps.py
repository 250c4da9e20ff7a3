"""The traps of YAML that people who write SQL and prose fall into, each with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ruamel.yaml.error import MarkedYAMLError

from kpi_pipeline.errors import Place, Problem


@dataclass(frozen=True)
class Cut:
    """A value that lost its end, and the way to keep it."""

    message: str
    hint: str


def cut_by_comment(key: str, value: str, rest_of_line: str, *, is_sql: bool) -> Cut | None:
    """Whether ` #` cut an unquoted value short: SQL left with an open quote or bracket, prose that went on with #1.

    >>> cut_by_comment("filter", "code = 'a", " #1'", is_sql=True).message
    "' #' ends the value of 'filter' at: code = 'a"
    >>> cut_by_comment("grain", "day", "  # finest", is_sql=False)
    """
    if not re.match(r"\s+#", rest_of_line):
        return None
    unbalanced = value.count("(") > value.count(")") or value.count("[") > value.count("]")
    open_quote = is_sql and (value.count("'") % 2 == 1 or value.count('"') % 2 == 1)
    numbered = re.match(r"\s+#\d", rest_of_line)
    if not (unbalanced or open_quote or numbered):
        return None
    return Cut(
        f"' #' ends the value of '{key}' at: {value}",
        "' #' begins a comment in YAML: quote the whole value (or write # and a blank before a real comment)",
    )


def unreadable(problem: MarkedYAMLError, text: str, file: str) -> Problem:
    """What the YAML reader could not understand, at its place, with what usually causes it."""
    mark = problem.problem_mark or problem.context_mark
    opened = problem.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    what = str(problem.problem or problem.context or "not understood")
    lines = text.splitlines()
    written = lines[line] if line < len(lines) else ""
    never_closed = "stream end" in what or "end of stream" in what
    swallowed = _quote_over_lines(text, mark.index) if mark else None
    if never_closed and opened:
        line, column = opened.line, opened.column
        what = "a quote or bracket that is opened here is never closed"
    elif swallowed:
        line, column = swallowed
        what = "a quote that is opened here is never closed in its line"
    elif "single document" in str(problem.context):
        what = "a second document begins here"
    elif "an alias" in str(problem.context):
        what = "a * begins an alias"
    return Problem(
        f"This file is not readable as YAML: {what}.",
        Place(file, line + 1, column + 1),
        _way_out(what, str(problem.context), written, column),
    )


def _quote_over_lines(text: str, stumble: int) -> tuple[int, int] | None:
    """Where the text in quotes begins that ends right before the stumble but did not begin in its line, if one does.

    >>> _quote_over_lines('{path: "a.csv}\\nformat: "%d"', 24)
    (0, 7)
    """
    before = text[:stumble].rstrip(" ")
    if not before.endswith(('"', "'")):
        return None
    opening = before.rfind(before[-1], 0, -1)
    is_value = re.search(r"[:\-,\[{]\s*$", before[:opening]) if opening >= 0 else None
    if not is_value or "\n" not in before[opening:]:
        return None
    line = before.count("\n", 0, opening)
    return line, opening - (before.rfind("\n", 0, opening) + 1)


def _way_out(what: str, context: str, line: str, column: int) -> str:
    seen = Seen(what, "flow" in context, "block scalar" in context, line, column)
    return next(hint for is_cause, hint in CAUSES if is_cause(seen))


@dataclass(frozen=True)
class Seen:
    """What the YAML reader stumbled over: its words, whether within braces or a block of text, the line, the column."""

    what: str
    in_braces: bool
    in_block: bool
    line: str
    column: int

    def has(self, pattern: str) -> bool:
        """Whether the line looks like that."""
        return re.search(pattern, self.line) is not None


CAUSES: tuple[tuple[Callable[[Seen], bool], str], ...] = (
    (lambda seen: "never closed" in seen.what, "close it, or quote the whole value"),
    (lambda seen: "second document" in seen.what, "one document a file: take the line --- away"),
    (lambda seen: "\t" in seen.line[: seen.column + 1], "indent with blanks, never with tabs"),
    (
        lambda seen: seen.has(r":\s+!"),
        "a value that begins with ! is a tag to YAML: write 'filter: not x', or quote the value",
    ),
    (
        lambda seen: seen.in_braces and seen.has(r":\s+\$\{"),
        'inside braces, quote what comes from the environment: url: "${URL}"',
    ),
    (lambda seen: "alias" in seen.what, "a value that begins with * is an alias to YAML: quote it"),
    (
        lambda seen: seen.has(r"""(:|-)\s+("[^"]*"|'[^']*')\s*[^\s,}\]#:]"""),
        "a value that begins with a quote ends at the next one: quote the whole, or write it below 'expr: |'",
    ),
    (
        lambda seen: seen.in_braces,
        "inside braces and brackets, quote a value that has any of , : [ ] { } or quotes in it",
    ),
    (lambda seen: seen.in_block, "a value that begins with > or | is a block of text to YAML: quote it"),
    (lambda seen: "cannot start any token" in seen.what, "quote the value: this character has a meaning in YAML"),
    (
        lambda seen: seen.what.startswith("mapping values") and seen.has(r":\s.*:(\s|$)"),
        "quote a value that has a colon followed by a blank in it",
    ),
    (
        lambda seen: seen.what.startswith("mapping values"),
        "the line is indented further than the key above it, which already has a value",
    ),
    (lambda seen: "not allowed here" in seen.what, "quote a value that begins with - or ?"),
    (
        lambda seen: "could not find expected ':'" in seen.what,
        "a line here has no colon after its key, or a text goes on without being indented",
    ),
    (
        lambda _: True,
        "compare its indentation with the lines above; members of one list or mapping begin in the same column",
    ),
)
"""What usually is behind a stumble, the surest sign first, and what to write instead."""
