"""Every question of the cases, answered where the rows are in a cluster: the same values as from DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kpi_pipeline.cluster import Spark
from tests.cases.test_cases import CASES, WORLD, Case, _engine
from tests.cluster.on_spark import engine_at, partials_on, put_there
from tests.engine import Engine

pytestmark = pytest.mark.xdist_group("cluster")
FILES = sorted({one.file for one in CASES})
ANSWERS: dict[str, dict[str, pl.DataFrame]] = {}
"""What DuckDB gives, by question: both clusters are compared with it."""


@pytest.fixture(scope="module")
def cluster(remote: str) -> Iterator[Spark]:
    with Spark.connect(engine_at(remote)) as session:
        yield session


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_answers_are_those_of_duckdb(cluster: Spark, file: Path) -> None:
    with ExitStack() as opened:
        worlds: dict[str, Engine] = {}
        there = None
        for case in (one for one in CASES if one.file == file):
            said = {key: value for key, value in {**case.said, **case.question}.items() if key in WORLD}
            world = repr(said)
            if world not in worlds:
                worlds[world] = opened.enter_context(_engine(case.said["metrics"], said))
            if there != world:
                put_there(cluster, worlds[world])
                there = world
            _compare(case, worlds[world], replace(worlds[world], partials=partials_on(cluster)))


def _compare(case: Case, here: Engine, there: Engine) -> None:
    if str(case) not in ANSWERS:
        ANSWERS[str(case)] = _answers(case, here)
    found = _answers(case, there)
    for name, table in ANSWERS[str(case)].items():
        _assert_equal(found[name], table, f"{case}: {name}")


def _answers(case: Case, engine: Engine) -> dict[str, pl.DataFrame]:
    asks = case.asks
    if asks.pop("as", "query") == "kpi_table":
        return engine.kpi_table(case.metrics, **asks)
    return {case.question["name"]: engine.query(case.metrics, **asks)}


def _assert_equal(found: pl.DataFrame, wanted: pl.DataFrame, about: str) -> None:
    try:
        # NOTE: order, types and all; of sums of floats, as of quotients, the last bits may differ.
        assert_frame_equal(found, wanted, rel_tol=1e-12, abs_tol=1e-12)
    except AssertionError as problem:
        raise AssertionError(f"{about}\n{problem}") from None
