"""A shop of two sources, small enough to read, as a Dagster project."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from kpi_pipeline.orchestration.build import definitions_at
from kpi_pipeline.orchestration.keys import names

# NOTE: schedules fire once a minute, so it takes minutes; and dagster-postgres brings a driver under the LGPL, so it is
# not among what we install. Who has it tries the production guide with `pytest tests/orchestration/test_production.py`.
collect_ignore = [] if find_spec("dagster_postgres") else ["test_production.py"]

SHOP = """
project:
  name: shop
  timezone: Europe/London
  currency: GBP
  as_of: data
  schedule: {cron: "0 6 * * *"}
  publish: {duckdb: published/kpi.duckdb, scorecard: published/scorecard, grains: [month]}
  warehouse: warehouse.duckdb
sources:
  - name: lines
    connector: {type: file, path: lines/*.csv}
    load: {mode: append, cursor: sold_at}
    checks:
      - {type: not_null, name: every line is priced, columns: [price]}
      - {type: accepted_range, name: no free gifts, column: price, min: 1, severity: warn}
      - {type: recency, column: sold_at, within: 3 days}
  - name: visits
    connector: {type: file, path: visits.csv}
    load: {mode: full, cursor: day}
models:
  - name: order_lines
    sql: SELECT invoice, sold_at, quantity * price AS amount FROM raw.lines
    agg_time_dimension: sold_at
    checks: [{type: not_null, columns: [invoice]}]
  - {name: days, table: raw.visits, agg_time_dimension: day}
metrics:
  - {name: sales, type: simple, model: order_lines, agg: sum, expr: amount, unit: currency, owner: ann}
  - {name: orders, type: simple, model: order_lines, agg: count_distinct, expr: invoice, unit: count}
  - {name: order_value, type: ratio, numerator: sales, denominator: orders, unit: currency}
  - {name: visitors, type: simple, model: days, agg: sum, expr: visitors, unit: count}
teams: [{name: commercial}]
people: [{name: ann, team: commercial, email: ann@example.org}]
goals:
  - {name: grow, statement: Sell more, framework: balanced_scorecard, perspective: financial, team: commercial}
kpis:
  - name: monthly_order_value
    description: What a customer spends at a time.
    metric: order_value
    goal: grow
    team: commercial
    owner: ann
    direction: up
    grain: month
    target: {type: at_least, values: [{from: 2024-01, value: 20}]}
  - {name: monthly_visitors, metric: visitors, goal: grow, team: commercial, direction: up, grain: month}
"""
LINK = "links: [{from: monthly_visitors, to: monthly_order_value, lag: 1 month, because: who looks around buys later}]"
SHOP += f"{LINK}\n"
LINES = "invoice,sold_at,quantity,price\n1,2024-01-05,2,10\n2,2024-02-03,1,30\n3,2024-03-01,1,5\n"
VISITS = "day,visitors\n2024-01-31,100\n2024-02-29,150\n2024-03-01,7\n"


class Shop:
    """The project's files, and what Dagster makes of them."""

    def __init__(self, root: Path, instance: dg.DagsterInstance) -> None:
        self.root = root
        self.instance = instance
        self.write("definitions/shop.yaml", SHOP)
        self.write("lines/2024.csv", LINES)
        self.write("visits.csv", VISITS)

    def write(self, name: str, text: str) -> None:
        """Writes a file below the project's root."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def edit(self, old: str, new: str) -> None:
        """Replaces something in the definitions."""
        assert old in SHOP
        self.write("definitions/shop.yaml", SHOP.replace(old, new))

    @property
    def definitions(self) -> dg.Definitions:
        """The definitions as they are written now."""
        return definitions_at(self.root / "definitions")

    @property
    def assets(self) -> dg.AssetsDefinition:
        """The one step that makes all assets."""
        (assets,) = self.definitions.assets or ()
        assert isinstance(assets, dg.AssetsDefinition)
        return assets

    def spec(self, name: str) -> dg.AssetSpec:
        """An asset's definition."""
        return self.assets.specs_by_key[dg.AssetKey(name.split("/"))]

    def materialize(self, *selected: str) -> Outcome:
        """Runs what is selected, or everything, in this process."""
        selection = dg.AssetSelection.assets(*(one.split("/") for one in selected)) if selected else None
        return Outcome(dg.materialize([self.assets], selection=selection, instance=self.instance, raise_on_error=False))


class Outcome:
    """What a run told Dagster."""

    def __init__(self, result: dg.ExecuteInProcessResult) -> None:
        self.success = result.success
        self.metadata: dict[str, dict[str, Any]] = {}
        for event in result.get_asset_materialization_events():
            (name,) = names([event.materialization.asset_key])
            self.metadata[name] = {key: value.value for key, value in event.materialization.metadata.items()}
        self.checks = {
            ("/".join(one.asset_key.path), one.check_name): one for one in result.get_asset_check_evaluations()
        }
        self.failures = [
            f"{event.event_specific_data.error}"
            for event in result.all_events
            if event.is_step_failure  # type: ignore[union-attr]
        ]

    @property
    def materialized(self) -> set[str]:
        """The names of the assets that were materialized."""
        return set(self.metadata)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose Dagster remembers nothing from test to test."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Shop(tmp_path, instance)


ALL = {
    "raw/lines", "raw/visits", "model/order_lines", "model/days", "metric/sales", "metric/orders", "metric/order_value",
    "metric/visitors", "kpi/monthly_order_value", "kpi/monthly_visitors", "indicators/evidence", "published/snapshot",
    "published/scorecard",
}  # fmt: skip
