"""What a view is: a query over the published tables, with words for those who read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from kpi_pipeline.publish.contract import table_named
from kpi_pipeline.publish.ddl import comments_on


@dataclass(frozen=True)
class View:
    """A named query over the published tables, with words for it and for each of its columns."""

    name: str
    comment: str
    columns: Mapping[str, str]
    query: exp.Expr

    @property
    def statements(self) -> tuple[exp.Expr, ...]:
        """What makes the view: CREATE VIEW and its comments."""
        create = exp.Create(kind="VIEW", this=exp.table_(self.name, quoted=True), expression=self.query.copy())
        return (create, *comments_on("VIEW", self.name, self.comment, self.columns))


def comments_of(table: str) -> dict[str, str]:
    """The comments on a published table's columns, by column."""
    return {column.name: column.comment for column in table_named(table).columns}
