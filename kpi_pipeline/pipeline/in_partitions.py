"""Folders of a lakehouse that cannot hold the days asked for are not looked into."""

from __future__ import annotations

from datetime import date, timedelta

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import ModelPlan, Reduction
from kpi_pipeline.project import Project
from kpi_pipeline.sources import LakehouseConnector, Partition
from kpi_pipeline.sql_parts import sql_day, sql_table


def in_partitions(
    project: Project,
    reduction: Reduction,
    model: ModelPlan,
    query: exp.Select,
    from_day: date | None,
    to_day: date | None,
) -> exp.Select:
    """The query of a pass over some days, with the model's rows read from the partitions that may hold them.

    Only where each row of the model stands for itself and the pass goes by the cursor: then a partition says by its
    name which days its rows are of.
    """
    if model.row_local_cursor is None or reduction.time != model.row_local_time or not (from_day or to_day):
        return query
    connector = project.sources[model.sources[0]].connector
    partition = connector.partition if isinstance(connector, LakehouseConnector) else None
    if partition is None or reduction.events or model.name in reduction.looked_up:
        return query
    source = TableRef("raw", model.sources[0])
    some = exp.select("*").from_(sql_table(source)).where(*_overlapping(partition, from_day, to_day))
    made = _in_place_of(sqlglot.parse_one(model.sql, read="duckdb", into=exp.Select), source, some)
    return _in_place_of(query, model.table, made)


def _overlapping(partition: Partition, from_day: date | None, to_day: date | None) -> list[exp.Expr]:
    """True for partitions that may hold rows of the days; a day more on both sides, because zones move moments."""
    first = exp.cast(exp.paren(sqlglot.parse_one(partition.by, read="duckdb")), "DATE")
    found: list[exp.Expr] = []
    if from_day and from_day > date.min + timedelta(days=400):
        found.append(exp.GT(this=first, expression=sql_day(from_day - timedelta(days=1 + partition.longest))))
    if to_day and to_day < date.max:
        found.append(exp.LT(this=first.copy(), expression=sql_day(to_day + timedelta(days=1))))
    return found


def _in_place_of(query: exp.Select, table: TableRef, rows: exp.Select) -> exp.Select:
    """The query with a table read from other rows, under the name by which its columns are told apart."""

    def read(node: exp.Expr) -> exp.Expr:
        named = isinstance(node, exp.Table) and (node.db.lower(), node.name.lower()) == (table.schema, table.name)
        return rows.subquery(exp.to_identifier(node.alias or table.name, quoted=True)) if named else node

    found: exp.Select = query.transform(read)  # type: ignore[assignment]
    return found
