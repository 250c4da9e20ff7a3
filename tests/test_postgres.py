"""The server that tests run against: it starts, answers, and comes back after a crash."""

from __future__ import annotations

import pytest

from tests.postgres import Postgres

pytestmark = pytest.mark.xdist_group("postgres")


def test_it_answers_and_keeps_what_was_committed_through_a_crash(postgres: Postgres) -> None:
    with postgres.another_database("tried") as database:
        database.run("CREATE TABLE kept (number int); INSERT INTO kept VALUES (1), (NULL)")
        postgres.restart()
        assert database.rows("SELECT number, 'a' FROM kept ORDER BY 1") == [("1", "a"), ("", "a")]
