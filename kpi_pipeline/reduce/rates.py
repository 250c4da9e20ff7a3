"""The exchange rate of each row's currency on the row's own day."""

from __future__ import annotations

from sqlglot import expressions as exp

from kpi_pipeline.periods import Window
from kpi_pipeline.plan import Engine, Rate
from kpi_pipeline.reduce.aggregate import parsed
from kpi_pipeline.reduce.beside import CALENDAR_DAYS, of_rows
from kpi_pipeline.reduce.day import business_day, time_column
from kpi_pipeline.sql_parts import sql_table

RATE = "DECIMAL(20, 9)"
"""NOTE: money is counted in decimals; a rate of nine digits after the point is finer than any that is quoted. DuckDB
keeps a product of two numbers of at most eighteen digits in eighteen digits, where 4,000.500000 euros times a rate do
not fit; with twenty it makes room."""


def with_rate(query: exp.Select, rate: Rate, day: exp.Expr, engine: Engine) -> exp.Select:
    """The query with a column for the rate of its rows, NULL where there is none; 1 for the project's own currency."""
    found = exp.column("_rate", table=rate.name, quoted=True)
    currency = of_rows(rate.currency)
    is_ours = exp.EQ(this=currency, expression=exp.Literal.string(rate.into))
    value = exp.case().when(is_ours, exp.Literal.number(1)).else_(found)
    on = exp.and_(
        exp.EQ(this=currency.copy(), expression=exp.column("_code", table=rate.name, quoted=True)),
        exp.EQ(this=day, expression=exp.column("_day", table=rate.name, quoted=True)),
    )
    rates = _rates_by_day(rate, engine).subquery(exp.to_identifier(rate.name, quoted=True))
    return query.select(exp.alias_(exp.cast(value, RATE), rate.name, quoted=True)).join(rates, on=on, join_type="left")


def repeated_rate(rate: Rate, engine: Engine) -> exp.Select:
    """SELECT a currency and a day that have more than one rate."""
    again = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
    rates = _rates(rate, engine).subquery("_rates")
    return exp.select("_code", "_day").from_(rates).group_by("_code", "_day").having(again).limit(1)


def _rates(rate: Rate, engine: Engine) -> exp.Select:
    """SELECT _code, _day, _rate: every rate that is one; what is missing, zero or below is none."""
    table = sql_table(rate.rates.table)
    time = time_column(rate.rates, rate.rates_time)
    kind = engine.columns(exp.select(exp.alias_(time, "_time")).from_(table))["_time"]
    value = parsed(rate.rate)
    return (
        exp.select(
            exp.alias_(parsed(rate.code), "_code"),
            exp.alias_(business_day(rate.rates, rate.rates_time, kind), "_day"),
            exp.alias_(value, "_rate"),
        )
        .from_(table.copy())
        .where(exp.GT(this=value.copy(), expression=exp.Literal.number(0)))
    )


def _rates_by_day(rate: Rate, engine: Engine) -> exp.Select:
    """Every rate on its day and, where that is allowed, on the days after it until the next one.

    NOTE: days are looked up in the calendar, so that rows find their rate by an equal day: a range would compare every
    row with all rates of its currency.
    """
    rates = _rates(rate, engine)
    if rate.within is None:
        return rates
    following = exp.Window(
        this=exp.func("LEAD", exp.column("_day")),
        partition_by=[exp.column("_code")],
        order=exp.Order(expressions=[exp.Ordered(this=exp.column("_day"))]),
    )
    spans = exp.select("_code", "_rate", exp.alias_(exp.column("_day"), "_from"), exp.alias_(following, "_next")).from_(
        rates.subquery("_rates")
    )
    day = exp.column("day", table="_days", quoted=True)
    since = exp.LTE(this=exp.column("_from"), expression=day)
    until = exp.or_(exp.column("_next").is_(exp.null()), exp.LT(this=day.copy(), expression=exp.column("_next")))
    fresh = exp.LTE(this=day.copy(), expression=_later(exp.column("_from"), rate.within))
    days = exp.alias_(sql_table(CALENDAR_DAYS), "_days", table=True)
    return (
        exp.select("_code", "_rate", exp.alias_(day.copy(), "_day"))
        .from_(spans.subquery("_spans"))
        .join(days, on=exp.and_(since, fresh, until))
    )


def _later(day: exp.Expr, window: Window) -> exp.Expr:
    length = exp.Interval(this=exp.Literal.string(str(window.count)), unit=exp.var(window.grain.upper()))
    return exp.cast(exp.Add(this=day, expression=length), "DATE")
