"""Tables of the warehouse, checked by SQL where they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlglot import expressions as exp

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.names import TableRef
from kpi_pipeline.quality.gx import ephemeral_context, quietly
from kpi_pipeline.quality.making import Made, make_checks
from kpi_pipeline.quality.outcome import told
from kpi_pipeline.quality.plan import plan_checks
from kpi_pipeline.quality.targets import CheckTarget
from kpi_pipeline.sql_parts import sql_table


def check_tables(
    connect: Callable[[], Any], targets: Sequence[CheckTarget], *, as_of: datetime, docs: Path | None = None
) -> tuple[CheckResult, ...]:
    """The results of every check on tables of the warehouse, in the order of the targets and their checks.

    Args:
        connect: opens another connection to the warehouse, which sees what is committed; it is closed at the end.
        targets: the tables and their checks.
        as_of: what counts as now.
        docs: the folder of a static site that shows the results; the pages of other assets in it stay.
    """
    asked = [target for target in targets if target.checks]
    if not asked:
        return ()
    connection = connect()
    try:
        with quietly() as gx:
            tables = _WarehouseTables(connection, ephemeral_context(gx))
            made = [one for target in asked for one in _of_table(gx, tables, target, as_of)]
            return told(gx, made, docs)
    finally:
        connection.close()


class _WarehouseTables:
    """The tables of the warehouse as Great Expectations sees them: temporary views on one connection."""

    def __init__(self, connection: Any, context: Any) -> None:
        from kpi_pipeline.quality.dialect import URL, engine_options

        self._connection = connection
        self._source = context.data_sources.add_sql(
            "warehouse", connection_string=URL, kwargs=engine_options(connection)
        )
        self._views = 0

    def columns(self, table: TableRef) -> dict[str, str]:
        """The names and types of a table's columns; empty where there is no such table."""
        found = self._connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = ? AND table_name = ? AND table_catalog = current_database() "
            "ORDER BY ordinal_position",
            [table.schema, table.name],
        ).fetchall()
        return {str(name): str(kind) for name, kind in found}

    def batch(self, asset: str, rows: exp.Select) -> Any:
        """The rows as a batch, under the asset's name; further ones are numbered."""
        self._views += 1
        name = f"{asset} {self._views}"
        view = exp.Create(
            this=exp.table_(name, quoted=True),
            kind="VIEW",
            expression=rows,
            properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
        )
        self._connection.execute(view.sql(dialect="duckdb")).fetchall()
        table = self._source.add_table_asset(name, table_name=f'"{name}"')
        return table.add_batch_definition_whole_table("all").get_batch()


def _of_table(gx: Any, tables: _WarehouseTables, target: CheckTarget, as_of: datetime) -> list[Made]:
    columns = tables.columns(target.table)
    related_columns = {name: tables.columns(table) for name, table in target.related.items()}
    checks = plan_checks(target, columns, as_of=as_of, related_columns=related_columns)
    if not columns:
        missing = f"there is no table {target.table}"
        return [Made(target.asset, replace(check, unable=missing), (), target.personal) for check in checks]
    whole = exp.select("*").from_(sql_table(target.table))
    return make_checks(
        gx,
        target.asset,
        checks,
        lambda rows: tables.batch(target.asset, whole if rows is None else rows),
        columns=tuple(columns),
        personal=target.personal,
    )
