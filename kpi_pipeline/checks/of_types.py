"""What a type of DuckDB lets a check ask of a column."""

from __future__ import annotations

NO_NUMBERS = ("VARCHAR", "DATE", "TIME", "BOOLEAN", "INTERVAL", "UUID", "BLOB", "BIT", "ENUM", "STRUCT", "MAP", "JSON")


def is_number(kind: str) -> bool:
    """Whether values of the type can be added up and compared with bounds.

    >>> is_number("DECIMAL(18,2)"), is_number("VARCHAR"), is_number("INTEGER[]")
    (True, False, False)
    """
    return not kind.upper().startswith(NO_NUMBERS) and not kind.endswith("]")


def is_time(kind: str) -> bool:
    """Whether values of the type are days or moments.

    >>> is_time("TIMESTAMP WITH TIME ZONE"), is_time("TIME"), is_time("VARCHAR")
    (True, False, False)
    """
    return kind.upper().startswith(("DATE", "TIMESTAMP"))
