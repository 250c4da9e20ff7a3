"""A source that is loaded from another asset: read under Dagster through that asset's IO manager, and only there."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import duckdb
import polars as pl

from kpi_pipeline.orchestration.build import definitions_at
from tests.project import kpi

SHOP = """
project: {name: shop, as_of: data, warehouse: warehouse.duckdb, publish: {duckdb: published/kpi.duckdb, scorecard: null}}
sources:
  - name: visits
    connector: {type: asset, asset: web/visits}
    load: {mode: append, cursor: day}
models:
  - {name: days, table: raw.visits, agg_time_dimension: day}
metrics:
  - {name: visitors, type: simple, model: days, agg: sum, expr: visitors, unit: count}
teams: [{name: web}]
people: [{name: ann, team: web}]
goals:
  - {name: grow, statement: More visitors come every month, team: web, owner: ann}
kpis:
  - {name: monthly_visitors, metric: visitors, goal: grow, team: web, owner: ann, direction: up, grain: month}
"""
DAYS = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 2, 10), eager=True)
ROWS = pl.DataFrame({"day": DAYS, "visitors": [10] * len(DAYS)})


@dg.asset(key=["web", "visits"])
def visits() -> pl.DataFrame:
    return ROWS


def test_its_value_is_loaded_under_dagster_and_stays_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "shop.yaml").write_text(SHOP, encoding="utf-8")
    alone = kpi("run", "--project", str(tmp_path))
    alone.refuses(3, "'visits' is loaded from the Dagster asset web/visits, which only Dagster can read")

    ours = definitions_at(tmp_path / "definitions", prefix="shop")
    raw = dg.AssetKey(["shop", "raw", "visits"])
    together = dg.Definitions.merge(ours, dg.Definitions(assets=[visits]))
    graph = together.resolve_asset_graph()
    assert graph.get(raw).parent_keys == {visits.key}
    job = together.resolve_implicit_global_asset_job_def()
    with dg.instance_for_test() as instance:
        without = job.execute_in_process(instance=instance, asset_selection=[raw], raise_on_error=False)
        failure = without.get_step_failure_events()[0].step_failure_data
        assert failure.user_failure_data.label == "intentional-failure"
        assert "Hint: materialize it first" in str(failure)
        assert job.execute_in_process(instance=instance).success
        assert job.execute_in_process(instance=instance, asset_selection=[raw]).success

    said = kpi("run", "--project", str(tmp_path))
    assert said.code == 0
    assert "comes from the Dagster asset web/visits, so it is loaded under Dagster only; it stays as of" in said.err
    assert duckdb.connect(str(tmp_path / "published" / "kpi.duckdb")).sql(
        "FROM kpi_value SELECT sum(value)"
    ).fetchall() == [(410.0,)]
