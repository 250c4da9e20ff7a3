"""The usual calendar: months as everybody has them, weeks of seven days, years that begin with any month.

Here and for every other calendar, a frame of named days has a row a day and, for each grain, the start of the period
the day is in (`week_start`), its number within its year (`week_number`), that year (`week_year`) and what it is called
(`week_label`).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from kpi_pipeline.calendar.rules import CalendarRules


def ordinary_days(first: date, last: date, rules: CalendarRules) -> pl.DataFrame:
    """The named days from the first to the last."""
    days = pl.DataFrame({"day": pl.date_range(first, last, interval="1d", eager=True)}).with_columns(
        week_start=_week_start(rules),
        month_start=pl.col("day").dt.month_start(),
        quarter_start=_months_start(rules, 3),
        year_start=_months_start(rules, 12),
    )
    return days.with_columns(**_days(rules), **_weeks(), **_months(rules), **_quarters(rules), **_years(rules))


def _week_start(rules: CalendarRules) -> pl.Expr:
    back = (pl.col("day").dt.weekday().cast(pl.Int32) - rules.weekday + 7) % 7
    return pl.col("day") - pl.duration(days=back)


def _months_start(rules: CalendarRules, length: int) -> pl.Expr:
    """The first day of the block of `length` months, counted from the month a year begins with."""
    month = pl.col("day").dt.month().cast(pl.Int32)
    back = (month - rules.month + 12) % length if length < 12 else (month - rules.month + 12) % 12
    return pl.col("day").dt.month_start().dt.offset_by(pl.format("-{}mo", back))


def _days(rules: CalendarRules) -> dict[str, pl.Expr]:
    return {
        "day_number": pl.col("day").dt.ordinal_day().cast(pl.Int64),
        "day_year": _year_of("day", rules),
        "day_label": pl.col("day").dt.strftime("%Y-%m-%d"),
    }


def _weeks() -> dict[str, pl.Expr]:
    """NOTE: a week belongs to the year that holds most of its days: its fourth day decides (ISO 8601)."""
    middle = pl.col("week_start") + pl.duration(days=3)
    number, year = middle.dt.week().cast(pl.Int64), middle.dt.iso_year().cast(pl.Int64)
    label = pl.format("{}-W{}", year, number.cast(pl.String).str.zfill(2))
    return {"week_number": number, "week_year": year, "week_label": label}


def _months(rules: CalendarRules) -> dict[str, pl.Expr]:
    return {
        "month_number": _months_since("month_start", rules) + 1,
        "month_year": _year_of("month_start", rules),
        "month_label": pl.col("month_start").dt.strftime("%Y-%m"),
    }


def _quarters(rules: CalendarRules) -> dict[str, pl.Expr]:
    number, year = _months_since("quarter_start", rules) // 3 + 1, _year_of("quarter_start", rules)
    label = pl.format("{}{}-Q{}", pl.lit(_fiscal(rules)), year, number)
    return {"quarter_number": number, "quarter_year": year, "quarter_label": label}


def _years(rules: CalendarRules) -> dict[str, pl.Expr]:
    year = _year_of("year_start", rules)
    label = pl.format("{}{}", pl.lit(_fiscal(rules)), year)
    return {"year_number": pl.lit(1, pl.Int64), "year_year": year, "year_label": label}


def _fiscal(rules: CalendarRules) -> str:
    return "" if rules.month == 1 else "FY"


def _months_since(start: str, rules: CalendarRules) -> pl.Expr:
    """How many months after the beginning of its year a period begins."""
    return (pl.col(start).dt.month().cast(pl.Int64) - rules.month + 12) % 12


def _year_of(start: str, rules: CalendarRules) -> pl.Expr:
    """The year a period belongs to; a fiscal one is named after the year it ends in."""
    ends_later = pl.lit(0 if rules.month == 1 else 1) * (pl.col(start).dt.month() >= rules.month).cast(pl.Int64)
    return pl.col(start).dt.year().cast(pl.Int64) + ends_later
