"""A cluster as the database that checks ask: statements in DuckDB's SQL, carried out where the rows are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.names import TableRef

if TYPE_CHECKING:
    from kpi_pipeline.cluster.spark import Spark

_NUMBERS = count(1)


class CheckedThere:
    """What a connection to the warehouse is to checks, for rows in a cluster: only counts and samples come back."""

    def __init__(self, spark: Spark) -> None:
        self._spark = spark
        self._views: dict[str, TableRef] = {}
        self._rows: list[tuple[Any, ...]] = []
        self.description: list[tuple[str | None, ...]] = []

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> Self:
        """Carries out a statement: a view to be made, columns to be listed, or a question."""
        tree = sqlglot.parse_one(statement, read="duckdb")
        if isinstance(tree, exp.Create):
            view = TableRef("temp", f"checked_{next(_NUMBERS)}")
            self._spark.view(view, self._told(tree.expression))
            self._views[tree.this.name] = view
            self._answer(["name"], [])
        elif any(table.db.lower() == "information_schema" for table in tree.find_all(exp.Table)):
            *schema, name = (str(one) for one in parameters)
            columns = self._spark.table_columns(TableRef(schema[0], name) if schema else self._views[name])
            self._answer(["column_name", "data_type"], list(columns.items()))
        else:
            self._answer(*self._spark.listed(self._told(tree, parameters)))
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows of the answer."""
        return self._rows

    def close(self) -> None:
        """The session is closed by whoever opened it; views with names of their own are gone with it."""

    def _answer(self, names: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        self.description = [(name, *(None,) * 6) for name in names]
        self._rows = rows

    def _told(self, tree: exp.Expr, parameters: Sequence[object] = ()) -> exp.Expr:
        """The statement with its values in their places, and the views it reads by the names they have there."""

        def told(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Placeholder):
                return exp.convert(parameters[int(node.name) - 1])
            if isinstance(node, exp.Table) and not node.db and node.name in self._views:
                view = self._views[node.name]
                there = exp.table_(view.name, db=view.schema, quoted=True)
                return exp.alias_(there, node.alias or node.name, table=True, quoted=True)
            return node

        return tree.transform(told)
