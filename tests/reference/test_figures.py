"""The figures that the READMEs of the shipped data promise come out of SQL written by a person."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.reference.expected import FIGURES, ROOT, Figures, differences

SQL = Path(__file__).parent / "sql"


@pytest.fixture(scope="module")
def files() -> duckdb.DuckDBPyConnection:
    """The shipped files as views, nothing else."""
    connection = duckdb.connect()
    for view, file in (
        ("invoice_lines", "online_retail_2010/online_retail.parquet"),
        ("incident_events", "it_incidents/incident_event_log.parquet"),
    ):
        connection.execute(f"CREATE VIEW {view} AS FROM '{ROOT / 'data' / file}'")
    return connection


@pytest.mark.parametrize("figures", FIGURES, ids=str)
def test_sql_by_hand_gives_what_the_readme_prints(files: duckdb.DuckDBPyConnection, figures: Figures) -> None:
    answer = files.sql((SQL / f"{figures.name}.sql").read_text(encoding="utf-8")).pl()
    assert differences(answer, figures) == []
