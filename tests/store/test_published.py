"""The published file as readers open it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.errors import DataError
from kpi_pipeline.store.published import Published


@pytest.mark.parametrize("query", ["FROM kpi_projection", "SELECT projected FROM kpi_value"])
def test_a_file_of_an_earlier_version_says_how_to_renew_it(query: str, tmp_path: Path) -> None:
    path = tmp_path / "kpi.duckdb"
    with duckdb.connect(str(path)) as file:
        file.execute("CREATE TABLE kpi_value (kpi VARCHAR)")
    with (
        Published.open(path) as published,
        pytest.raises(DataError, match=r"of an earlier version, which lack .* \(.*proj.*\)[.]\nHint: `kpi run --full`"),
    ):
        published.fetch(query)
