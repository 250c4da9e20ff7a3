"""Two projects in one Dagster, each below a prefix of its own."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from kpi_pipeline.orchestration.build import definitions_at
from kpi_pipeline.orchestration.keys import names
from tests.orchestration.conftest import ALL, SHOP, Outcome, Shop


@pytest.fixture
def both(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """The shop, and another one with the same sources and KPIs."""
    other = Shop(tmp_path_factory.mktemp("other"), shop.instance)
    other.write("definitions/shop.yaml", SHOP.replace("name: shop", "name: other", 1))
    return dg.Definitions.merge(
        definitions_at(shop.root / "definitions", prefix="uk"), definitions_at(other.root / "definitions", prefix="fr")
    )


def test_each_project_has_its_own_assets_checks_and_runs(both: dg.Definitions, shop: Shop) -> None:
    graph = both.resolve_asset_graph()
    assert names(graph.get_all_asset_keys()) == {f"{place}/{name}" for place in ("uk", "fr") for name in ALL}
    assert names(graph.get(dg.AssetKey(["fr", "kpi", "monthly_visitors"])).parent_keys) == {"fr/metric/visitors"}

    job = both.resolve_job_def("uk_job")
    ran = Outcome(job.execute_in_process(instance=shop.instance, raise_on_error=False))
    assert ran.success
    assert ran.materialized == {f"uk/{name}" for name in ALL}
    assert ran.checks["uk/raw/lines", "every_line_is_priced"].passed
    assert ran.checks["uk/kpi/monthly_visitors", "sound"].passed
    lineage = ran.metadata["uk/metric/sales"]["dagster/column_lineage"]
    assert names(one.asset_key for one in lineage.deps_by_column["value"]) == {"uk/model/order_lines"}


def test_a_selection_below_a_prefix_is_what_was_asked_for(both: dg.Definitions, shop: Shop) -> None:
    [assets] = [one for one in both.assets or () if isinstance(one, dg.AssetsDefinition) and one.op.name == "uk"]
    asked = dg.AssetSelection.assets(["uk", "raw", "lines"])
    ran = Outcome(dg.materialize([assets], selection=asked, instance=shop.instance, raise_on_error=False))
    assert ran.materialized == {"uk/raw/lines"}
    assert {asset for asset, _ in ran.checks} == {"uk/raw/lines"}


def test_a_prefix_is_a_name(tmp_path: Path) -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="The prefix 'UK/1' is no name"):
        definitions_at(tmp_path, prefix="UK/1")
