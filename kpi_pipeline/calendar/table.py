"""A calendar kept in a table: a row a day, with columns that say which week, month, quarter and year the day is in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from kpi_pipeline.calendar.ordinary import ordinary_days
from kpi_pipeline.errors import DataError

if TYPE_CHECKING:
    from kpi_pipeline.calendar.rules import CalendarRules

NAMED = ("week", "month", "quarter", "year")
PREFIX = {"week": "W", "month": "P", "quarter": "Q"}
LONGEST_NUMBER = 366
"""NOTE: a whole number beyond it (202403) names a period of all times, not one of a year."""


@dataclass(frozen=True, eq=False, repr=False)
class DayTable:
    """The days of a calendar table: `day` and what is known of `week`, `month`, `quarter`, `year` and their labels.

    Days with the same value that follow one another are one period: its first day, its number or its name will do. A
    new quarter or year begins a new month, too.
    """

    name: str
    days: pl.DataFrame

    @property
    def span(self) -> tuple[date, date]:
        """The first day and the last."""
        day = self.days.get_column("day")
        return day.item(0), day.item(-1)

    def __repr__(self) -> str:
        """Its name and what it says, in short: another text where anything in it is different."""
        said = hashlib.blake2b(self.days.write_csv().encode(), digest_size=8).hexdigest()
        return f"DayTable({self.name}, {said})"


def day_table(name: str, rows: pl.DataFrame) -> DayTable:
    """The rows in order of their days; DataError where a day is missing or comes twice, or a period is not said."""
    days = rows.sort("day")
    if problem := next(_problems(days), None):
        raise DataError(
            f"The calendar '{name}' cannot be used: {problem}.\nHint: it needs one row for every day from its first to "
            "its last, and in each row the week, month, quarter or year that the day is in, as far as it has them."
        )
    return DayTable(name, days)


def _problems(days: pl.DataFrame) -> Iterator[str]:
    if days.is_empty():
        yield "it has no rows"
        return
    if empty := [name for name in days.columns if days.get_column(name).has_nulls()]:
        yield f"'{empty[0]}' is empty in some rows"
        return
    day = days.get_column("day")
    steps = day.diff().dt.total_days()
    if (steps == 0).any():
        yield f"{day.filter(steps == 0).item(0)} has several rows"
    elif (steps > 1).any():
        after = day.filter(steps > 1).item(0)
        yield f"the day before {after} is missing"
    for name in NAMED:
        if name in days.columns and days.schema[name] == pl.Date:
            first = _begins(days, name) & (pl.int_range(pl.len()) > 0)
            wrong = days.filter((pl.col(name) > pl.col("day")) | (first & (pl.col(name) != pl.col("day"))))
            if wrong.height:
                shown = wrong.row(0, named=True)
                yield f"'{name}' says {shown[name]} on {shown['day']}, where another {name} begins"


def table_days(rules: CalendarRules, table: DayTable) -> pl.DataFrame:
    """The named days of a calendar table; what it does not say is as usual. See `ordinary`."""
    days = ordinary_days(*table.span, rules)
    said = [name for name in NAMED if name in table.days.columns]
    for name in said:
        days = days.with_columns(table.days.select(_start(table, name).alias(f"{name}_start")))
    if "year" in said:
        days = days.with_columns(year_year=_year_number(table), year_number=pl.lit(1, pl.Int64))
        days = days.with_columns(year_label=pl.format("FY{}", "year_year"), day_year="year_year").with_columns(
            day_number=(pl.col("day") - pl.col("year_start")).dt.total_days() + 1
        )
    for name in ("week", "month", "quarter"):
        if name in said or ("year" in said and name != "week"):
            days = _numbered(days, table, name, said=name in said)
    for name in reversed(said):
        _refuse_repeated(days, table, name)
    labels = [f"{name}_label" for name in NAMED if f"{name}_label" in table.days.columns]
    return days.with_columns(table.days.get_column(label).cast(pl.String) for label in labels)


def _refuse_repeated(days: pl.DataFrame, table: DayTable, name: str) -> None:
    """DataError where two periods bear the same number, so that nobody knows which one is last year's."""
    numbers = [f"{name}_year"] if name == "year" else [f"{name}_year", f"{name}_number"]
    spans = days.group_by(f"{name}_start", maintain_order=True).agg(
        pl.col("day").min().alias("first"), pl.col("day").max().alias("last"), pl.col(*numbers).last()
    )
    twice = spans.filter(pl.len().over(numbers) > 1).sort(*numbers, "first")
    if twice.is_empty():
        return
    one, other = twice.row(0, named=True), twice.row(1, named=True)
    called = f"{name} {one[numbers[-1]]}" + ("" if name == "year" else f" of {one[f'{name}_year']}")
    raise DataError(
        f"The calendar '{table.name}' cannot be used: {called} goes from {one['first']} to {one['last']}, and again "
        f"from {other['first']} to {other['last']}.\nHint: a year's number stands for one stretch of days, and so does "
        "that of a week, month or quarter in its year; mend the rows, or name a column that says it so."
    )


