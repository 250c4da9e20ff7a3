"""The facts of the workload: orders of three years in time order, the same on every machine.

Every value is a hash of seed, column and row number (splitmix64), so it does not depend on how many rows are made at a
time, on the number of threads, or on the version of a library. Months are made one after the other: memory is bounded
by the rows of a month.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

FIRST_DAY = date(2021, 1, 1)
AFTER_LAST_DAY = date(2024, 1, 1)
"""NOTE: 31 December 2023 is a Sunday, so the last week, month and quarter are whole, and weeks of 2021 have a 53rd week
before them."""

STATUSES = ("completed", "shipped", "cancelled", "refunded")
CHANNELS = ("web", "app", "store", "partner", "phone", "social")
COUNTRIES = tuple(f"country_{number:02d}" for number in range(30))
CATEGORIES = ("electronics", *(f"category_{number:02d}" for number in range(1, 20)))

TABLE = "orders"
_SECONDS = (AFTER_LAST_DAY - FIRST_DAY).days * 86_400

Numbers = np.ndarray[tuple[int], np.dtype[np.uint64]]


@dataclass(frozen=True)
class Facts:
    """How many rows, of which random world."""

    rows: int
    seed: int = 7

    @property
    def customers(self) -> int:
        """About eleven orders a customer, and at most 900,000 of them."""
        return min(900_000, max(1_000, self.rows * 9 // 100))


def month_frames(facts: Facts) -> Iterator[tuple[date, pl.DataFrame]]:
    """Each month's first day and its orders, in time order."""
    month, begin = FIRST_DAY, 0
    while month < AFTER_LAST_DAY:
        after = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
        end = -(-facts.rows * (after - FIRST_DAY).days // (AFTER_LAST_DAY - FIRST_DAY).days)
        numbers = np.arange(begin, min(end, facts.rows), dtype=np.uint64)
        seconds = _seconds(facts, numbers)
        yield month, order_frame(facts, numbers, seconds)
        month, begin = after, end


def later_orders(facts: Facts, first: date, days: int, rows: int) -> pl.DataFrame:
    """Orders that arrive after all others, spread over some days: one more day, or late rows of a week."""
    numbers = np.arange(facts.rows, facts.rows + rows, dtype=np.uint64)
    begins = np.uint64((first - FIRST_DAY).days * 86_400)
    seconds = np.sort(_below(facts, "late", numbers, days * 86_400)) + begins
    return order_frame(facts, numbers, seconds)


def order_frame(facts: Facts, numbers: Numbers, seconds: Numbers) -> pl.DataFrame:
    """The orders of these numbers, at these seconds since the first day."""
    quantity = 1 + _low(facts, "quantity", numbers, 10)
    price = 50 + _low(facts, "price", numbers, 50_000)
    gross = quantity * price
    discounted = _below(facts, "reduced", numbers, 100) < 30
    discount = np.where(discounted, gross * _below(facts, "discount", numbers, 30) // 100, 0)
    cost = gross * (40 + _below(facts, "cost", numbers, 41)) // 100
    status = np.searchsorted([85, 93, 98], _below(facts, "status", numbers, 100), side="right")
    began = datetime.combine(FIRST_DAY, datetime.min.time())
    return pl.DataFrame(
        {
            "order_id": numbers.astype(np.int64),
            "customer_id": _low(facts, "customer", numbers, facts.customers).astype(np.int64),
            "ts": pl.Series(seconds.astype(np.int64)).cast(pl.Duration("us")) * 1_000_000 + began,
            "status": _words(STATUSES, status),
            "channel": _words(CHANNELS, _low(facts, "channel", numbers, len(CHANNELS))),
            "country": _words(COUNTRIES, _low(facts, "country", numbers, len(COUNTRIES))),
            "product_category": _words(CATEGORIES, _below(facts, "category", numbers, len(CATEGORIES))),
            "quantity": quantity.astype(np.int32),
            "unit_price": _money(price),
            "discount": _money(discount),
            "cost": _money(cost),
        }
    )


def write_facts(facts: Facts, folder: Path) -> None:
    """Writes `parquet/<month>.parquet`, `facts.duckdb` with a table, and `facts.json` with what the rows add up to."""
    parquet = folder / "parquet"
    parquet.mkdir(parents=True, exist_ok=True)
    for month, frame in month_frames(facts):
        frame.write_parquet(parquet / f"{month:%Y-%m}.parquet", compression="zstd", compression_level=1)
    database = folder / "facts.duckdb"
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(f"CREATE TABLE {TABLE} AS FROM read_parquet('{parquet}/*.parquet')")
        sums = check_sums(connection, TABLE)
        again = check_sums(connection, f"read_parquet('{parquet}/*.parquet')")
    if sums != again or sums["rows"] != str(facts.rows):
        raise RuntimeError(f"The table holds {sums}, the Parquet files hold {again}.")
    (folder / "facts.json").write_text(json.dumps({"seed": facts.seed, "sums": sums}, indent=2) + "\n", "utf-8")


def check_sums(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """What the rows of a table add up to, column by column: two tables that agree in all of it hold the same orders."""
    found = connection.execute(
        f"SELECT count(*), sum(order_id), sum(customer_id * (order_id % 1009)), "
        "sum(epoch_us(ts)::HUGEINT * (order_id % 1013 + 1)), sum(quantity * (order_id % 1019)), "
        "sum(unit_price * (order_id % 1021)), sum(discount * (order_id % 1031)), sum(cost * (order_id % 1033)), "
        "sum(ascii(status[1]) * (order_id % 1039)), "
        "sum((ascii(channel[1]) + ascii(channel[2])) * (order_id % 1049)), "
        "sum(country[-2:]::INTEGER * (order_id % 1051)), "
        "sum(coalesce(try_cast(product_category[-2:] AS INTEGER), 77) * (order_id % 1061)) "
        f"FROM {table}"
    ).fetchone()
    assert found is not None
    names = ("rows", "order_id", "customer_id", "ts", "quantity", "unit_price", "discount", "cost",
             "status", "channel", "country", "product_category")  # fmt: skip
    return dict(zip(names, map(str, found), strict=True))


def _seconds(facts: Facts, numbers: Numbers) -> Numbers:
    """When each order was placed: evenly spread over the three years, in the order of the numbers."""
    spread: Numbers = (numbers * np.uint64(_SECONDS) + _below(facts, "second", numbers, _SECONDS)) // np.uint64(
        facts.rows
    )
    return spread


def _hash(facts: Facts, column: str, numbers: Numbers) -> Numbers:
    """64 bits that look like chance (splitmix64, Steele et al. 2014)."""
    salt = int.from_bytes(column.encode().ljust(8)[:8], "little") * 0xD1342543DE82EF95 + facts.seed
    z = (numbers + np.uint64(salt & 0xFFFFFFFFFFFFFFFF)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Numbers = z ^ (z >> np.uint64(31))
    return mixed


def _below(facts: Facts, column: str, numbers: Numbers, limit: int) -> Numbers:
    """Whole numbers below a limit, all equally often."""
    drawn: Numbers = ((_hash(facts, column, numbers) >> np.uint64(32)) * np.uint64(limit)) >> np.uint64(32)
    return drawn


def _low(facts: Facts, column: str, numbers: Numbers, limit: int) -> Numbers:
    """Whole numbers below a limit, small ones more often: some customers, channels and countries are larger."""
    bits = _hash(facts, column, numbers)
    product = ((bits >> np.uint64(32)) * (bits & np.uint64(0xFFFFFFFF))) >> np.uint64(32)
    drawn: Numbers = (product * np.uint64(limit)) >> np.uint64(32)
    return drawn


def _words(words: tuple[str, ...], codes: np.ndarray[tuple[int], np.dtype[np.integer]]) -> pl.Series:
    return pl.Series(list(words), dtype=pl.String).gather(codes.astype(np.uint32))


def _money(cents: Numbers) -> pl.Series:
    return (pl.Series(cents.astype(np.int64)) / 100).cast(pl.Decimal(9, 2))
