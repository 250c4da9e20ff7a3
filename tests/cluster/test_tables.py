"""What a cluster tells of tables of its catalog, and of Delta and Iceberg tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from uuid import uuid4

import polars as pl
import pytest
from sqlglot import exp

from kpi_pipeline.cluster import InLakehouse, Spark
from kpi_pipeline.errors import DataError
from kpi_pipeline.sources import LakehouseConnector
from tests.cluster.on_spark import engine_at

pytestmark = pytest.mark.xdist_group("cluster")
DAY = exp.column("day", quoted=True)
ROWS = pl.DataFrame({"id": [1, 2, 3], "day": [date(2024, 1, 1), date(2024, 1, 2), None]})


@contextmanager
def _source(remote: str, **connector: str) -> Iterator[tuple[InLakehouse, Callable[[str], object]]]:
    """A source in a session of its own, as each run has one; and what carries out a statement there."""
    with Spark.connect(engine_at(remote)) as spark:
        noun = LakehouseConnector.model_validate({"type": "lakehouse", **connector})
        yield spark.lakehouse("sales", noun, Path("/")), lambda text: spark._session.sql(text).collect()


def test_a_table_of_files_is_known_by_them(remote: str, tmp_path: Path) -> None:
    name = f"sales_{uuid4().hex[:8]}"
    folder = tmp_path / "sales"
    folder.mkdir()
    ROWS.write_parquet(folder / "a.parquet")
    made = f"CREATE TABLE IF NOT EXISTS {name} USING parquet LOCATION '{folder}'"
    with _source(remote, table=name) as (there, run):
        run(made)
        first = there.look()
        assert there.columns() == {"id": "BIGINT", "day": "DATE"}
        assert [one[1:] for one in there.reach(DAY, None)] == [(3, 2, date(2024, 1, 1), date(2024, 1, 2))]
    assert first.files is not None
    assert [file.endswith("sales/a.parquet") for file in first.files] == [True]
    (mark,) = (one.mark for one in first.files.values())
    ROWS.head(1).write_parquet(folder / "a.parquet")
    ROWS.tail(2).write_parquet(folder / "b.parquet")
    with _source(remote, table=name) as (there, run):
        run(made)  # Sail forgets it with the session
        second = there.look()
        assert second.files is not None
        assert sorted(name.rpartition("/")[2] for name in second.files) == ["a.parquet", "b.parquet"]
        assert mark not in {one.mark for one in second.files.values()}
        new = {name: one for name, one in second.files.items() if name.endswith("b.parquet")}
        # NOTE: Sail does not tell of which file a row is, nor reads some files of a table: then nothing is said.
        assert [one[1:] for one in there.reach(DAY, new)] in ([(2, 1, date(2024, 1, 2), date(2024, 1, 2))], [])
        assert sum(one.rows for one in there.reach(DAY, None)) == 3
        run(f"DROP TABLE {name}")


def test_a_view_says_nothing_of_its_rows(remote: str) -> None:
    with _source(remote, table="looked_at") as (there, run):
        run("CREATE TEMPORARY VIEW looked_at AS SELECT 1 AS id, DATE '2024-01-01' AS day")
        looked = there.look()
        assert (looked.files, looked.version) == (None, None)
        assert [one[1:] for one in there.reach(DAY, None)] == [(1, 1, date(2024, 1, 1), date(2024, 1, 1))]


@pytest.mark.parametrize("form", ["delta", "iceberg"])
def test_a_table_format_is_known_by_its_log(remote: str, tmp_path: Path, form: str) -> None:
    path = str(tmp_path / form)
    with _source(remote, path=path, format=form) as (there, _):
        if not _is_written(there, path, form):
            # NOTE: Spark has these formats from packages, which are not here.
            with pytest.raises(DataError, match="Source 'sales' cannot be read at"):
                there.columns()
            return
        first = there.look()
        assert first.files is None
        assert there.look() == first
        assert there.columns() == {"id": "BIGINT", "day": "DATE"}
        assert [one[1:] for one in there.reach(DAY, None)] == [(3, 2, date(2024, 1, 1), date(2024, 1, 2))]
        assert _is_written(there, path, form)
        assert there.look().version != first.version
        assert sum(one.rows for one in there.reach(DAY, None)) == 6


def _is_written(there: InLakehouse, path: str, form: str) -> bool:
    """Adds the rows to a table, if the cluster knows the format."""
    try:
        there._session.createDataFrame(ROWS.to_arrow()).write.format(form).mode("append").save(path)
    except Spark.query_errors as problem:
        if "DATA_SOURCE_NOT_FOUND" in str(problem):
            return False
        raise
    return True
