"""A run that is asked to compute again what did not change: from a day on, or everything."""

from __future__ import annotations

from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster._core.events import StepFailureData

from tests.orchestration.conftest import Shop

MONTHS = "SELECT period_label, value FROM kpi_value WHERE kpi = 'monthly_order_value' AND is_complete ORDER BY 1"


def launched(shop: Shop, config: dict[str, Any] | None = None, *selected: str) -> dg.ExecuteInProcessResult:
    """The project's job with what somebody wrote into the launchpad."""
    return shop.definitions.resolve_job_def("shop_job").execute_in_process(
        {"ops": {"shop": {"config": config}}} if config else None,
        instance=shop.instance,
        raise_on_error=False,
        asset_selection=[dg.AssetKey(one.split("/")) for one in selected] or None,
    )


def why(failed: dg.ExecuteInProcessResult) -> str:
    """What is said of the step that failed."""
    [data] = [one.event_specific_data for one in failed.all_events if one.is_step_failure]
    assert isinstance(data, StepFailureData)
    return str(data.error)


def months(shop: Shop) -> list[tuple[str, float]]:
    """What readers see of complete months."""
    with duckdb.connect(str(shop.root / "published/kpi.duckdb"), read_only=True) as reader:
        return reader.execute(MONTHS).fetchall()


@pytest.fixture
def tampered(shop: Shop) -> Shop:
    """A shop that has run, whose rows were changed in the warehouse by somebody else: no run can notice."""
    assert launched(shop).success
    with duckdb.connect(str(shop.root / "warehouse.duckdb")) as warehouse:
        warehouse.execute("UPDATE raw.lines SET price = price * 2")
    return shop


@pytest.mark.parametrize(
    ("config", "published"),
    [
        (None, [("2024-01", 20.0), ("2024-02", 30.0)]),
        ({"since": "2024-02-01"}, [("2024-01", 20.0), ("2024-02", 60.0)]),
        ({"since": "2024-02"}, [("2024-01", 20.0), ("2024-02", 60.0)]),
        ({"since": "2024"}, [("2024-01", 40.0), ("2024-02", 60.0)]),
        ({"full": True}, [("2024-01", 20.0), ("2024-02", 30.0)]),
    ],
)
def test_days_are_computed_again_from_the_one_asked_for(
    tampered: Shop, config: dict[str, Any] | None, published: list[tuple[str, float]]
) -> None:
    assert launched(tampered, config).success
    assert months(tampered) == published


def test_full_reads_the_sources_again(tampered: Shop) -> None:
    assert launched(tampered, {"full": True}, "raw/lines").success
    with duckdb.connect(str(tampered.root / "warehouse.duckdb")) as warehouse:
        assert warehouse.execute("SELECT sum(price) FROM raw.lines").fetchone() == (45,)


def test_a_selection_is_computed_again_alone(tampered: Shop) -> None:
    ran = launched(tampered, {"since": "2024-02"}, "kpi/monthly_order_value")
    assert ran.success
    assert months(tampered) == [("2024-01", 20.0), ("2024-02", 60.0)]


@pytest.mark.parametrize(
    ("config", "selected", "said"),
    [
        ({"since": "soon"}, (), "'soon' (since) names no day and no period"),
        ({"since": "2024-02"}, ("raw/lines",), "'since' computes metrics and KPIs again, and none is selected"),
    ],
)
def test_what_cannot_be_done_is_refused_in_plain_words(
    shop: Shop, config: dict[str, Any], selected: tuple[str, ...], said: str
) -> None:
    failed = launched(shop, config, *selected)
    assert not failed.success
    assert said in why(failed)


def test_the_launchpad_knows_what_can_be_asked_for(shop: Shop) -> None:
    schema = shop.assets.op.config_schema.config_type
    assert schema is not None
    assert set(schema.fields) == {"since", "full"}  # type: ignore[attr-defined]
    with pytest.raises(dg.DagsterInvalidConfigError, match="until"):
        launched(shop, {"until": "2024-03"})
