"""The sensor that tells people what happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

import dagster as dg
import pytest

from kpi_pipeline.orchestration import telling
from kpi_pipeline.store import Warehouse
from tests.notify.servers import Hook, hook
from tests.orchestration.conftest import Shop

ZONE = "  currency: GBP\n"
LOG = "  notify: [{on: [status_change, run_failed, check_failed, review_overdue], to: {type: log}}]\n"

Look = Callable[[], str]


def look_of(shop: Shop) -> Look:
    """Looks as Dagster does, from where the last look ended, and gives the reason for starting no run."""
    (sensor,) = (one for one in shop.definitions.sensors or () if one.name == "shop_notify")
    assert isinstance(sensor, dg.SensorDefinition)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    cursor: list[str | None] = [None]

    def look() -> str:
        context = dg.build_sensor_context(instance=shop.instance, cursor=cursor[0])
        result = sensor(context)
        cursor[0] = context.cursor
        assert isinstance(result, dg.SkipReason)
        return str(result.skip_message)

    return look


@pytest.fixture
def logged(shop: Shop) -> Shop:
    shop.edit(ZONE, ZONE + LOG)
    return shop


def test_without_anybody_to_tell_there_is_no_sensor(shop: Shop) -> None:
    assert not shop.definitions.sensors


def test_it_tells_after_runs_and_skips_what_it_knows(logged: Shop) -> None:
    look = look_of(logged)
    assert look() == "Nothing was published yet."
    logged.materialize()
    assert look() == "Nothing new to tell."
    assert look() == "Nothing has changed since the last look."
    logged.write("lines/bad.csv", "invoice,sold_at,quantity,price\n9,2024-04-02,1,\n")
    assert not logged.materialize().success
    assert look() == "2 messages sent."
    assert look() == "Nothing has changed since the last look."


def test_a_run_that_is_writing_is_not_disturbed(logged: Shop) -> None:
    logged.materialize()
    look = look_of(logged)
    with Warehouse.open(logged.root / "warehouse.duckdb"):
        assert look() == "A run is writing to the warehouse; the next look tells."
    assert look() == "Nothing new to tell."


class Later(datetime):
    """Two minutes on, in the same hour, so that only the pause is over."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + timedelta(minutes=2)


def told_of(there: Hook) -> list[str]:
    return [one["event"] for one in there.posted]


def test_what_does_not_get_through_is_tried_at_the_next_look_and_then_ever_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hook(404, 404, 200) as there:
        monkeypatch.setenv("SHOP_HOOK", there.url)
        to = '{on: [status_change], to: {type: webhook, url: "${SHOP_HOOK}"}}'
        shop.edit(ZONE, f"{ZONE}  notify:\n    - {to}\n")
        shop.materialize()
        look = look_of(shop)
        look()
        shop.write("lines/more.csv", "invoice,sold_at,quantity,price\n7,2024-03-10,1,2\n8,2024-04-02,1,5\n")
        shop.write("visits.csv", "day,visitors\n2024-01-31,100\n2024-02-29,150\n2024-03-31,7\n2024-04-01,7\n")
        shop.materialize()
        before = told_of(there)
        first, second, third = look(), look(), look()
        assert before == []
        assert (first, second) == ("1 message to be tried again.",) * 2
        assert third.startswith("What did not get through is tried again after ")
        assert told_of(there) == ["status_change"] * 2
        monkeypatch.setattr(telling, "datetime", Later)
        assert look() == "1 message sent."
        assert told_of(there) == ["status_change"] * 3
        assert look() == "Nothing has changed since the last look."
