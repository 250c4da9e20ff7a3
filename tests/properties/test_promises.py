"""What arithmetic promises holds on any few rows: what adds adds up, and the order of rows makes no difference."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import isclose

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine import Engine, Table, engine


@dataclass(frozen=True)
class Row:
    """A sale; anything but the day may be missing."""

    day: date
    country: str | None
    customer: str | None
    amount: Decimal | None


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
SLOWLY = settings(max_examples=8, derandomize=True)


def _table(rows: Sequence[Row]) -> dict[str, Table | str]:
    cells = [[str(row.day), row.country, row.customer, None if row.amount is None else str(row.amount)] for row in rows]
    return {"sales": Table(COLUMNS, cells)}


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
