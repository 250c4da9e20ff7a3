"""How far the rows reach: touched days, the newest row, until when a source is complete."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kpi_pipeline.store.state import prepare_state
from kpi_pipeline.store.warehouse import Warehouse
from tests.ingest.conftest import NOW, Bench, orders


def test_touched_days_cover_old_and_new_rows_of_changed_files(bench: Bench) -> None:
    source = orders(load={"mode": "append", "cursor": "at"})
    bench.write("data/a.csv", "at\n2016-01-01 10:00\n")
    bench.write("data/b.csv", "at\n2016-02-10 10:00\n2016-02-12 10:00\n")
    assert bench.load(source).touched is None
    bench.write("data/b.csv", "at\n2016-02-11 10:00\n")
    staged = bench.load(source)
    assert staged.touched == (date(2016, 2, 10), date(2016, 2, 12))
    assert staged.newest == datetime.fromisoformat("2016-02-11 10:00")
    bench.write("data/c.csv", "at\n\n2016-03-01 10:00\n")
    assert bench.load(source).touched is None


def test_a_business_day_is_the_projects(bench: Bench) -> None:
    bench.write("data/a.csv", "at\n2016-01-01 23:30\n")
    bench.write("data/b.csv", "at\n2015-01-01 00:00\n")
    source = orders(load={"mode": "append", "cursor": "at"}, timezone="UTC")
    bench.load(source, timezone="Europe/Berlin")
    bench.write("data/a.csv", "at\n2016-01-01 23:31\n")
    staged = bench.load(source, timezone="Europe/Berlin")
    assert staged.touched == (date(2016, 1, 2), date(2016, 1, 2))
    assert staged.state.newest_day == date(2016, 1, 2)


@pytest.mark.parametrize(
    ("through", "expected"),
    [
        ({}, date(2016, 5, 17)),
        ({"delay": "2 days"}, date(2016, 5, 15)),
        ({"grain": "week"}, date(2016, 5, 23)),
        ({"grain": "month"}, date(2016, 6, 1)),
        ({"grain": "quarter"}, date(2016, 7, 1)),
        ({"grain": "year", "delay": "1 month"}, date(2016, 12, 1)),
    ],
)
def test_complete_before(bench: Bench, through: dict[str, str], expected: date) -> None:
    bench.write("data/a.csv", "at\n2016-05-16\n2016-05-17\n")
    staged = bench.load(orders(load={"cursor": "at"}, complete_through=through))
    assert staged.state.complete_before == expected


def test_a_row_in_the_future_does_not_make_everything_complete(bench: Bench) -> None:
    bench.write("data/a.csv", "at\n2016-05-17\n2099-01-01\n")
    staged = bench.load(orders(load={"cursor": "at"}), now=datetime(2016, 6, 1, tzinfo=UTC))
    assert staged.newest == date(2016, 5, 17)
    assert staged.notes == ("1 rows are dated after today, the last on 2099-01-01",)


def test_without_a_time_nothing_limits_and_a_cursor_that_is_none_says_so(bench: Bench) -> None:
    bench.write("data/a.csv", "at\nx\n")
    assert bench.load(orders()).state.complete_before is None
    staged = bench.load(orders(load={"cursor": "at"}))
    assert staged.notes == ("cursor 'at' is VARCHAR, not a time: no day is known to be complete",)


FAR_WEST, FAR_EAST = "Pacific/Pago_Pago", "Pacific/Kiritimati"
MOMENTS = st.one_of(
    st.integers(-96, 96).map(lambda hours: NOW.replace(tzinfo=None) + timedelta(hours=hours)),
    st.datetimes(datetime(1, 1, 1), datetime(2200, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
)


@settings(max_examples=40)
@given(st.lists(MOMENTS, min_size=1, max_size=6), st.sampled_from([(FAR_WEST, FAR_EAST), (FAR_EAST, FAR_WEST)]))
@example([datetime(1, 1, 1)], (FAR_WEST, FAR_EAST))
@example([datetime(2016, 6, 1, 23, 30), datetime(2016, 5, 31, 10)], (FAR_WEST, FAR_EAST))
def test_the_newest_row_is_found_across_zones(moments: list[datetime], zones: tuple[str, str]) -> None:
    there, here = (ZoneInfo(zone) for zone in zones)
    today = NOW.astimezone(here).date()
    dated = [(moment.replace(tzinfo=there).astimezone(here).date(), moment) for moment in moments if moment.year > 1]
    dated += [(moment.date(), moment) for moment in moments if moment.year == 1]
    past = [one for one in dated if one[0] <= today] or [min(dated)]
    with tempfile.TemporaryDirectory() as folder, Warehouse.in_memory() as warehouse:
        prepare_state(warehouse)
        bench = Bench(Path(folder), warehouse)
        bench.write("data/a.csv", "\n".join(["at", *(moment.isoformat(" ") for moment in moments)]))
        columns = {"at": {"type": "timestamp"}}
        source = orders(load={"cursor": "at"}, timezone=zones[0], columns=columns)
        staged = bench.load(source, timezone=zones[1])
    assert staged.newest == max(moment for _, moment in past)
    if all(moment.year > 1 for moment in moments):
        assert staged.state.newest_day == max(day for day, _ in past)
    assert bool(staged.notes) == any(day > today for day, _ in dated)
