"""Values as YAML that any reader understands the same way, whatever characters are in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from kpi_pipeline.starter.vocabulary import words

PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_ ./()%+*<>=-]*[A-Za-z0-9_.()%])?")
LINE = re.compile(r"[A-Za-z](?:[A-Za-z0-9_ ./()%+*<>=,'?;-]*[A-Za-z0-9_.()%])?")
SAFE_NUMBERS = re.compile(r"\d{4}-\d{2}-\d{2}|\d+ [a-z]+")
WORDS_WITH_A_MEANING = words("true false null yes no on off y n none nan inf")
UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def line(value: object) -> str:
    """A value that has the rest of its line for itself, where commas need no quotes.

    >>> line("Amount of all rows, added up."), line("Yes: all")
    ('Amount of all rows, added up.', '"Yes: all"')
    """
    if isinstance(value, str) and LINE.fullmatch(value) and value.lower() not in WORDS_WITH_A_MEANING:
        return value
    return flow(value)


def flow(value: object) -> str:
    """A value on one line; texts are quoted only where they must be.

    >>> flow({"type": "file", "path": "data/*.csv", "columns": ["id", "a, b", "no"], "min": 0})
    '{type: file, path: "data/*.csv", columns: [id, "a, b", "no"], min: 0}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return _text(str(value))


def block(text: str, indent: int) -> str:
    r"""A text of several lines as a block, or quoted where a block cannot hold it.

    >>> print("sql: " + block("SELECT 1\nFROM t", 2))
    sql: |
      SELECT 1
      FROM t
    """
    if UNPRINTABLE.search(text) or text != text.strip() or re.search(r"\n[ \t]*(\n|$)", text):
        return _quoted(text)
    return "|\n" + "\n".join(" " * indent + line for line in text.split("\n"))


def remark(text: object) -> str:
    r"""A text fit for a comment: on one line.

    >>> remark("a\nb")
    'a b'
    """
    return " ".join(UNPRINTABLE.sub(" ", str(text)).split())


def _text(text: str) -> str:
    if SAFE_NUMBERS.fullmatch(text):
        return text
    if PLAIN.fullmatch(text) and text.lower() not in WORDS_WITH_A_MEANING and not re.search(r"\*\.|\*/", text):
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    return UNPRINTABLE.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
