"""The published tables in a real PostgreSQL server: the same as in the file, changed in one step while others read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import adbc_driver_postgresql.dbapi
import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pydantic import ValidationError

from kpi_pipeline.errors import StorageError
from kpi_pipeline.names import TableRef
from kpi_pipeline.postgres_target import PostgresTarget
from kpi_pipeline.publish.contract import TABLES, table_named
from kpi_pipeline.publish.ddl import table_statements
from kpi_pipeline.publish.postgres import ToPublish, publish_to_postgres, published_run
from kpi_pipeline.publish.postgres.ddl import TYPES, fitting, quoted
from kpi_pipeline.publish.views import all_views, view_statements
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.snapshot import write_snapshot
from kpi_pipeline.store.values import Change, change_of, write_change
from tests.postgres import Postgres

if TYPE_CHECKING:
    from tests.publish.conftest import Shop, Tables

pytestmark = pytest.mark.xdist_group("postgres")

VALUES = ("kpi_value", "metric_value")
WHAT_IS_THERE = "SELECT relname, relnatts, relfilenode, reltoastrelid FROM pg_class ORDER BY 1"
ODD = "it's \"odd\": \\n 'š' \n\t 🙂 %s ${X}"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kpi_pipeline.publish.postgres.connection.PAUSE", 0.0)


@dataclass(frozen=True)
class Server:
    """A schema of its own in a server, what is published there, and how it is read."""

    server: Postgres
    shop: Shop
    target: PostgresTarget

    def publish(
        self,
        tables: Tables,
        *,
        since: str | None = None,
        changes: dict[str, Change] | None = None,
        patience: float = 0.3,
    ) -> tuple[str, ...]:
        views = all_views(self.shop.project, metric_value=tables["metric_value"], segment=tables["segment"])
        what = ToPublish(
            "shop",
            tables["snapshot"].item(0, "run_id"),
            {name: frame for name, frame in tables.items() if name not in VALUES},
            {name: tables[name].height for name in VALUES},
            lambda name: tables[name].iter_slices(2),
            views,
            since,
            changes or {},
        )
        return publish_to_postgres(self.target, what, patience=patience)

    @contextmanager
    def reader(self, *, url: str | None = None, isolation: str = "READ COMMITTED") -> Iterator[Any]:
        """A connection as a BI tool has one, with the schema to look in."""
        with (
            adbc_driver_postgresql.dbapi.connect(url or self.server.url) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
            cursor.execute("SET TIME ZONE 'UTC'")
            cursor.execute(f"SET search_path TO {self.target.schema_}")
            cursor.execute("SET lock_timeout = '2s'")
            yield cursor
            connection.rollback()

    def ask(self, query: str) -> pl.DataFrame:
        with self.reader() as cursor:
            cursor.execute(query)
            return pl.from_arrow(cursor.fetch_arrow_table())

    def fails(self, tables: Tables, *words: str) -> None:
        """The publication is refused with these words and a way out, and changes nothing."""
        before = self.server.rows(WHAT_IS_THERE)
        with pytest.raises(StorageError) as refused:
            self.publish(tables)
        for word in (*words, "Hint: "):
            assert word in str(refused.value)
        assert self.server.password not in str(refused.value)
        assert self.server.rows(WHAT_IS_THERE) == before


@pytest.fixture
def server(postgres: Postgres, shop: Shop) -> Iterator[Server]:
    target = PostgresTarget.model_validate({"url": postgres.url, "schema": "kpi_test"})
    yield Server(postgres, shop, target)
    postgres.run("DROP SCHEMA IF EXISTS kpi_test CASCADE")


def file_of(shop: Shop, folder: Path, tables: Tables) -> duckdb.DuckDBPyConnection:
    """The same tables as a DuckDB file."""
    with Warehouse.in_memory() as warehouse:
        for name, frame in tables.items():
            warehouse.replace_table(TableRef("kpi", name), frame)
        views = all_views(shop.project, metric_value=tables["metric_value"], segment=tables["segment"])
        statements = view_statements(views)
        file = write_snapshot(warehouse, folder / "kpi.duckdb", tables=table_statements(), views=statements)
    return duckdb.connect(str(file.path), read_only=True)


def rewritten(frame: pl.DataFrame, value: float, *, of: str) -> pl.DataFrame:
    """The rows with another value where the name is `of`."""
    here = pl.col(frame.columns[0]) == of
    return frame.with_columns(value=pl.when(here).then(pl.lit(value)).otherwise("value"))


def test_every_cell_of_every_table_and_view_is_that_of_the_file(server: Server, tmp_path: Path) -> None:
    tables = server.shop.tables()
    tables["kpi"] = tables["kpi"].with_columns(description=pl.lit(ODD))
    written = server.publish(tables)
    assert set(written) == {table.name for table in TABLES}
    assert published_run(server.target) == "run-1"
    with file_of(server.shop, tmp_path, tables) as file:
        found = file.sql("SELECT table_name FROM information_schema.tables").fetchall()
        names = [name for (name,) in found]
        assert len(names) == len(TABLES) + 6
        for name in names:
            expected = file.sql(f'SELECT * FROM "{name}"').pl().cast({pl.Datetime: pl.Datetime("us", "UTC")})
            assert_frame_equal(server.ask(f'SELECT * FROM "{name}"'), expected, check_row_order=False, check_exact=True)
    as_of = server.ask("SELECT * FROM kpi_as_of('2024-01-01 00:00:00+00')")
    assert as_of.height == 0
    assert as_of.columns[:3] == ["kpi", "grain", "period_start"]


def test_types_missing_values_keys_and_comments_are_those_of_the_contract(server: Server) -> None:
    server.publish(server.shop.tables())
    for table in TABLES:
        found = server.ask(
            "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull, col_description(attrelid, attnum) "
            f"FROM pg_attribute WHERE attrelid = '{table.name}'::regclass AND attnum > 0 ORDER BY attnum"
        )
        assert found.rows() == [(c.name, TYPES[c.type], c.nullable, c.comment) for c in table.columns]
    silent = server.ask(
        "SELECT relname FROM pg_class WHERE relnamespace = 'kpi_test'::regnamespace AND relkind IN ('r', 'v') "
        "AND relname <> '_publication' AND obj_description(oid) IS NULL"
    )
    assert silent.rows() == []
    with pytest.raises(adbc_driver_postgresql.dbapi.Error, match="kpi_value_pkey"):
        server.ask("INSERT INTO kpi_value SELECT * FROM kpi_value LIMIT 1 RETURNING kpi")


def test_only_what_changed_is_written(server: Server) -> None:
    first = server.shop.tables()
    with Warehouse.in_memory() as warehouse:
        names = {name: set(first[name].to_series()) for name in VALUES}
        for name in VALUES:
            key = first[name].columns[0]
            write_change(
                warehouse,
                change_of(
                    warehouse, TableRef("kpi", name), first[name], key=key, computed=names[name], defined=names[name]
                ),
            )
        server.publish(first)
        assert server.publish(server.shop.tables("run-2"), since="run-1", changes=_changes(warehouse, first)) == (
            "snapshot",
        )

        third = server.shop.tables("run-3")
        third["kpi_value"] = third["kpi_value"].with_columns(
            value=pl.when(pl.col("period_label") == "2010-03").then(pl.lit(121.5)).otherwise("value")
        )
        third["metric_value"] = third["metric_value"].filter(pl.col("metric") != "tickets")
        changes = _changes(warehouse, third)
        assert changes["kpi_value"].rows.height < third["kpi_value"].height
        server.publish(third, since="run-2", changes=changes)
        for name in VALUES:
            assert_frame_equal(
                server.ask(f"SELECT * FROM {name}"), third[name], check_row_order=False, check_exact=True
            )

        # What another run left there, or somebody changed by hand, is not taken for what the changes start from.
        fourth = server.shop.tables("run-4")
        server.publish(fourth, since="run-1", changes=changes)
        assert_frame_equal(server.ask("SELECT * FROM kpi_value"), fourth["kpi_value"], check_row_order=False)
        server.server.run("DELETE FROM kpi_test.kpi_value WHERE NOT is_complete")
        server.publish(server.shop.tables("run-5"), since="run-4", changes=_changes(warehouse, fourth))
        assert_frame_equal(server.ask("SELECT * FROM kpi_value"), fourth["kpi_value"], check_row_order=False)


def _changes(warehouse: Warehouse, tables: Tables) -> dict[str, Change]:
    """What becomes of the tables of values after those that were published first."""
    found = {}
    for name in VALUES:
        key = tables[name].columns[0]
        every = set(tables[name].to_series())
        change = change_of(warehouse, TableRef("kpi", name), tables[name], key=key, computed=every, defined=every)
        found[name] = replace(change, whole=False)
    return found


def test_a_reader_is_not_in_the_way_and_sees_one_run_to_the_end(server: Server) -> None:
    server.publish(server.shop.tables())
    with server.reader(isolation="REPEATABLE READ") as cursor:
        cursor.execute("SELECT (SELECT run_id FROM snapshot), (SELECT sum(value) FROM kpi_latest)")
        before = cursor.fetchone()
        second = server.shop.tables("run-2")
        second["kpi_value"] = rewritten(second["kpi_value"], 7.0, of="monthly_sales")
        server.publish(second)
        cursor.execute("SELECT (SELECT run_id FROM snapshot), (SELECT sum(value) FROM kpi_latest)")
        assert cursor.fetchone() == before == ("run-1", 210.0)
    assert server.ask("SELECT run_id, value FROM snapshot, kpi_latest WHERE segment = 'all'").rows() == [("run-2", 7.0)]


def test_a_view_that_changes_waits_for_who_reads_it_and_others_go_on(server: Server) -> None:
    server.publish(server.shop.tables())
    changed = server.shop.tables("run-2")
    changed["metric_value"] = changed["metric_value"].filter(pl.col("metric") != "orders")
    with server.reader() as cursor:
        cursor.execute("SELECT count(*) FROM order_lines_month")
        cursor.fetchall()
        server.fails(changed, "lock timeout", "somebody keeps a transaction open")
        assert server.ask("SELECT run_id FROM snapshot").item() == "run-1"
    server.publish(changed)
    assert "orders" not in server.ask("SELECT * FROM order_lines_month").columns
    assert server.ask("SELECT run_id FROM snapshot").item() == "run-2"


def test_the_reader_role_reads_what_is_published_and_nothing_else(server: Server) -> None:
    server.server.run("CREATE ROLE one LOGIN PASSWORD 'x'; CREATE ROLE other LOGIN PASSWORD 'x'")
    one, other = (
        replace(server, target=server.target.model_copy(update={"reader_role": who})) for who in ("one", "other")
    )

    def may(who: str, statement: str) -> bool:
        try:
            with server.reader(url=server.server.url_of(who, "x")) as cursor:
                cursor.execute(statement)
        except adbc_driver_postgresql.dbapi.Error as problem:
            return problem.sqlstate != "42501"
        return True

    try:
        one.publish(server.shop.tables())
        assert all(may("one", f"SELECT 1 FROM kpi_test.{table.name}") for table in TABLES)
        assert may("one", "SELECT 1 FROM kpi_test.scorecard, kpi_test.order_lines_month, kpi_test.kpi_as_of(now())")
        assert not may("one", "SELECT 1 FROM kpi_test._publication")
        assert not may("one", "DELETE FROM kpi_test.kpi")
        assert not may("one", "CREATE TABLE kpi_test.mine (a int)")
        assert not may("other", "SELECT 1 FROM kpi_test.kpi")
        other.publish(server.shop.tables("run-2"))
        assert may("other", "SELECT 1 FROM kpi_test.kpi")
        assert not may("one", "SELECT 1 FROM kpi_test.kpi")
    finally:
        server.server.run("DROP OWNED BY one, other; DROP ROLE one, other")
    nobody = replace(server, target=server.target.model_copy(update={"reader_role": 'no"body'}))
    nobody.fails(server.shop.tables("run-3"), "The role 'no\"body'", 'CREATE ROLE "no""body" NOLOGIN')


def test_tables_of_an_earlier_version_get_the_columns_of_this_one(server: Server) -> None:
    server.publish(server.shop.tables())
    server.server.run("""
        SET search_path TO kpi_test;
        DROP VIEW scorecard, kpi_latest;
        ALTER TABLE kpi DROP COLUMN unit, ADD COLUMN once_there text, ALTER COLUMN label DROP NOT NULL;
        ALTER TABLE kpi_value DROP COLUMN period_start_utc CASCADE, ADD COLUMN period_start_utc text;
        ALTER TABLE metric DROP CONSTRAINT metric_pkey;
        COMMENT ON COLUMN goal.goal IS 'as it was said once';
        CREATE VIEW of_an_analyst AS SELECT kpi, label FROM kpi;
    """)
    tables = server.shop.tables("run-2")
    server.publish(tables)
    for table in TABLES:
        found = server.ask(f'SELECT * FROM "{table.name}"').select(table.schema.names())
        assert_frame_equal(found, tables[table.name].cast(dict(table.schema)), check_row_order=False)
    assert server.ask("SELECT count(*) FROM of_an_analyst").item() == tables["kpi"].height
    assert server.ask("SELECT count(*) FROM scorecard").item() == tables["kpi"].height
    assert server.publish(server.shop.tables("run-3")) == ("snapshot", *VALUES)

    server.server.run(
        "ALTER TABLE kpi_test.kpi ADD COLUMN gone text; CREATE VIEW kpi_test.in_the_way AS SELECT gone FROM kpi_test.kpi"
    )
    server.fails(server.shop.tables("run-4"), "cannot drop column gone", "a view of somebody else")


def test_what_others_made_is_not_touched(server: Server) -> None:
    server.server.run(
        "CREATE SCHEMA kpi_test; CREATE TABLE kpi_test.team (name text); CREATE TABLE kpi_test.theirs (a int)"
    )
    server.fails(server.shop.tables(), "'team'", "did not make", "a schema of their own")
    server.server.run("DROP TABLE kpi_test.team")
    server.publish(server.shop.tables())
    server.server.run("UPDATE kpi_test._publication SET made_by = 'another' WHERE kind = 'project'")
    server.fails(server.shop.tables("run-2"), "the KPIs of the project 'another'")


def test_a_publication_that_fails_on_its_way_changes_nothing(server: Server) -> None:
    server.publish(server.shop.tables())
    broken = server.shop.tables("run-2")
    broken["metric"] = broken["metric"].with_columns(label=pl.lit(None, pl.String))
    server.fails(broken, 'null value in column "label"')
    assert published_run(server.target) == "run-1"


def test_errors_show_no_secret_and_a_wrong_password_is_tried_three_times(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, connect = [], adbc_driver_postgresql.dbapi.connect

    def counted(*given: Any, **more: Any) -> Any:
        tried.append(given)
        return connect(*given, **more)

    monkeypatch.setattr(adbc_driver_postgresql.dbapi, "connect", counted)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    wrong = PostgresTarget.model_validate({"url": server.server.url_of("owner", "s3cr%40t"), "schema": "kpi_test"})
    with pytest.raises(StorageError, match="password authentication failed") as refused:
        replace(server, target=wrong).publish(server.shop.tables())
    for secret in ("s3cr", server.server.password):
        assert secret not in str(refused.value) + repr(wrong)
    assert len(tried) == 3
    assert published_run(wrong) is None


def test_a_character_and_names_that_postgresql_does_not_know(server: Server) -> None:
    tables = server.shop.tables()
    tables["kpi"] = tables["kpi"].with_columns(description=pl.lit("a\x00b"))
    long = "a_model_whose_name_is_as_long_as_it_can_be_and_then_some_of_it"
    assert len(long) < len(f"{long}_month")
    tables["segment"] = tables["segment"].with_columns(dimension=pl.col("dimension").replace("country", "é" * 40))
    server.publish(tables)
    assert server.ask("SELECT DISTINCT description FROM kpi").item() == "a\ufffdb"
    columns = server.ask("SELECT * FROM order_lines_month").columns
    assert fitting("é" * 40) in columns
    assert all(len(name.encode()) <= 63 for name in columns)


@pytest.mark.parametrize(
    "address",
    [
        "mysql://a@b/c",
        "postgresql://ann:p@ss@host/db",
        "postgresql://ann:pa/ss@host/db",
        "host=x password=y",
        "postgresql://h:12x/d",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_shown(address: str) -> None:
    with pytest.raises(ValueError, match="looks like postgresql://user:password@host:5432/database") as refused:
        PostgresTarget.model_validate({"url": address})
    assert isinstance(refused.value, ValidationError)
    assert "ss@host" not in refused.value.errors()[0]["msg"]


def test_addresses_and_names() -> None:
    for address in (
        "postgresql://",
        "postgres://h",
        "postgresql://u@[::1]:5432/d?sslmode=require",
        "postgresql://u:p@a:1,b:2/d",
    ):
        PostgresTarget.model_validate({"url": address})
    told = PostgresTarget.model_validate({"url": "postgresql://u:p%40ss@db:1/x?password=q", "schema": "bi"})
    assert told.place == "db:1/x, schema bi"
    assert told.secrets == ("p%40ss", "p@ss", "q")
    assert quoted("a", 'b"c') == '"a"."b""c"'
    for schema in ("pg_temp", "Kpi", "a b", "k" * 64):
        with pytest.raises(ValueError, match="a schema is called by"):
            PostgresTarget.model_validate({"url": None, "schema": schema})
    assert table_named("kpi").name == "kpi"