def _begins(days: pl.DataFrame, name: str) -> pl.Expr:
    """Whether another period begins on a day: its value is new, or that of a longer period it lies in."""
    around = NAMED[NAMED.index(name) + 1 :] if name != "week" else ()
    said = [name, *(one for one in around if one in days.columns)]
    return pl.any_horizontal(pl.col(one).ne_missing(pl.col(one).shift(1)) for one in said)


def _start(table: DayTable, name: str) -> pl.Expr:
    """The first day of the period: as the table says it, or else the day on which its value changed."""
    if table.days.schema[name] == pl.Date:
        return pl.col(name)
    return pl.when(_begins(table.days, name)).then(pl.col("day")).forward_fill()


def _is_number(table: DayTable, name: str, largest: int) -> bool:
    values = table.days.get_column(name)
    return values.dtype.is_integer() and int(str(values.min())) >= 1 and int(str(values.max())) <= largest


def _year_number(table: DayTable) -> pl.Series:
    """The year as the table numbers it, or named after the year it ends in, as retail years are."""
    if _is_number(table, "year", 9999):
        return table.days.get_column("year").cast(pl.Int64)
    days = table.days.select("day", start=_start(table, "year"))
    first = pl.col("start") == pl.col("start").min()
    long_after = pl.when(first).then(pl.col("day").max().over("start") - timedelta(days=45))
    return days.select(long_after.otherwise(pl.col("start") + timedelta(days=320)).dt.year().cast(pl.Int64)).to_series()


def _numbered(days: pl.DataFrame, table: DayTable, name: str, *, said: bool) -> pl.DataFrame:
    """Periods belong to the year that holds their middle day; they are counted there unless the table numbers them."""
    start = f"{name}_start"
    spans = days.group_by(start, maintain_order=True).agg(_middle=pl.col("day").get(pl.len() // 2))
    years = spans.join(days.select(_middle="day", _year="year_year"), on="_middle").sort(start)
    counted = years.select(start, "_year", _number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("_year"))
    if said and _is_number(table, name, LONGEST_NUMBER):
        written = days.select(start, _number=table.days.get_column(name).cast(pl.Int64)).unique(start, keep="last")
        counted = _cut_off(counted.drop("_number").join(written, on=start, maintain_order="left"))
    days = days.join(counted, on=start, how="left", maintain_order="left").with_columns(**{f"{name}_year": "_year"})
    days = days.with_columns(pl.col("_number").alias(f"{name}_number"))
    if said or name == "quarter":
        digits = pl.col("_number").cast(pl.String).str.zfill(1 if name == "quarter" else 2)
        days = days.with_columns(pl.format(f"FY{{}}-{PREFIX[name]}{{}}", "_year", digits).alias(f"{name}_label"))
    return days.drop("_year", "_number")


def _cut_off(periods: pl.DataFrame) -> pl.DataFrame:
    """The first and last period of a table may be parts of longer ones, of week 53 of the year before the table.

    Their numbers say so: they are higher than the next one's, or lower than the one before.
    """
    at, last, number, year = pl.int_range(pl.len()), pl.len() - 1, pl.col("_number"), pl.col("_year")
    before = (at == 0) & (year == year.shift(-1)) & (number > number.shift(-1))
    after = (at == last) & (year == year.shift(1)) & (number < number.shift(1))
    return periods.with_columns(_year=pl.when(before).then(year - 1).when(after).then(year + 1).otherwise(year))
