"""Values bound to a transaction of PostgreSQL, which its queries read back.

NOTE: a query with parameters of its own is not streamed by the driver: its whole result would lie in memory. So values
are bound to settings of the transaction, and the query, which has none, is streamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlglot import expressions as exp

from kpi_pipeline.ingest.connectors.adbc import Connection

Values = Mapping[str, str]
"""Settings and their values as text."""


def as_text(value: object) -> str:
    """A value as PostgreSQL reads it back."""
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def bind(connection: Connection, values: Values) -> None:
    """Gives the settings their values, until the transaction ends."""
    for setting, value in values.items():
        parameter = exp.Parameter(this=exp.convert(1))
        call = exp.Anonymous(this="set_config", expressions=[exp.Literal.string(setting), parameter, exp.true()])
        connection.rows(exp.select(call), [value])


def read_back(setting: str, kind: str) -> exp.Expr:
    """The value of a setting, as a type of PostgreSQL."""
    call = exp.Anonymous(this="current_setting", expressions=[exp.Literal.string(setting)])
    return exp.cast(call, exp.DataType.build(kind, dialect="postgres", udt=True))
