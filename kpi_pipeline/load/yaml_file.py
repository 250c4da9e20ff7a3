"""One YAML file to a tree: YAML 1.2, values as the text that was written, and the traps of the format named."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from kpi_pipeline.errors import Place, Problem
from kpi_pipeline.load.traps import cut_by_comment, unreadable
from kpi_pipeline.load.tree import Fields, Items, Key, Scalar, Written

NULL = "tag:yaml.org,2002:null"
SQL_KEYS = frozenset({"expr", "filter", "sql"})
SPLIT = "YAML splits"
HALF = re.compile("[\ud800-\udfff]")
"""Half a character: UTF-16, and JSON with its escapes, writes some characters as two of these."""
STAND_IN = "true"
"""Read instead of SQL that was already said to be broken, so that it is said only once."""
MOST_VALUES = 100_000
"""So many values a file may stand for: anchors that hold anchors could stand for more than any memory holds."""


def read_yaml(text: str, file: str) -> tuple[Written | None, tuple[Problem, ...]]:
    """The tree of a file's text (None where it is empty or cannot be read) and what is wrong with it as YAML.

    >>> tree, problems = read_yaml("teams: [{name: sales}]", "definitions/teams.yaml")
    >>> str(tree.get("teams").members[0].get("name").place), problems
    ('definitions/teams.yaml:1:16', ())
    """
    try:
        return _tree(text, file)
    except RecursionError:
        return None, (Problem("This file is nested too deeply.", Place(file, 1), "is a bracket never closed?"),)
    except _TooMuch:
        hint = "write fewer aliases (*name); most projects need none"
        message = f"This file stands for more than {MOST_VALUES:,} values, through anchors that hold anchors."
        return None, (Problem(message, Place(file, 1), hint),)


class _TooMuch(Exception):
    """A file stands for more values than anybody writes."""


def _tree(text: str, file: str) -> tuple[Written | None, tuple[Problem, ...]]:
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as problem:
        return None, (unreadable(problem, text, file),)
    except YAMLError as problem:
        return None, (Problem(f"This file is not readable as YAML: {_first_line(problem)}.", Place(file, 1)),)
    if root is None:
        return None, ()
    reader = _Reader(text, file)
    tree = reader.read(root)
    return tree, tuple(reader.problems)


def _first_line(problem: YAMLError) -> str:
    return str(problem).strip().splitlines()[0]


@dataclass
class _Reader:
    """Turns the nodes of one file into our tree and collects what is wrong on the way."""

    text: str
    file: str
    problems: list[Problem] = field(default_factory=list)
    within: list[int] = field(default_factory=list)
    values: int = 0

    def read(self, node: Node, key: str = "") -> Written:
        self.values += 1
        if self.values > MOST_VALUES:
            raise _TooMuch
        if id(node) in self.within:
            self.problems.append(Problem("This anchor contains itself.", self.place(node)))
            return Scalar(None, self.place(node))
        self.within.append(id(node))
        try:
            if isinstance(node, MappingNode):
                return self._fields(node)
            if isinstance(node, SequenceNode):
                return self._items(node, key)
            assert isinstance(node, ScalarNode), "a node is a mapping, a list or a single value"
            return self._scalar(node, key)
        finally:
            self.within.pop()

    def place(self, node: Node) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _fields(self, node: MappingNode) -> Fields:
        self._refuse_tag(node, "")
        entries: list[tuple[Key, Written]] = []
        first: dict[str, Place] = {}
        for key_node, value_node in node.value:
            place = self.place(key_node)
            if not isinstance(key_node, ScalarNode):
                self.problems.append(
                    Problem(
                        "A key must be plain text.", place, "values that begin with [ or { are quoted; so are SQL lists"
                    )
                )
                continue
            key = self._whole(str(key_node.value), place)
            bare = bool(node.flow_style) and self._has_no_colon(key_node, value_node)
            if bare and (glued := re.match(r"([a-z_]+):(\S.*)", key)):
                message = f"'{key}' has no blank after its colon."
                self.problems.append(Problem(message, place, f"write '{glued[1]}: {glued[2]}'"))
                entries.append((Key(glued[1], place), Scalar(glued[2], place, written=glued[2])))
                continue
            if bare and entries:
                entries[-1] = self._rejoined(entries[-1], key)
                continue
            if key in first:
                self.problems.append(
                    Problem(
                        f"The key '{key}' is written twice.", place, f"it is first at {first[key]}; keep one of the two"
                    )
                )
                continue
            first[key] = place
            entries.append((Key(key, place), self.read(value_node, key)))
        return Fields(tuple(entries), self.place(node))

    def _has_no_colon(self, key: ScalarNode, value: Node) -> bool:
        """Whether a key in braces is none: mostly it is what followed a comma within the value before it."""
        empty = isinstance(value, ScalarNode) and value.tag == NULL and value.value == ""
        return empty and not self.text[key.end_mark.index :].lstrip().startswith(":")

    def _rejoined(self, entry: tuple[Key, Written], rest: str) -> tuple[Key, Written]:
        key, value = entry
        if not isinstance(value, Scalar) or value.text is None:
            return entry
        whole = f"{value.text}, {rest}"
        repaired = Scalar(whole, value.place, None, value.quoted, whole)
        self._say_split(key.text, whole, value.place)
        return key, repaired

    def _say_split(self, key: str, whole: str, place: Place) -> None:
        """Says once what a comma tore apart, however many commas there are."""
        shorter = [one for one in self.problems if one.place == place and one.message.startswith(SPLIT)]
        self.problems = [one for one in self.problems if one not in shorter]
        before = f"{key}: " if key else ""
        kind = "SQL" if key in SQL_KEYS else "text"
        hint = f"quote {kind} that has a comma: {before}{quoted(whole)}"
        if re.fullmatch(r"-?\d{1,3}(, \d{3})+(\.\d+)?", whole):
            hint = f"write a number without commas: {before}{whole.replace(', ', '')}"
        self.problems.append(Problem(f"{SPLIT} '{before}{whole}' at the comma.", place, hint))

    def _items(self, node: SequenceNode, key: str) -> Items:
        self._refuse_tag(node, key)
        members: list[Written] = []
        for one in node.value:
            member = self.read(one, key)
            before = members[-1] if members else None
            if node.flow_style and isinstance(before, Scalar) and isinstance(member, Scalar) and _opens(before):
                whole = f"{before.text}, {member.text}"
                self._say_split("", whole, before.place)
                members[-1] = Scalar(whole, before.place, None, False, whole)
                continue
            members.append(member)
        return Items(tuple(members), self.place(node))

    def _scalar(self, node: ScalarNode, key: str) -> Scalar:
        place = self.place(node)
        if self._refuse_tag(node, key):
            return Scalar(STAND_IN if key in SQL_KEYS else "", place)
        style = node.style or ""
        if not style and node.tag == NULL:
            return Scalar(None, place)
        value = self._whole(str(node.value), place)
        if style in ("|", ">"):
            value = value.rstrip("\n")
        if not style:
            rest = self.text[node.end_mark.index :].split("\n", 1)[0]
            if cut := cut_by_comment(key, value, rest, is_sql=key in SQL_KEYS):
                self.problems.append(Problem(cut.message, place, cut.hint))
                value = STAND_IN if key in SQL_KEYS else value
        return Scalar(value, place, self._text_place(node, style), style in ("'", '"'), value)

    def _whole(self, text: str, place: Place) -> str:
        """The text with halves of characters put together; one alone is no text that a file could hold."""
        half = HALF.search(text)
        if half is None:
            return text
        units = text.encode("utf-16", "surrogatepass")
        try:
            return units.decode("utf-16")
        except UnicodeDecodeError:
            message = f"'\\u{ord(half[0]):04x}' is half a character."
            self.problems.append(Problem(message, place, "write the character itself, or \\U and its eight digits"))
            return units.decode("utf-16", "replace")

    def _text_place(self, node: ScalarNode, style: str) -> Place | None:
        """Where the text begins, if its lines and columns are those of the file."""
        start, end = node.start_mark, node.end_mark
        if style == "|":
            indented = re.match(r"[^\n]*\n(?:[ ]*\n)*([ ]*)", self.text[start.index :])
            if not indented:
                return None
            return Place(self.file, start.line + 2, len(indented[1]) + 1)
        if style == ">" or start.line != end.line or "\\" in self.text[start.index : end.index]:
            return None
        return Place(self.file, start.line + 1, start.column + 1 + len(style))

    def _refuse_tag(self, node: Node, key: str) -> bool:
        """A value that begins with ! is a tag to YAML and would lose its first word."""
        if self.text[node.start_mark.index : node.start_mark.index + 1] != "!":
            return False
        line = self.text[node.start_mark.index :].split("\n", 1)[0].strip()
        condition = line.removeprefix("!").strip()
        self.problems.append(
            Problem(
                f"'{line}' begins with !, which YAML takes for a tag.",
                self.place(node),
                f"write '{key or 'filter'}: not {condition}', or quote the value",
            )
        )
        return True


def _opens(scalar: Scalar) -> bool:
    text = scalar.text or ""
    return not scalar.quoted and text.count("(") > text.count(")")


def quoted(text: str) -> str:
    """The text as a YAML value in quotes.

    >>> print(quoted('coalesce(price, 0)'), quoted('"Customer ID"'))
    "coalesce(price, 0)" '"Customer ID"'
    """
    return f"'{text.replace(chr(39), chr(39) * 2)}'" if '"' in text or "\\" in text else f'"{text}"'


def as_value(scalar: Scalar) -> Any:
    """The value that YAML 1.2 gives a plain text: a number, true or false; for keys whose meaning is not ours."""
    text = scalar.text
    if text is None or scalar.quoted:
        return text
    if text in ("true", "True", "false", "False"):
        return text.lower() == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
