"""The published tables as SQL: CREATE and COMMENT statements, as trees."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from kpi_pipeline.publish.contract import TABLES
from kpi_pipeline.publish.table import Column, Table


def table_statements() -> dict[str, tuple[exp.Expr, ...]]:
    """What makes each published table, by its name: CREATE TABLE, then a comment on it and on every column.

    NOTE: keys are checked before publishing (`conform`) and named in the comments instead of declared: in DuckDB a
    declared key is an index over all rows, which makes the file larger and slower to write and helps no reader.
    """
    return {table.name: (create_table(table), *table_comments(table)) for table in TABLES}


def create_table(table: Table) -> exp.Expr:
    """CREATE TABLE with names, types and NOT NULL.

    >>> from kpi_pipeline.publish.table import ColumnType
    >>> print(create_table(Table("goal", "", (Column("goal", ColumnType.text, ""),))).sql("duckdb"))
    CREATE TABLE "goal" ("goal" TEXT NOT NULL)
    """
    columns = [_column_def(column) for column in table.columns]
    return exp.Create(kind="TABLE", this=exp.Schema(this=exp.table_(table.name, quoted=True), expressions=columns))


def comments_on(kind: str, name: str, comment: str, columns: Mapping[str, str]) -> tuple[exp.Expr, ...]:
    """COMMENT statements for a table or view and its columns."""
    whole = exp.Comment(this=exp.table_(name, quoted=True), kind=kind, expression=exp.Literal.string(comment))
    return (
        whole,
        *(
            exp.Comment(
                this=exp.column(column, table=name, quoted=True), kind="COLUMN", expression=exp.Literal.string(words)
            )
            for column, words in columns.items()
        ),
    )


def table_comments(table: Table) -> tuple[exp.Expr, ...]:
    """COMMENT statements for a published table and its columns; that of the table names its key."""
    key = f". Key: {', '.join(table.key)}" if table.key else ""
    return comments_on("TABLE", table.name, table.comment + key, {c.name: c.comment for c in table.columns})


def _column_def(column: Column) -> exp.ColumnDef:
    always = [] if column.nullable else [exp.ColumnConstraint(kind=exp.NotNullColumnConstraint())]
    return exp.ColumnDef(
        this=exp.to_identifier(column.name, quoted=True),
        kind=exp.DataType.build(column.type.value, dialect="duckdb"),
        constraints=always,
    )
