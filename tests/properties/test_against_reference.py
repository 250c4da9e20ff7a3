"""On any few rows the engine says what a slow and obvious one says, and what arithmetic promises holds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import isclose

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference_engine as slow
from tests.engine import Engine, Table, engine
from tests.reference_engine import Row

FIRST = date(2023, 12, 20)
COLUMNS = {"day": "date", "country": "varchar", "customer": "varchar", "amount": "decimal(12,2)"}

METRICS = [
    {"name": "amount", "type": "simple", "model": "sales", "agg": "sum", "expr": "amount"},
    {"name": "sales_made", "type": "simple", "model": "sales", "agg": "count"},
    {"name": "customers", "type": "simple", "model": "sales", "agg": "count_distinct", "expr": "customer"},
    {"name": "smallest", "type": "simple", "model": "sales", "agg": "min", "expr": "amount"},
    {"name": "mean", "type": "simple", "model": "sales", "agg": "average", "expr": "amount"},
    {"name": "p30", "type": "simple", "model": "sales", "agg": "percentile", "percentile": 0.3, "expr": "amount"},
    {"name": "per_customer", "type": "ratio", "numerator": "amount", "denominator": "customers"},
    {"name": "amount_10d", "type": "cumulative", "input_metric": "amount", "window": "10 days"},
    {"name": "customers_10d", "type": "cumulative", "input_metric": "customers", "window": "10 days"},
    {"name": "smallest_10d", "type": "cumulative", "input_metric": "smallest", "window": "10 days"},
    {
        "name": "growth",
        "type": "derived",
        "expr": "now - before",
        "input_metrics": [
            {"name": "amount", "alias": "now"},
            {"name": "amount", "alias": "before", "offset_window": "1 month"},
        ],
    },
]
SIMPLE: dict[str, slow.Aggregate] = {
    "amount": slow.total,
    "sales_made": slow.count,
    "customers": slow.customers,
    "smallest": slow.smallest,
    "mean": slow.average,
    "p30": slow.percentile(0.3),
    "per_customer": slow.average_per_customer,
}
WINDOWED: dict[str, slow.Aggregate] = {
    "amount_10d": slow.total,
    "customers_10d": slow.customers,
    "smallest_10d": slow.smallest,
}

sales = st.builds(
    Row,
    day=st.integers(0, 75).map(lambda days: FIRST + timedelta(days=days)),
    country=st.sampled_from([None, "FR", "UK"]),
    customer=st.sampled_from([None, "ann", "bob", "eve"]),
    amount=st.one_of(
        st.none(), st.sampled_from([Decimal("0.10"), Decimal("0.20"), Decimal(-7)]), st.decimals(-999, 999, places=2)
    ),
)
few_sales = st.lists(sales, min_size=1, max_size=14)
SLOWLY = settings(max_examples=15, deadline=None, derandomize=True)


def _table(rows: Sequence[Row]) -> dict[str, Table | str]:
    cells = [[str(row.day), row.country, row.customer, None if row.amount is None else str(row.amount)] for row in rows]
    return {"sales": Table(COLUMNS, cells)}


def _same(one: object, other: object) -> bool:
    if one is None or other is None:
        return one is other
    return isclose(float(str(one)), float(str(other)), rel_tol=1e-11, abs_tol=1e-11)


@given(rows=few_sales)
@SLOWLY
def test_every_period_and_country(rows: list[Row]) -> None:
    with engine(_table(rows), metrics=METRICS) as here:
        for grain, start_of in (("week", slow.week_of), ("month", slow.month_of)):
            answer = here.query(list(SIMPLE), grain=grain, by=["country"])
            for metric, aggregate in SIMPLE.items():
                wanted = slow.by_period(rows, start_of, aggregate)
                got = {(row[0], row[1]): row[2] for row in answer.select("period_start", "country", metric).iter_rows()}
                assert got.keys() == wanted.keys()
                assert all(_same(got[key], wanted[key]) for key in wanted), (metric, got, wanted)


@given(rows=few_sales)
@SLOWLY
def test_windows_and_offsets(rows: list[Row]) -> None:
    with engine(_table(rows), metrics=METRICS) as here:
        answer = here.query(list(WINDOWED), grain="day")
        for day, *values in answer.select("period_start", *WINDOWED).iter_rows():
            wanted = [slow.trailing(rows, day, 10, aggregate) for aggregate in WINDOWED.values()]
            assert all(map(_same, values, wanted)), (day, values, wanted)
        newest = max(row.day for row in rows)
        months = slow.by_period([_everywhere(row) for row in rows], slow.month_of, slow.total)
        for month, value in here.query(["growth"], grain="month").iter_rows():
            if slow.month_of(newest) != month or newest == newest.replace(day=28):
                continue
            before = [row for row in rows if slow.month_of(row.day) == slow.month_before(month)]
            span = [row for row in before if row.day.day <= newest.day]
            there = month > slow.month_of(min(row.day for row in rows))
            earlier = slow.total(span) if span else (Decimal(0) if there else None)
            now = months[month, None]
            assert _same(value, None if now is None or earlier is None else now - earlier)  # type: ignore[operator]


def _everywhere(row: Row) -> Row:
    return Row(row.day, None, row.customer, row.amount)


@given(rows=few_sales, seed=st.integers(0, 999))
@SLOWLY
def test_order_of_rows_and_other_metrics_change_nothing(rows: list[Row], seed: int) -> None:
    shuffled = random.Random(seed).sample(rows, len(rows))
    names = [one["name"] for one in METRICS]
    with engine(_table(rows), metrics=METRICS) as here, engine(_table(shuffled), metrics=METRICS) as there:
        together = _tables(here, [str(name) for name in names])
        other = _tables(there, [str(name) for name in names])
        alone = _tables(here, [str(names[seed % len(names)])])
    assert all(frame.equals(other[name]) for name, frame in together.items())
    assert all(frame.equals(together[name]) for name, frame in alone.items())


def _tables(on_rows: Engine, names: list[str]) -> dict[str, pl.DataFrame]:
    return on_rows.kpi_table(names, grain="month", by=["country"], at_most=2)


@given(rows=few_sales)
@SLOWLY
def test_what_adds_adds_up_and_tables_are_dense(rows: list[Row]) -> None:
    with engine(_table(rows), metrics=METRICS) as here:
        names = ["amount", "sales_made", "per_customer"]
        days, months = (here.kpi_table(names, grain=grain) for grain in ("day", "month"))
        segments = here.kpi_table(names, grain="month", by=["country"], at_most=1)
    for metric in ("amount", "sales_made"):
        by_month = days[metric].group_by(pl.col("period_start").dt.truncate("1mo")).agg(pl.col("value").sum())
        wanted = months[metric].select("period_start", pl.col("value").fill_null(0))
        _assert_close(by_month, wanted)
        _assert_close(segments[metric].group_by("period_start").agg(pl.col("value").sum()), wanted)
    ratio = months["per_customer"]
    kept = ratio.filter(pl.col("denominator") > 0)
    assert kept.get_column("value").equals((kept["numerator"] / kept["denominator"]).rename("value"))
    assert ratio.filter(pl.col("denominator") == 0).get_column("value").is_null().all()
    first, last = min(row.day for row in rows), max(row.day for row in rows)
    assert days["amount"].get_column("period_start").to_list() == [
        first + timedelta(days=n) for n in range((last - first).days + 1)
    ]


def _assert_close(one: pl.DataFrame, other: pl.DataFrame) -> None:
    left, right = (frame.sort("period_start").rows() for frame in (one, other))
    assert [row[0] for row in left] == [row[0] for row in right]
    assert all(isclose(a[1], b[1], abs_tol=1e-9) for a, b in zip(left, right, strict=True))


@given(amounts=st.lists(st.decimals(-99999, 99999, places=2), min_size=1, max_size=40))
@SLOWLY
def test_sums_of_decimals_are_exact(amounts: list[Decimal]) -> None:
    rows = [Row(FIRST + timedelta(days=n % 9), "FR", "ann", amount) for n, amount in enumerate(amounts)]
    with engine(_table(rows), metrics=METRICS) as here:
        assert here.query(["amount"]).item() == float(sum(amounts, Decimal(0)))
