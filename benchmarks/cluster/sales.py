"""Sales of three years as a lakehouse keeps them: a folder of Parquet a day, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zlib import crc32

import numpy as np
import polars as pl

FIRST_DAY = date(2021, 1, 1)
AFTER_LAST_DAY = date(2024, 1, 1)
DAYS = (AFTER_LAST_DAY - FIRST_DAY).days
STORES = tuple(f"store_{number:02d}" for number in range(50))
COUNTRIES = tuple(f"country_{number:02d}" for number in range(20))
SECONDS_A_DAY = 86_400

Numbers = np.ndarray[tuple[int], np.dtype[np.uint64]]


@dataclass(frozen=True)
class Sales:
    """How many sales in three years, of which random world."""

    rows: int
    seed: int = 7

    @property
    def customers(self) -> int:
        """About fifty sales a customer."""
        return max(100, self.rows // 50)


def day_frame(sales: Sales, day: date) -> pl.DataFrame:
    """The sales of a day in time order; the day after the three years has as many as the others."""
    place = (day - FIRST_DAY).days
    begin, end = (sales.rows * one // DAYS for one in (place, place + 1))
    numbers = np.arange(begin, end, dtype=np.uint64)
    seconds = np.sort(_below(sales, "second", numbers, SECONDS_A_DAY)).astype(np.int64)
    # NOTE: the product of two numbers below 2**16: cheap sales are more frequent than dear ones.
    cents = 100 + ((_below(sales, "a", numbers, 1 << 16) * _below(sales, "b", numbers, 1 << 16)) >> np.uint64(16))
    return pl.DataFrame(
        {
            "sale": numbers.astype(np.int64),
            "sold_at": pl.Series(seconds * 1_000_000).cast(pl.Duration("us"))
            + datetime.combine(day, datetime.min.time()),
            "customer": _below(sales, "customer", numbers, sales.customers).astype(np.int64),
            "store": _words(STORES, _below(sales, "store", numbers, len(STORES))),
            "country": _words(COUNTRIES, _below(sales, "country", numbers, len(COUNTRIES))),
            "amount": (pl.Series(cents.astype(np.int64)) / 100).cast(pl.Decimal(12, 2)),
        }
    )


def write_day(sales: Sales, lake: Path, day: date) -> None:
    """Writes day=YYYY-MM-DD/part-0.parquet, packed as Spark packs by default."""
    folder = lake / f"day={day}"
    folder.mkdir(parents=True, exist_ok=True)
    day_frame(sales, day).write_parquet(folder / "part-0.parquet", compression="snappy")


def write_sales(sales: Sales, lake: Path) -> None:
    """Writes all days but the one after them."""
    for place in range(DAYS):
        write_day(sales, lake, FIRST_DAY + timedelta(days=place))


def _below(sales: Sales, column: str, numbers: Numbers, limit: int) -> Numbers:
    """Whole numbers below a limit, all equally often: splitmix64 of seed, column and number."""
    mixed = numbers * np.uint64(0x9E3779B97F4A7C15) + np.uint64(crc32(f"{column} {sales.seed}".encode()) << 20)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    drawn: Numbers = ((mixed >> np.uint64(32)) * np.uint64(limit)) >> np.uint64(32)
    return drawn


def _words(words: tuple[str, ...], codes: Numbers) -> pl.Series:
    return pl.Series(list(words), dtype=pl.String).gather(codes.astype(np.uint32))
