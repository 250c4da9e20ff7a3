"""An incremental run and a full one publish equal tables, whatever arrived in between."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kpi_pipeline.load import load
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Series
from kpi_pipeline.project import Project
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.state import prepare_state
from tests.properties.computed import computed

Line = tuple[object, ...]
Values = dict[Series, pl.DataFrame]

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
FIRST = date(2024, 1, 1)

DEFINITIONS = """
project:
  name: shop
  as_of: data
  timezone: Europe/London
  publish: {scorecard: null, grains: [week, month]}
sources:
  - name: sales
    connector: {type: file, path: data/sales/*.csv}
    load: {mode: append, cursor: sold_at}
    timezone: UTC
    columns:
      sold_at: {type: timestamp}
      paid_on: {type: date}
      customer: {type: text}
      country: {type: text}
      amount: {type: decimal}
      weight: {type: number}
models:
  - name: sales
    sql: SELECT * FROM raw.sales WHERE country IS NULL OR country <> 'XX'
    agg_time_dimension: sold_at
    dimensions: [country, {name: paid_on, type: time}]
metrics:
  - {name: amount, type: simple, model: sales, agg: sum, expr: amount}
  - {name: weight, type: simple, model: sales, agg: sum, expr: weight}
  - {name: customers, type: simple, model: sales, agg: count_distinct, expr: customer}
  - {name: unpaid, type: simple, model: sales, agg: sum, expr: amount, active: {from: sold_at, to: paid_on}}
  - {name: buyers_unpaid, type: simple, model: sales, agg: count_distinct, expr: customer,
     active: {from: sold_at, to: paid_on, at: average}}
  - {name: last_weight, type: simple, model: sales, agg: sum, expr: weight,
     non_additive_dimension: {name: sold_at, window_agg: max, window_groupings: [country], carry_forward: true}}
  - {name: lowest_weight, type: simple, model: sales, agg: sum, expr: weight,
     non_additive_dimension: {name: sold_at, window_agg: lowest, window_groupings: [country]}}
  - {name: median_amount, type: simple, model: sales, agg: median, expr: amount}
  - {name: lightest, type: simple, model: sales, agg: min, expr: weight, filter: amount > 1}
  - {name: paid, type: simple, model: sales, agg: sum, expr: amount, agg_time_dimension: paid_on}
  - {name: paid_share, type: ratio, numerator: paid, denominator: amount}
  - {name: customers_14d, type: cumulative, input_metric: customers, window: 14 days}
  - {name: growth, type: derived, expr: amount - before,
     input_metrics: [amount, {name: amount, alias: before, offset_window: 1 week}]}
teams: [{name: sales}]
people: [{name: ann, team: sales}]
goals: [{name: grow, statement: Sell more to the same customers, team: sales, owner: ann}]
kpis:
  - {name: weekly_amount, metric: amount, goal: grow, team: sales, owner: ann, direction: up, grain: week,
     breakdowns: [[], [country]], segments_at_most: 1,
     target: {type: at_least, values: [{from: 2024-01, value: 5}]}}
  - {name: weekly_paid_share, metric: paid_share, goal: grow, team: sales, owner: ann, direction: up, grain: week}
"""

moments = st.integers(0, 40 * 24).map(
    lambda hours: datetime.combine(FIRST, datetime.min.time()) + timedelta(hours=hours)
)
line = st.tuples(
    moments,
    st.one_of(st.none(), st.integers(0, 45).map(lambda days: FIRST + timedelta(days=days))),
    st.sampled_from(["ann", "bob", "eve", ""]),
    st.sampled_from(["FR", "UK", "XX", ""]),
    st.one_of(st.just(""), st.integers(-500, 500).map(lambda cents: f"{cents / 100:.2f}")),
    st.sampled_from(["", "0.1", "0.2", "0.7", "1e-3"]),
)
one_file = st.lists(line, min_size=1, max_size=6)
# Each step writes one of three files: a new one is an append, one that was there before a correction.
steps = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), one_file), min_size=2, max_size=3)


@given(steps=steps)
@settings(max_examples=10, derandomize=True, phases=(Phase.explicit, Phase.generate))  # shrinking is slow
def test_incremental_equals_full(steps: list[tuple[str, list[Line]]]) -> None:
    with _project() as (project, warehouse):
        incremental: Values = {}
        for name, lines in steps:
            _write(project, name, lines)
            incremental = computed(project, warehouse, now=NOW)
        _assert_equal(incremental, computed(project, warehouse, now=NOW, full=True))


def test_late_row_belongs_to_old_days_by_another_time_column() -> None:
    with _project() as (project, warehouse):
        _write(project, "a", [("2024-01-03 00:00:00", date(2024, 1, 5), "ann", "FR", "2.50", "0.1")])
        computed(project, warehouse, now=NOW)
        _write(project, "b", [("2024-02-09 00:00:00", date(2024, 1, 6), "bob", "FR", "4.00", "0.2")])
        values = computed(project, warehouse, now=NOW)
        paid = values[Series("paid", Grain.month)].select("period_start", "value").rows()
        assert paid == [(date(2024, 1, 1), 6.5), (date(2024, 2, 1), 0)]


def test_second_run_computes_the_same() -> None:
    with _project() as (project, warehouse):
        _write(project, "a", [("2024-01-03 10:00:00", date(2024, 1, 5), "ann", "FR", "2.50", "0.1")])
        _assert_equal(computed(project, warehouse, now=NOW), computed(project, warehouse, now=NOW))


class Open(Warehouse):
    """Reads files again after a run; runs themselves open a warehouse anew."""

    def shut(self, *writable: Path) -> None:
        """Nothing: what SQL may reach is tested elsewhere."""


@contextmanager
def _project() -> Iterator[tuple[Project, Warehouse]]:
    with tempfile.TemporaryDirectory() as folder, Open.in_memory() as warehouse:
        root = Path(folder)
        (root / "definitions").mkdir()
        (root / "data" / "sales").mkdir(parents=True)
        (root / "definitions" / "all.yaml").write_text(DEFINITIONS, encoding="utf-8")
        prepare_state(warehouse)
        yield load(root / "definitions"), warehouse


def _write(project: Project, name: str, lines: list[Line]) -> None:
    head = "sold_at,paid_on,customer,country,amount,weight"
    rows = [",".join("" if value is None else str(value) for value in one) for one in lines]
    project.path(f"data/sales/{name}.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def _assert_equal(one: Values, other: Values) -> None:
    assert one.keys() == other.keys()
    for series, frame in one.items():
        assert frame.equals(other[series]), f"{series}\n{frame}\n{other[series]}"
