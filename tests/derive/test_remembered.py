"""What is known of a span of days is looked up; only the days of the other spans are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl
import pytest

from kpi_pipeline.calendar import CalendarRules, build_calendar
from kpi_pipeline.derive import Partials, derive
from kpi_pipeline.derive.seen import DAY, Held
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.plan import Coverage, Derivation, Fold, Leaf, Measure, Reach, Reduction, Series, Shape

FIRST = date(2024, 1, 1)
NEW = date(2024, 3, 10)
KEYS = Measure("m", "day", Fold.distinct, "customer")
MEDIAN = Measure("m", "day", Fold.quantile, "amount", quantile=0.5)
ROWS = KEYS.all_rows
BY = ("country",)
SUMS = Reduction("m", "day", Shape.additive, BY, (ROWS,))
PASSES = {
    KEYS: Reduction("m", "day", Shape.distinct, BY, (KEYS,)),
    MEDIAN: Reduction("m", "day", Shape.values, BY, (MEDIAN,)),
}
NODES = {
    "customers": Leaf(KEYS),
    "customers_28d": Leaf(KEYS, reach=Reach(window=Window(28, Grain.day))),
    "customers_mtd_average": Leaf(KEYS, reach=Reach(to_date=Grain.month, period_agg="average")),
    "median": Leaf(MEDIAN),
    "median_28d": Leaf(MEDIAN, reach=Reach(window=Window(28, Grain.day))),
}
SERIES = [
    Series(name, grain, by) for name in NODES for grain in (Grain.day, Grain.week, Grain.month) for by in ((), BY)
]


@dataclass
class Known:
    """Answers in memory."""

    rows: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)

    def known(self, reduction: Reduction, key: str) -> pl.DataFrame:
        nothing = {"first_day": pl.Date, "last_day": pl.Date, "segment": pl.String, "value": pl.Float64}
        return self.rows.get((reduction.table.name, key), pl.DataFrame(schema=nothing))

    def learn(self, reduction: Reduction, key: str, rows: pl.DataFrame) -> None:
        self.rows[reduction.table.name, key] = pl.concat([self.known(reduction, key), rows]).unique()

    def save(self) -> None:
        """They are kept already."""


@dataclass
class Watched:
    """Rows that note which days are read."""

    held: Held
    read: set[date] = field(default_factory=set)

    @property
    def places(self) -> pl.DataFrame:
        return self.held.places

    @property
    def days(self) -> pl.DataFrame:
        return self.held.days

    def by_key(self, at_most: int, spans: Sequence[tuple[date, date]]) -> Iterator[pl.DataFrame]:
        return self._noted(self.held.by_key(25, spans))

    def by_days(self, spans: Sequence[tuple[date, date]]) -> Iterator[pl.DataFrame]:
        return self._noted(self.held.by_days(spans))

    def _noted(self, parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        for part in parts:
            self.read |= set(part.get_column(DAY))
            yield part


def _rows(last: date) -> pl.DataFrame:
    """Three rows a day but every fifth, of eleven customers in two countries."""
    days = (
        pl.date_range(FIRST, last, interval="1d", eager=True)
        .alias(DAY)
        .to_frame()
        .filter(pl.col(DAY).dt.day() % 5 != 0)
    )
    rows = days.join(pl.DataFrame({"n": [0, 1, 2]}), how="cross").with_row_index("at")
    number = (pl.col("at").cast(pl.Int64) * 7919 + pl.col(DAY).dt.ordinal_day()) % 23
    return rows.select(DAY, country=pl.when(number % 3 == 0).then(pl.lit("FR")), _key=number % 11, _value=number / 4)


def _derived(last: date, answers: Known | None) -> tuple[dict[Series, pl.DataFrame], dict[Measure, set[date]]]:
    rows = _rows(last).with_columns(pl.lit(True).alias(KEYS.column), pl.lit(True).alias(MEDIAN.column))
    sums = rows.group_by(DAY, "country").agg(pl.len().cast(pl.Int64).alias(ROWS.column))
    seen = {measure: Watched(Held.of(rows, BY)) for measure in PASSES}
    partials = Partials(
        {SUMS: sums.lazy()}, {("m", "day"): (FIRST, last)}, {PASSES[one]: seen[one] for one in PASSES}, answers
    )
    derivations = {name: Derivation(name, node, Leaf(ROWS), (), name) for name, node in NODES.items()}
    calendar = build_calendar(FIRST, last, CalendarRules())
    coverage = dict.fromkeys(NODES, Coverage(FIRST, last, last))
    found = derive(SERIES, derivations, partials, calendar, coverage, dense=True)
    return found, {measure: one.read for measure, one in seen.items()}


@pytest.fixture
def known() -> Known:
    answers = Known()
    _derived(NEW - timedelta(days=1), answers)
    return answers


def test_values_are_those_of_a_run_that_knows_nothing(known: Known) -> None:
    new, _ = _derived(NEW, known)
    whole, _ = _derived(NEW, None)
    for series in SERIES:
        assert new[series].equals(whole[series]), series


def test_a_new_day_reads_its_month_and_its_window(known: Known) -> None:
    _, read = _derived(NEW, known)
    since = NEW - timedelta(days=27)
    for days in read.values():
        assert days == {day for day in _rows(NEW).get_column(DAY) if day >= since}


def test_nothing_new_reads_nothing(known: Known) -> None:
    _, read = _derived(NEW - timedelta(days=1), known)
    assert read == {KEYS: set(), MEDIAN: set()}


def test_parts_of_keys_add_up() -> None:
    found, _ = _derived(NEW, None)
    keys = _rows(NEW).filter(pl.col(DAY).is_between(date(2024, 2, 1), date(2024, 2, 29)))
    february = found[Series("customers", Grain.month)].filter(period_start=date(2024, 2, 1))
    assert february["value"].item() == keys["_key"].n_unique()
