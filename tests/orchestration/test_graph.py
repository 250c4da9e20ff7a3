"""The asset graph says what the definitions say."""

from __future__ import annotations

import pytest
from dagster import Definitions

from kpi_pipeline.orchestration.keys import names
from tests.orchestration.conftest import ALL, LINK, Shop


@pytest.mark.parametrize(
    ("asset", "made_from"),
    [
        ("raw/lines", set()),
        ("model/order_lines", {"raw/lines"}),
        ("metric/sales", {"model/order_lines"}),
        ("metric/order_value", {"metric/sales", "metric/orders"}),
        ("kpi/monthly_order_value", {"metric/order_value"}),
        ("indicators/evidence", {"kpi/monthly_order_value", "kpi/monthly_visitors"}),
        ("published/snapshot", {"kpi/monthly_order_value", "kpi/monthly_visitors", "indicators/evidence"}),
        ("published/scorecard", {"published/snapshot"}),
    ],
)
def test_every_asset_depends_on_what_it_is_made_from(shop: Shop, asset: str, made_from: set[str]) -> None:
    assert names(dep.asset_key for dep in shop.spec(asset).deps) == made_from


def test_a_project_without_links_has_no_evidence(shop: Shop) -> None:
    shop.edit(LINK, "")
    assert names(shop.assets.keys) == ALL - {"indicators/evidence"}


def test_definitions_load_and_name_every_asset(shop: Shop) -> None:
    Definitions.validate_loadable(shop.definitions)
    assert names(shop.assets.keys) == ALL


def test_a_kpi_carries_what_its_definition_says(shop: Shop) -> None:
    kpi = shop.spec("kpi/monthly_order_value")
    assert kpi.group_name == "grow"
    assert list(kpi.owners) == ["team:commercial", "ann@example.org"]
    assert {"polars", "kpi"} <= kpi.kinds
    assert {key: value for key, value in kpi.tags.items() if not key.startswith("dagster/")} == {
        "indicator": "lagging",
        "direction": "up",
        "grain": "month",
        "goal": "grow",
        "framework": "balanced_scorecard",
        "perspective": "financial",
    }
    assert "What a customer spends at a time." in (kpi.description or "")
    assert "A lagging indicator by its definitions" in (kpi.description or "")
    assert shop.spec("kpi/monthly_visitors").tags["indicator"] == "leading"


def test_the_code_version_follows_the_definition(shop: Shop) -> None:
    def versions() -> dict[str, str | None]:
        return {name: shop.spec(name).code_version for name in ALL}

    before = versions()
    shop.edit("agg: sum, expr: amount", "agg: sum, expr: amount / 2")
    changed = {name for name, version in versions().items() if version != before[name]}
    assert changed == {
        "metric/sales", "metric/order_value", "kpi/monthly_order_value", "published/snapshot", "published/scorecard",
    }  # fmt: skip


def test_freshness_follows_recency_and_grain(shop: Shop) -> None:
    def days(name: str) -> int | None:
        policy = shop.spec(name).freshness_policy
        return policy.fail_window.to_timedelta().days if policy else None  # type: ignore[attr-defined]

    assert (days("raw/lines"), days("raw/visits"), days("kpi/monthly_visitors")) == (4, None, 32)
