"""Assets whose rows stay in a lakehouse do not claim to be loaded."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from kpi_pipeline.orchestration.build import definitions_at

PROJECT = """
project: {name: lake, engine: {type: spark, remote: "sc://lake.example.org:15002"}}
sources:
  - {name: sales, connector: {type: lakehouse, path: "s3a://lake/sales"}, load: {cursor: at}}
  - {name: stores, connector: {type: file, path: stores.csv}}
models:
  - {name: sales, table: raw.sales, agg_time_dimension: at, dimensions: [country]}
  - {name: stores, table: raw.stores, dimensions: [city]}
metrics:
  - {name: revenue, type: simple, model: sales, agg: sum, expr: amount}
"""


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> dg.AssetsDefinition:
    folder: Path = tmp_path_factory.mktemp("lake") / "definitions"
    folder.mkdir()
    (folder / "lake.yaml").write_text(PROJECT, encoding="utf-8")
    (found,) = definitions_at(folder).assets or ()
    assert isinstance(found, dg.AssetsDefinition)
    return found


def test_a_source_says_that_its_rows_stay(assets: dg.AssetsDefinition) -> None:
    there, loaded = (assets.specs_by_key[dg.AssetKey(["raw", name])] for name in ("sales", "stores"))
    assert there.description == "Its rows stay at `s3a://lake/sales` and are read there."
    assert there.kinds == {"spark", "lakehouse"}
    assert "load" not in there.tags
    assert loaded.description == "Loaded from `stores.csv`, full."
    assert loaded.kinds == {"duckdb", "csv"}
    assert loaded.tags["load"] == "full"


def test_a_model_is_of_the_engine_that_has_its_rows(assets: dg.AssetsDefinition) -> None:
    kinds = {name: assets.specs_by_key[dg.AssetKey(["model", name])].kinds for name in ("sales", "stores")}
    assert kinds == {"sales": {"spark", "view"}, "stores": {"duckdb", "view"}}
