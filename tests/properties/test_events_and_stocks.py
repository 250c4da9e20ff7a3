"""Conversions, retention and stocks are what looking at every row again and again says they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine import Engine, Table, engine
from tests.reference_engine import Years, back

EXAMPLES = int(os.environ.get("KPI_EXAMPLES", "15"))
FIRST = date(2023, 12, 26)
Row = tuple[Any, ...]
Found = dict[tuple[Any, ...], float | None]

days = st.integers(0, 75).map(lambda number: FIRST + timedelta(days=number))
names = st.sampled_from([None, "ann", "bob", "eve"])
places = st.sampled_from([None, "web", "app"])
visits = st.lists(st.tuples(days, names, places), min_size=1, max_size=10)
orders = st.lists(st.tuples(days, names, places), min_size=1, max_size=10)
counts = st.lists(
    st.tuples(days, st.sampled_from(["nut", "bolt", None]), places, st.sampled_from([None, -2, 0, 3, 10])),
    min_size=1,
    max_size=10,
)
tickets = st.lists(st.tuples(days, st.one_of(st.none(), days), places), min_size=1, max_size=8)

MODELS = [
    {
        "name": name,
        "table": f"raw.{name}",
        "agg_time_dimension": "day",
        "dimensions": ["place", {"name": "day", "type": "time"}, *more],
        "entities": [{"name": "person", "type": "foreign"}] if name in ("visits", "orders") else [],
    }
    for name, more in (
        ("visits", []),
        ("orders", []),
        ("counts", ["item"]),
        ("tickets", [{"name": "closed", "type": "time"}]),
    )
]
STOCK = {"type": "simple", "model": "counts", "agg": "sum", "expr": "units"}
METRICS: list[dict[str, Any]] = [
    {"name": "visits", "type": "simple", "model": "visits", "agg": "count"},
    {"name": "orders", "type": "simple", "model": "orders", "agg": "count"},
    {"name": "bought_7d", "type": "conversion", "entity": "person", "base_metric": "visits", "conversion_metric": "orders", "window": "7 days", "calculation": "conversions"},
    {"name": "bought", "type": "conversion", "entity": "person", "base_metric": "visits", "conversion_metric": "orders", "calculation": "conversions"},
    {"name": "rate_1m", "type": "conversion", "entity": "person", "base_metric": "visits", "conversion_metric": "orders", "window": "1 month"},
    {"name": "back_1", "type": "retention", "entity": "person", "model": "visits", "cohort_grain": "month", "age": 1},
    {"name": "back_0_to_1", "type": "retention", "entity": "person", "model": "visits", "cohort_grain": "month", "age": {"from": 0, "to": 1}},
    {"name": "latest", **STOCK, "non_additive_dimension": {"name": "day", "window_agg": "max"}},
    {"name": "earliest_of_items", **STOCK, "non_additive_dimension": {"name": "day", "window_agg": "min", "window_groupings": ["item"]}},
    {"name": "latest_of_items", **STOCK, "non_additive_dimension": {"name": "day", "window_agg": "max", "window_groupings": ["item"]}},
    {"name": "open_tickets", "type": "simple", "model": "tickets", "agg": "count", "active": {"from": "day", "to": "closed"}},
    {"name": "open_highest", "type": "simple", "model": "tickets", "agg": "count", "active": {"from": "day", "to": "closed", "at": "highest"}},
]  # fmt: skip


def _tables(visits: list[Row], orders: list[Row], counts: list[Row], tickets: list[Row]) -> dict[str, Table | str]:
    def table(columns: Mapping[str, str], rows: Iterable[Row]) -> Table:
        return Table(columns, [[None if cell is None else str(cell) for cell in row] for row in rows])

    of_person = {"day": "date", "person": "varchar", "place": "varchar"}
    return {
        "visits": table(of_person, visits),
        "orders": table(of_person, orders),
        "counts": table({"day": "date", "item": "varchar", "place": "varchar", "units": "integer"}, counts),
        "tickets": table({"day": "date", "closed": "date", "place": "varchar"}, tickets),
    }


@given(
    visits=visits,
    orders=orders,
    counts=counts,
    tickets=tickets,
    grain=st.sampled_from(["week", "month", "quarter"]),
    by_place=st.booleans(),
)
@settings(
    max_examples=EXAMPLES,
    derandomize="KPI_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.generate, Phase.shrink)
    if "KPI_EXAMPLES" in os.environ
    else (Phase.explicit, Phase.generate),
)
def test_every_value(
    visits: list[Row], orders: list[Row], counts: list[Row], tickets: list[Row], grain: str, by_place: bool
) -> None:
    start: Callable[[date], date] = lambda day: Years().period(day, grain)[0]  # noqa: E731
    with engine(_tables(visits, orders, counts, tickets), metrics=METRICS, models=MODELS) as here:
        sparse, dense = (_tables_of(here, grain, by_place, dense=dense) for dense in (False, True))

        def asked(metric: str) -> Found:
            return sparse[metric]

        def place(row: Row) -> tuple[Any, ...]:
            return (row[2],) if by_place else ()

        attributed = {days: _attributed(visits, orders, days) for days in ("7 days", "1 month", None)}
        for metric, window in (("bought_7d", "7 days"), ("bought", None)):
            assert asked(metric) == _counted((start(base[0]), *place(base)) for base in attributed[window])
        bases = _counted((start(base[0]), *place(base)) for base in visits)
        converted = _counted((start(base[0]), *place(base)) for base in attributed["1 month"])
        assert asked("rate_1m") == {key: (converted.get(key) or 0) / (number or 1) for key, number in bases.items()}
        if grain != "week":
            for metric, ages in (("back_1", [1]), ("back_0_to_1", [0, 1])):
                assert asked(metric) == _retained(visits, ages, start, place)
            by = ["place"] if by_place else []
            asks = {"grain": grain, "by": [*by, "cohort_age"], "compared": False, "dense": False}
            cells = here.kpi_table(["back_1"], **asks)["back_1"].select("period_start", *by, "cohort_age", "value")
            assert {row[:-1]: row[-1] for row in cells.iter_rows()} == _at_each_age(visits, start, place)
        for metric, choose, grouped in (
            ("latest", max, False),
            ("latest_of_items", max, True),
            ("earliest_of_items", min, True),
        ):
            assert asked(metric) == _stock(counts, choose, start, place, grouped=grouped)
        for metric, highest in (("open_tickets", False), ("open_highest", True)):
            got = {key: value for key, value in dense[metric].items() if value is not None}
            assert got == _open(tickets, grain, place, highest=highest), metric


def _tables_of(here: Engine, grain: str, by_place: bool, *, dense: bool) -> dict[str, Found]:
    by = ["place"] if by_place else []
    names = [one["name"] for one in METRICS if here.can_answer(one["name"], grain=grain, by=by)]
    tables = here.kpi_table(names, grain=grain, by=by, compared=False, dense=dense)
    found = {name: table.select("period_start", *by, "value") for name, table in tables.items()}
    return {name: {row[:-1]: row[-1] for row in table.iter_rows()} for name, table in found.items()}


def _counted(keys: Iterable[tuple[Any, ...]]) -> Found:
    found: Found = {}
    for key in keys:
        found[key] = (found.get(key) or 0) + 1
    return found


def _attributed(visits: list[Row], orders: list[Row], window: str | None) -> list[Row]:
    """For every order that follows a visit in time the last visit of the same person at or before it."""
    found = []
    for day, person, _ in orders:
        before = [one for one in visits if one[1] == person and person is not None and one[0] <= day]
        if not before:
            continue
        last = max(before, key=lambda one: (one[0], one[2] is not None, one[2] or ""))
        if window is None or day < _after(last[0], window):
            found.append(last)
    return found


def _after(day: date, window: str) -> date:
    count, unit = window.split()
    return back(day, -int(count), unit.removesuffix("s"))


def _retained(
    visits: list[Row], ages: list[int], start: Callable[[date], date], place: Callable[[Row], tuple[Any, ...]]
) -> Found:
    """Of those who first came in the months of a period the share that came in one of the months so much later.

    A month that has not begun by the newest visit has nobody yet: a cohort that has not come to it is left out, and a
    period of none but such cohorts has no value.
    """
    month = lambda day: day.year * 12 + day.month  # noqa: E731
    newest = max(month(row[0]) for row in visits)
    sizes: Found = {}
    retained: Found = {}
    for person in sorted({row[1] for row in visits if row[1] is not None}):
        own = [row for row in visits if row[1] == person]
        first = min(own, key=lambda row: (row[0], row[2] is None, row[2] or ""))
        key = (start(first[0]), *place(first))
        old_enough = month(first[0]) + min(ages) <= newest
        sizes[key] = (sizes.get(key) or 0) + old_enough
        came = {month(row[0]) - month(first[0]) for row in own}
        retained[key] = (retained.get(key) or 0) + (old_enough and bool(came & set(ages)))
    return {key: (retained[key] or 0) / size if size else None for key, size in sizes.items()}


def _at_each_age(
    visits: list[Row], start: Callable[[date], date], place: Callable[[Row], tuple[Any, ...]]
) -> dict[tuple[Any, ...], float]:
    """The same of every single age that some cohort has come to, the age behind the rest of the key."""
    every = {age: _retained(visits, [age], start, place) for age in range(40)}
    return {(*key, age): value for age, found in every.items() for key, value in found.items() if value is not None}


def _stock(
    counts: list[Row],
    choose: Callable[..., date],
    start: Callable[[date], date],
    place: Callable[[Row], tuple[Any, ...]],
    *,
    grouped: bool,
) -> Found:
    """The units of the rows at the latest (or earliest) day of each period, of each item or of all together."""
    found: Found = {}
    for period in {start(row[0]) for row in counts}:
        rows = [row for row in counts if start(row[0]) == period]
        for item in {row[1] for row in rows} if grouped else {None}:
            own = [row for row in rows if not grouped or row[1] == item]
            moment = choose(row[0] for row in own)
            for row in own:
                if row[0] == moment:
                    key = (period, *place(row))
                    before = found.get(key)
                    found[key] = before if row[3] is None else (before or 0) + row[3]
    return found


def _open(tickets: list[Row], grain: str, place: Callable[[Row], tuple[Any, ...]], *, highest: bool) -> Found:
    """The tickets open at the end of each period, or the most on any of its days, from a segment's first one on.

    One that is closed before it is opened is none.
    """
    newest, first = max(row[0] for row in tickets), min(row[0] for row in tickets)
    sound = [row for row in tickets if row[1] is None or row[1] >= row[0]]
    found: Found = {}
    for segment in {place(row) for row in sound}:
        own = [row for row in sound if place(row) == segment]
        for number in range((newest - first).days + 1):
            day = first + timedelta(days=number)
            period, after = Years().period(day, grain)
            if day < min(row[0] for row in own) or (not highest and day != min(after - timedelta(days=1), newest)):
                continue
            there = sum(1 for row in own if row[0] <= day and (row[1] is None or row[1] > day))
            found[period, *segment] = max(found.get((period, *segment)) or 0, there)
    return found
