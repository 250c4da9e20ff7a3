"""On any few rows and definitions the engine says what a slow and obvious one says."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from math import isclose
from typing import Any

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine import Engine, engine
from tests.properties.drawn import EVERYWHERE, Drawn, answered, projects

EXAMPLES = int(os.environ.get("KPI_EXAMPLES", "80"))
"""How many projects are drawn; `KPI_EXAMPLES=5000` looks longer."""


@given(
    project=projects(),
    grain=st.sampled_from([None, "day", "week", "month", "quarter", "year"]),
    by=st.sampled_from([[], ["country"]]),
    where=st.sampled_from([None, None, *EVERYWHERE]),
    dense=st.booleans(),
)
@settings(
    max_examples=EXAMPLES,
    derandomize="KPI_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.generate, Phase.shrink)
    if "KPI_EXAMPLES" in os.environ
    else (Phase.explicit, Phase.generate),
)
def test_every_value(project: Drawn, grain: str | None, by: list[str], where: str | None, dense: bool) -> None:
    slow = project.given(where)
    with _engine(project) as here:
        names = answered(here, list(slow.metrics), grain=grain, by=by)
        if not names:
            return
        tables = here.kpi_table(names, grain=grain, by=by, where=where, dense=dense, compared=grain is not None)
    keys = [*(["period_start"] if grain else []), *by]
    for name in names:
        _assert_equal(slow.table(name, grain, by, dense=dense), tables[name], keys, "value", name)
        if grain:
            for column, window in (("previous_value", f"1 {grain}"), ("year_ago_value", "1 year")):
                earlier = slow.table(name, grain, by, dense=dense, earlier=window)
                _assert_equal(earlier, tables[name], keys, column, name)


def _engine(project: Drawn) -> AbstractContextManager[Engine]:
    return engine(
        project.tables,
        metrics=project.metrics,
        settings=project.settings,
        sources=project.sources,
        through=project.through,
    )


def _assert_equal(
    wanted: dict[tuple[Any, ...], Any], table: pl.DataFrame, keys: list[str], column: str, name: str
) -> None:
    got = {row[:-1]: row[-1] for row in table.select(*keys, column).iter_rows()}
    assert got.keys() == wanted.keys(), (name, column, sorted(map(str, got.keys() ^ wanted.keys())))
    different = {key: (got[key], wanted[key]) for key in got if not _same(got[key], wanted[key])}
    assert not different, f"{name}, {column}: (got, wanted) {different}"


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-7)


@given(project=projects(), grain=st.sampled_from(["day", "week", "month"]), dense=st.booleans())
@settings(
    max_examples=EXAMPLES // 4,
    derandomize="KPI_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.generate),
)
def test_condition_gives_the_row_of_the_breakdown(project: Drawn, grain: str, dense: bool) -> None:
    with _engine(project) as here:
        names = answered(here, list(project.reference.metrics), grain=grain, by=["country"])
        if not names:
            return
        asks: dict[str, Any] = {"grain": grain, "by": ["country"], "dense": dense}
        broken_down = here.kpi_table(names, **asks)
        narrowed = here.kpi_table(names, **asks, where="country = 'FR'")
    for name in names:
        assert narrowed[name].equals(broken_down[name].filter(pl.col("country") == "FR")), name
