"""Text that lacks its quotes: SQL takes it for a column, and the hint says how it is written."""

from __future__ import annotations

from sqlglot import expressions as exp


def text_meant(column: exp.Column) -> str | None:
    """A comparison as it was meant, where a name stands in it that another one is compared with; else None.

    >>> import sqlglot
    >>> text_meant(sqlglot.parse_one("country = France").expression)
    "country = 'France'"
    """
    compared = column.parent
    if not isinstance(compared, exp.EQ | exp.NEQ | exp.Like | exp.ILike | exp.In) or compared.this is column:
        return None
    if not isinstance(compared.this, exp.Column) or column.table:
        return None
    quoted = compared.transform(lambda node: exp.Literal.string(node.name) if node == column else node)
    return quoted.sql(dialect="duckdb")
