"""The traps of YAML that people who write SQL and prose fall into, each with what to write instead."""

from __future__ import annotations

import re
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
    if never_closed and opened:
        line, column = opened.line, opened.column
        what = "a quote or bracket that is opened here is never closed"
    elif "single document" in str(problem.context):
        what = "a second document begins here"
    elif "an alias" in str(problem.context):
        what = "a * begins an alias"
    return Problem(
        f"This file is not readable as YAML: {what}.",
        Place(file, line + 1, column + 1),
        _way_out(what, str(problem.context), written, column),
    )


def _way_out(what: str, context: str, line: str, column: int) -> str:
    in_flow = "flow" in context
    if "never closed" in what:
        return "close it, or quote the whole value"
    if "second document" in what:
        return "one document a file: take the line --- away"
    if "\\t" in what or line[:column].strip() == "" and "\t" in line[: column + 1]:
        return "indent with blanks, never with tabs"
    if re.search(r":\s+!", line):
        return "a value that begins with ! is a tag to YAML: write 'filter: not x', or quote the value"
    if in_flow and re.search(r":\s+\$\{", line):
        return 'inside braces, quote what comes from the environment: url: "${URL}"'
    if "alias" in what:
        return "a value that begins with * is an alias to YAML: quote it"
    if re.search(r"""(:|-)\s+("[^"]*"|'[^']*')\s*[^\s,}\]#:]""", line):
        return "a value that begins with a quote ends at the next one: quote the whole, or write it below 'expr: |'"
    if in_flow:
        return "inside braces and brackets, quote a value that has any of , : [ ] { } or quotes in it"
    if "block scalar" in context:
        return "a value that begins with > or | is a block of text to YAML: quote it"
    if "cannot start any token" in what:
        return "quote the value: this character has a meaning in YAML"
    if what.startswith("mapping values"):
        if re.search(r":\s.*:(\s|$)", line):
            return "quote a value that has a colon followed by a blank in it"
        return "the line is indented further than the key above it, which already has a value"
    if "not allowed here" in what:
        return "quote a value that begins with - or ?"
    if "could not find expected ':'" in what:
        return "a line here has no colon after its key, or a text goes on without being indented"
    return "compare its indentation with the lines above; members of one list or mapping begin in the same column"
