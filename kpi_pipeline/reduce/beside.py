"""What stands beside a model's rows in a query: how their columns are told from others, and the calendar's days."""

from __future__ import annotations

from datetime import date

from sqlglot import expressions as exp

from kpi_pipeline.names import TableRef
from kpi_pipeline.reduce.aggregate import parsed

CALENDAR_DAYS = TableRef("temp", "calendar_day")
"""Every day from FIRST_DAY to LAST_DAY, with the first day of the week, month, quarter and year it is in."""
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)

ROWS = "_rows"
"""What a model's own rows are called where something is joined to them."""


def of_rows(sql: str | exp.Expr) -> exp.Expr:
    """An expression over a model's columns, each said to be of the model's own rows."""

    def named(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table:
            return exp.column(node.this.copy(), table=ROWS)
        return node

    return (parsed(sql) if isinstance(sql, str) else sql.copy()).transform(named)
