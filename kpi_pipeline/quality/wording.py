"""What Great Expectations found, in plain words and with personal values masked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from kpi_pipeline.checks.result import LONGEST_SAMPLE, MASK, without_quoted

MISSING = ("nan", "NaT", "<NA>")
"""What pandas says where there is no value."""


def observed(result: Any, *, masked: bool, counts: str = "rows") -> str:
    """What one expectation saw; `masked` where its value is personal, `counts` what it looked at one by one."""
    found: Mapping[str, Any] = result.result or {}
    if "unexpected_count" in found:
        failing, looked_at = failing_rows(result), int(found.get("element_count") or 0)
        if not looked_at:
            return f"there are no {counts}"
        return f"{failing:,} of {looked_at:,} {counts} fail" if failing else f"all {looked_at:,} {counts} pass"
    if "observed_value" not in found:
        return "passed" if result.success else "failed"
    value = found["observed_value"]
    if value is None:
        return "there is none"
    seen = f"{value:,}" if type(value) is int else text(value)
    return f"it is {MASK if masked else seen}"


def failing_rows(result: Any) -> int:
    """How many rows one expectation found wanting; none where it is about the table as a whole."""
    return int((result.result or {}).get("unexpected_count") or 0)


def sample(result: Any, personal: Collection[str], *, masked: bool) -> tuple[dict[str, str], ...]:
    """Some of the failing rows, personal columns masked; a value without its column is hidden if `masked`."""
    found: Mapping[str, Any] = result.result or {}
    rows = found.get("partial_unexpected_index_list") or found.get("partial_unexpected_list") or ()
    return tuple(masked_row(row, personal, masked=masked) for row in rows[:LONGEST_SAMPLE])


def masked_row(row: Any, personal: Collection[str], *, masked: bool) -> dict[str, str]:
    """A row as texts, its personal columns masked."""
    if not isinstance(row, Mapping):
        return {"value": MASK if masked else text(row)}
    hidden = {column.casefold() for column in personal}
    return {str(name): MASK if str(name).casefold() in hidden else text(value) for name, value in row.items()}


def text(value: Any) -> str:
    """A value as a person would write it; a missing one is (none).

    >>> from datetime import datetime
    >>> from decimal import Decimal
    >>> text(1234567), text(None), text(Decimal("1.50")), text(datetime(2010, 12, 9, 12, 50))
    ('1234567', '(none)', '1.50', '2010-12-09 12:50:00')
    """
    if value is None or (not isinstance(value, str) and str(value) in MISSING):
        return "(none)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.12g}" if isinstance(value, float) else str(value).removesuffix(" 00:00:00")


def why_not(problem: str, *, masked: bool = False) -> str:
    """The one sentence of an error message that says what went wrong; `masked` hides the values it quotes.

    >>> why_not("(builtins.Exception) Conversion Error: Could not convert string 'x' to INT32\\n[SQL: SELECT 1]")
    "Could not convert string 'x' to INT32"
    """
    first = next((line for line in problem.splitlines() if line.strip()), "it could not be evaluated")
    told = re.sub(r"^\s*(\([\w.]+\)\s*)?([\w ]*(Error|Exception):\s*)*", "", first).strip().rstrip(".")
    return without_quoted(told) if masked else told
