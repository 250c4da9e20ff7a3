"""Personal columns stay personal whatever a query calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.compile.personal import personal_columns
from kpi_pipeline.models import Model
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.sources import Source


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "Mail" AS who FROM raw.people',
        "SELECT lower(MAIL) AS who FROM Raw.People",
        "SELECT coalesce(name, mail, '?') AS who FROM raw.people",
        "SELECT max(mail) AS who FROM raw.people GROUP BY day",
        "SELECT first_value(mail) OVER (ORDER BY day) AS who FROM raw.people",
        "SELECT day, (SELECT max(mail) FROM raw.people) AS who FROM raw.days",
        "WITH a AS (SELECT mail AS m FROM raw.people), b AS (SELECT * FROM a) SELECT m || '!' AS who FROM b",
        "WITH a(day, m) AS (SELECT day, mail FROM raw.people) SELECT m AS who FROM a",
        "WITH a(m) AS (SELECT * FROM raw.people) SELECT m AS who FROM a",
        "SELECT m AS who FROM (SELECT mail AS n FROM raw.people) AS a(m)",
        "SELECT * RENAME (mail AS who) FROM raw.people",
        "SELECT * REPLACE (mail AS who) FROM raw.people",
        "SELECT code AS who FROM raw.days UNION ALL SELECT mail FROM raw.people",
        "SELECT p AS who FROM raw.people AS p",
        "SELECT buyer AS who FROM model.buyers",
    ],
)
def test_what_is_made_from_a_personal_column_is_personal(sql: str) -> None:
    assert "who" in _personal(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT day AS who FROM raw.people WHERE mail = 'a'",
        "SELECT mail IS NOT NULL AS who FROM raw.people",
        "SELECT count(DISTINCT mail) AS who FROM raw.people",
        "SELECT mail AS who FROM raw.days",
        "SELECT amount AS who FROM model.buyers",
    ],
)
def test_what_gives_no_value_away_is_not(sql: str) -> None:
    assert "who" not in _personal(sql)


def test_table_taken_as_it_is_keeps_its_personal_columns() -> None:
    people = Model(name="people", table="raw.people", agg_time_dimension="day")
    assert "mail" in personal_columns(_project(), people)


def _personal(sql: str) -> frozenset[str]:
    return personal_columns(_project(), Model(name="tried", sql=sql, agg_time_dimension="day"))


def _project() -> Project:
    connector = {"type": "file", "path": "data/*.csv"}
    people = Source(name="people", connector=connector, personal=("Mail",))
    buyers = Model(name="buyers", sql="SELECT mail AS buyer, day, amount FROM raw.people", agg_time_dimension="day")
    sources = {"people": people, "days": Source(name="days", connector=connector)}
    return Project(Path(), Settings(name="shop"), sources=sources, models={"buyers": buyers})
