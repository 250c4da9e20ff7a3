"""The types that columns are known to have."""

from __future__ import annotations

from collections.abc import Mapping

from kpi_pipeline.names import TableRef

Typed = Mapping[TableRef, Mapping[str, str]]
"""By table, the names of its columns and the types that DuckDB gives them; what is not known is not in it."""


def type_of(columns: Typed, table: TableRef, name: str) -> str:
    """The type of a column in capitals, whichever way its name is written; empty where it is not known.

    >>> type_of({TableRef("raw", "sales"): {"Day": "date"}}, TableRef("raw", "sales"), "day")
    'DATE'
    """
    return next((kind.upper() for one, kind in columns.get(table, {}).items() if one.lower() == name.lower()), "")
