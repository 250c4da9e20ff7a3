"""Numbers that people write for people: 1.234,56 or 1,234.56, with a currency or a percent sign."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import expressions as exp

MARK = r"(EUR|USD|GBP|CHF|€|\$|£|%)?"
SIGN = r"[+-]?"
STYLES = {
    "comma": rf"{SIGN}{MARK}\s?{SIGN}(\d{{1,3}}([.' ]\d{{3}})+|\d+)(,\d+)?\s?{MARK}",
    "point": rf"{SIGN}{MARK}\s?{SIGN}(\d{{1,3}}([,' ]\d{{3}})+|\d+)(\.\d+)?\s?{MARK}",
}
PLAIN = r"-?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?"


def style_of(values: Sequence[str]) -> str:
    """The notation all texts are written in, empty where it is none or a plain number needs no help.

    Where commas could be either, they part thousands.

    >>> style_of(["1.234,50", "12,5"]), style_of(["$1,234.50"]), style_of(["1,234"]), style_of(["1.5"])
    ('comma', 'point', 'point', '')
    """
    if not values or all(re.fullmatch(PLAIN, one) for one in values) or all(one.isdigit() for one in values):
        return ""
    fitting = [style for style, shape in STYLES.items() if all(re.fullmatch(shape, one) for one in values)]
    return fitting[-1] if fitting else ""


def plain_number(value: exp.Expr, style: str) -> exp.Expr:
    """The text without anything but sign, digits and a decimal point."""
    decimal = "," if style == "comma" else "."
    bare = exp.Anonymous(
        this="regexp_replace",
        expressions=[
            value.copy(),
            exp.Literal.string(f"[^0-9{decimal}+-]"),
            exp.Literal.string(""),
            exp.Literal.string("g"),
        ],
    )
    if style == "point":
        return bare
    return exp.Anonymous(this="replace", expressions=[bare, exp.Literal.string(","), exp.Literal.string(".")])
