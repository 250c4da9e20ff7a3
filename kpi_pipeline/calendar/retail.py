"""Retail years: 52 or 53 whole weeks, their months of four or five weeks in a pattern such as 4-5-4."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Annotated, Any

import polars as pl
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from kpi_pipeline.calendar.words import MONTHS, WEEKDAYS

PATTERNS = ("4-4-5", "4-5-4", "5-4-4")
_LIKE = "write it like 'last saturday of january' or 'saturday nearest 31 january'"


@dataclass(frozen=True)
class YearEnd:
    """The last day of every year: the last such weekday of a month, or the one nearest a day.

    >>> YearEnd.parse("last saturday of january").in_year(2024)
    datetime.date(2024, 1, 27)
    >>> YearEnd.parse("saturday nearest 31 january").in_year(2024)
    datetime.date(2024, 2, 3)
    """

    weekday: str
    month: str
    day: int | None = None

    @classmethod
    def parse(cls, text: str) -> YearEnd:
        """The rule that a text names; ValueError where it names none."""
        words = text.strip().lower()
        if found := re.fullmatch(r"last (\w+) of (\w+)", words):
            end = cls(found[1], found[2])
        elif found := re.fullmatch(r"(\w+) nearest (?:to )?(\d{1,2}) (\w+)", words):
            end = cls(found[1], found[3], int(found[2]))
        elif found := re.fullmatch(r"(\w+) nearest (?:to )?(\w+) (\d{1,2})", words):
            end = cls(found[1], found[2], int(found[3]))
        else:
            raise ValueError(f"'{text}' names no last day of a year; {_LIKE}")
        if end.weekday not in WEEKDAYS:
            raise ValueError(f"'{text}': '{end.weekday}' is no weekday; {_LIKE}")
        if end.month not in MONTHS:
            raise ValueError(f"'{text}': '{end.month}' is no month; {_LIKE}")
        if end.day is not None and not _in_every_year(end.day, end.month):
            raise ValueError(f"'{text}': not every {end.month.capitalize()} has a day {end.day}; {_LIKE}")
        return end

    def __str__(self) -> str:
        if self.day is None:
            return f"last {self.weekday} of {self.month}"
        return f"{self.weekday} nearest {self.day} {self.month}"

    @property
    def week_start(self) -> str:
        """The weekday a week begins on: the one after the year's last."""
        return WEEKDAYS[(WEEKDAYS.index(self.weekday) + 1) % 7]

    def in_year(self, year: int) -> date:
        """The last day of the retail year that ends in that year, or in the first days of the next one."""
        month, weekday = MONTHS.index(self.month) + 1, WEEKDAYS.index(self.weekday)
        if self.day is not None:
            nearest = date(year, month, self.day)
            return nearest + timedelta(days=(weekday - nearest.weekday() + 3) % 7 - 3)
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)


def _in_every_year(day: int, month: str) -> bool:
    try:
        date(2023, MONTHS.index(month) + 1, day)
    except ValueError:
        return False
    return True


def _as_year_end(value: Any) -> Any:
    return YearEnd.parse(value) if isinstance(value, str) else value


YearEndText = Annotated[
    YearEnd,
    BeforeValidator(_as_year_end),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^(last \w+ of \w+|\w+ nearest (to )?(\d+ \w+|\w+ \d+))$"}),
]


@dataclass(frozen=True)
class RetailYear:
    """How many weeks the three months of every quarter have, and when a year ends.

    Some years have a 53rd week, which goes to their last month.
    """

    pattern: str
    ends: YearEnd

    @property
    def months(self) -> pl.DataFrame:
        """For every week, counted from 0, the number of its month, and the week that month begins with."""
        lengths = [int(weeks) for weeks in self.pattern.split("-")] * 4
        begins = [0, *accumulate(lengths)]
        lengths[-1] += 1
        weeks = [(week, month + 1, begins[month]) for month in range(12) for week in _weeks(begins, lengths, month)]
        schema = {"_week": pl.Int64, "month_number": pl.Int64, "first_week": pl.Int64}
        return pl.DataFrame(weeks, schema=schema, orient="row")


def _weeks(begins: list[int], lengths: list[int], month: int) -> range:
    return range(begins[month], begins[month] + lengths[month])


def retail_days(first: date, last: date, retail: RetailYear) -> pl.DataFrame:
    """The named days from the first to the last; see `ordinary`.

    NOTE: a year is named after the one it ends in, but after the one before where it ends by the first days of
    February: the retail year 2023 ended on 3 February 2024.
    """
    ends = [retail.ends.in_year(year) for year in range(first.year - 1, last.year + 3)]
    years = pl.DataFrame({"year_end": ends}, schema={"year_end": pl.Date}).select(
        year_start=pl.col("year_end").shift(1) + timedelta(days=1),
        year_year=(pl.col("year_end") - timedelta(days=45)).dt.year().cast(pl.Int64),
    )
    start, week = pl.col("year_start"), pl.col("_week")
    return (
        pl.DataFrame({"day": pl.date_range(first, last, interval="1d", eager=True)})
        .join_asof(years.drop_nulls(), left_on="day", right_on="year_start", strategy="backward", coalesce=False)
        .with_columns(day_number=(pl.col("day") - start).dt.total_days() + 1)
        .with_columns(_week=(pl.col("day_number") - 1) // 7)
        .join(retail.months, on="_week", how="left", maintain_order="left")
        .with_columns(week_number=week + 1, quarter_number=(pl.col("month_number") - 1) // 3 + 1)
        .with_columns(
            week_start=start + pl.duration(days=week * 7),
            month_start=start + pl.duration(days=pl.col("first_week") * 7),
            quarter_start=start + pl.duration(days=(pl.col("quarter_number") - 1) * 91),
            year_number=pl.lit(1, pl.Int64),
            **{f"{grain}_year": pl.col("year_year") for grain in ("day", "week", "month", "quarter")},
            day_label=pl.col("day").dt.strftime("%Y-%m-%d"),
            week_label=_called("W", "week_number"),
            month_label=_called("P", "month_number"),
            quarter_label=pl.format("FY{}-Q{}", "year_year", "quarter_number"),
            year_label=pl.format("FY{}", "year_year"),
        )
        .drop("_week", "first_week")
    )


def _called(letter: str, number: str) -> pl.Expr:
    return pl.format(f"FY{{}}-{letter}{{}}", "year_year", pl.col(number).cast(pl.String).str.zfill(2))
