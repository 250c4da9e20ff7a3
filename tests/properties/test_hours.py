"""Whatever the clocks do, hours add up to their days, and what accumulates by hour is what plain Python counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine import Engine, Table, engine

Visit = tuple[datetime, str | None, int | None]
HOUR = timedelta(hours=1)

METRICS: list[dict[str, Any]] = [
    {"name": "amount", "type": "simple", "model": "visits", "agg": "sum", "expr": "amount"},
    {"name": "made", "type": "simple", "model": "visits", "agg": "count"},
    {"name": "people", "type": "simple", "model": "visits", "agg": "count_distinct", "expr": "person"},
    {"name": "least", "type": "simple", "model": "visits", "agg": "min", "expr": "amount"},
]
WINDOWS = {"3 hours": "w3h", "24 hours": "w24h", "1 day": "w1d", "2 days": "w2d"}
CUMULATIVE = [
    {"name": f"{of['name']}_{short}", "type": "cumulative", "input_metric": of["name"], "window": window}
    for of in METRICS
    for window, short in WINDOWS.items()
] + [
    {"name": f"{of['name']}_today", "type": "cumulative", "input_metric": of["name"], "grain_to_date": "day"}
    for of in METRICS
]
ANSWERS: dict[str, Callable[[Sequence[Visit]], object]] = {
    "amount": lambda rows: (
        sum(row[2] for row in rows if row[2] is not None)
        if not rows or any(row[2] is not None for row in rows)
        else None
    ),
    "made": len,
    "people": lambda rows: len({row[1] for row in rows if row[1] is not None}),
    "least": lambda rows: min((row[2] for row in rows if row[2] is not None), default=None),
}
CHANGES = {
    "Europe/London": datetime(2024, 10, 26, 12, tzinfo=UTC),
    "America/New_York": datetime(2024, 3, 9, 12, tzinfo=UTC),
    "Asia/Kathmandu": datetime(2024, 1, 1, tzinfo=UTC),
}

visits = st.lists(
    st.tuples(
        st.integers(0, 40 * 60).map(lambda minutes: timedelta(minutes=minutes)),
        st.sampled_from([None, "ann", "bob"]),
        st.one_of(st.none(), st.integers(-9, 9)),
    ),
    min_size=1,
    max_size=8,
)


def _engine(zone: str, rows: Iterable[Visit]) -> Any:
    cells = [[row[0].isoformat(), row[1], None if row[2] is None else str(row[2])] for row in rows]
    table = Table({"came_at": "timestamptz", "person": "varchar", "amount": "integer"}, cells)
    return engine({"visits": table}, metrics=[*METRICS, *CUMULATIVE], settings={"timezone": zone})


@pytest.mark.parametrize("zone", CHANGES)
@given(said=visits)
@settings(max_examples=3, derandomize=True)
def test_hours_are_what_plain_python_counts(zone: str, said: list[tuple[timedelta, str | None, int | None]]) -> None:
    rows = [(CHANGES[zone] + after, person, amount) for after, person, amount in said]
    with _engine(zone, rows) as here:
        hours, days = _values(here, "hour"), _values(here, "day")
    starts = hours["amount"].get_column("period_start").to_list()
    ends = [*starts[1:], starts[-1] + HOUR]
    here_is = ZoneInfo(zone)
    for metric, answer in ANSWERS.items():
        values = dict(hours[metric].select("period_start", "value").iter_rows())
        for start, end in zip(starts, ends, strict=True):
            inside = [row for row in rows if start <= row[0] < end]
            assert values[start] == answer(inside), (metric, start)
            for window, short in WINDOWS.items():
                begin = _begin(start, end, window, here_is)
                reached = [row for row in rows if begin(row[0]) and row[0] < end]
                got = hours[f"{metric}_{short}"].filter(period_start=start).get_column("value").item()
                assert got == answer(reached), (metric, window, start)
            today = [row for row in rows if row[0] < end and _day(row[0], here_is) == _day(start, here_is)]
            got = hours[f"{metric}_today"].filter(period_start=start).get_column("value").item()
            assert got == answer(today), (metric, "today", start)
    _add_up(hours["made"], days["made"], here_is)


def _values(here: Engine, grain: str) -> dict[str, pl.DataFrame]:
    names = [str(one["name"]) for one in METRICS] + (
        [str(one["name"]) for one in CUMULATIVE] if grain == "hour" else []
    )
    return here.kpi_table(names, grain=grain, compared=False)


def _begin(start: datetime, end: datetime, window: str, zone: ZoneInfo) -> Callable[[datetime], bool]:
    """Whether a moment lies after the beginning of the window that ends with an hour."""
    count, unit = window.split()
    if unit.startswith("hour"):
        return lambda moment: moment >= end - int(count) * HOUR
    shown = start.astimezone(zone).replace(tzinfo=None, minute=0)
    until = shown + HOUR - timedelta(days=int(count))
    return lambda moment: moment.astimezone(zone).replace(tzinfo=None) >= until


def _day(moment: datetime, zone: ZoneInfo) -> object:
    return moment.astimezone(zone).date()


def _add_up(hours: pl.DataFrame, days: pl.DataFrame, zone: ZoneInfo) -> None:
    day = pl.col("period_start").dt.convert_time_zone(str(zone)).dt.date()
    by_day = hours.group_by(day.alias("period_start")).agg(pl.col("value").sum()).sort("period_start")
    assert by_day.rows() == days.select("period_start", "value").rows()
