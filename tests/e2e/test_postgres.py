"""Runs that publish to a real PostgreSQL server as well: equal cell by cell, and repaired after the server was away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import adbc_driver_postgresql.dbapi
import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from reliability.postgres import tried
from tests.postgres import Postgres
from tests.project import SALES_HEADER, Shop, csv

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kpi_pipeline.publish.postgres.connection.PAUSE", 0.0)


def from_server(database: Postgres, names: Sequence[str]) -> Iterator[pl.DataFrame]:
    with adbc_driver_postgresql.dbapi.connect(database.url) as connection, connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        for name in names:
            cursor.execute(f'SELECT * FROM kpi."{name}"')
            yield pl.from_arrow(cursor.fetch_arrow_table())


def is_the_file(database: Postgres, shop: Shop) -> bool:
    """Whether every table and view in the server holds what the published file holds."""
    with duckdb.connect(str(shop.published), read_only=True) as file:
        names = [name for (name,) in file.sql("SELECT table_name FROM information_schema.tables").fetchall()]
        for name, found in zip(names, from_server(database, names), strict=True):
            expected = file.sql(f'SELECT * FROM "{name}"').pl().cast({pl.Datetime: pl.Datetime("us", "UTC")})
            assert_frame_equal(found, expected, check_row_order=False, check_exact=True)
    return len(names) > 40


@pytest.fixture
def database(postgres: Postgres, ran: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    """A database of its own, to which the shop publishes from now on."""
    ran.edit("definitions/project.yaml", "  publish:\n", "  publish:\n    postgres: ${SHOP_POSTGRES}\n")
    with postgres.another_database("shop") as database:
        monkeypatch.setenv("SHOP_POSTGRES", database.url)
        yield database


def test_the_server_holds_what_the_file_holds_and_is_repaired(
    database: Postgres, ran: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ran.kpi("run")
    assert said.code == 0
    assert f"127.0.0.1:{database.port}/shop, schema kpi" in said.out
    assert is_the_file(database, ran), "a target that is new gets everything, though nothing else changed"
    assert ran.run().status == "unchanged"

    late = csv(SALES_HEADER, ["J1,c1,2024-03-05 10:00:00,France,3,100.00", "J2,c1,2024-01-02 10:00:00,Peru,1,5.00"])
    ran.write("data/sales/second.csv", late)
    before = ran.ask("SELECT run_id FROM snapshot").item()
    with monkeypatch.context() as away:
        away.setenv("SHOP_POSTGRES", database.url.replace(f":{database.port}/", ":9/"))
        said = ran.kpi("run")
        said.refuses(5, "could not be published to PostgreSQL (127.0.0.1:9/shop, schema kpi)", "Connection refused")
    assert database.password not in said.out + said.err
    assert ran.ask("SELECT run_id FROM snapshot").item() != before, "the file has the new tables"
    [snapshot] = from_server(database, ["snapshot"])
    assert snapshot.item(0, "run_id") == before
    assert ran.kpi("run").code == 0
    assert is_the_file(database, ran), "the next run repairs, though nothing changed since"

    ran.write("data/sales/third.csv", csv(SALES_HEADER, ["K1,c2,2024-03-06 11:00:00,Spain,2,50.00"]))
    assert ran.run().status == "published"
    assert is_the_file(database, ran)
    database.run("DROP SCHEMA kpi CASCADE")
    assert ran.run().status == "published", "a schema that is gone is not up to date"
    assert is_the_file(database, ran)


def test_settings_of_the_server_are_checked(ran: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    target = 'publish:\n    postgres: {url: "${SHOP_POSTGRES}", schema: Kpi, reader: bi}\n'
    ran.edit("definitions/project.yaml", "publish:\n", target)
    monkeypatch.setenv("SHOP_POSTGRES", "postgresql://ann:p@ss@db/x")
    said = ran.kpi("check")
    said.refuses(
        2, "definitions/project.yaml:8:", "postgresql://user:password@host:5432/database", "'reader'", "schema"
    )
    assert "p@ss" not in said.out + said.err
    monkeypatch.delenv("SHOP_POSTGRES")
    ran.edit("definitions/project.yaml", target, "publish:\n    postgres: ${SHOP_POSTGRES}\n")
    assert ran.kpi("check", "--no-data").code == 0, "where the variable is not set, nothing is published there"


def test_readers_see_one_run_at_a_time(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_MAIL", "ana@example.org")
    monkeypatch.setattr("reliability.postgres.CHANGES", 2)
    with postgres.another_database("readers") as database:
        found = tried(tmp_path, database, readers=2, publishes=3)
    assert found.problems == []
    assert found.publishes == 3
    assert len(found.runs_seen) >= 2
    assert found.answers > 3 < found.transactions
