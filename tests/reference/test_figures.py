"""The figures that the READMEs of the shipped data promise come out of SQL written by a person."""

from __future__ import annotations

import duckdb
import pytest

from tests.reference.expected import FIGURES, SQL, Figures, differences, shipped_files


@pytest.fixture(scope="module")
def files() -> duckdb.DuckDBPyConnection:
    """The shipped files as views, nothing else."""
    return shipped_files()


@pytest.mark.parametrize("figures", FIGURES, ids=str)
def test_sql_by_hand_gives_what_the_readme_prints(files: duckdb.DuckDBPyConnection, figures: Figures) -> None:
    answer = files.sql((SQL / f"{figures.name}.sql").read_text(encoding="utf-8")).pl()
    assert differences(answer, figures) == []
