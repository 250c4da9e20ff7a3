"""When events of two models happened: in which order, and until when a window reaches."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.plan import Engine
from kpi_pipeline.plan.matching import Side
from kpi_pipeline.reduce.day import business_day, local_moment, time_column
from kpi_pipeline.sql_parts import INSTANT, sql_in_zone, sql_table

DAY = "DATE"
_ZONED = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


@dataclass(frozen=True)
class Moments:
    """How two sides are compared: by days where one of them knows no more, else by the clock, else by instants.

    NOTE: the wall clock shows an hour twice when clocks go back, so zoned moments are compared as instants; a window is
    counted on the wall clock all the same, so that a day is a day when it has 23 hours.
    """

    by_day: bool
    by_clock: bool
    zone: str

    def of(self, side: Side, kind: str) -> exp.Expr:
        """The day, clock time or instant of a side's rows."""
        if self.by_day:
            return business_day(side.model, side.time, kind)
        if self.by_clock or kind in _ZONED:
            return time_column(side.model, side.time)
        return sql_in_zone(time_column(side.model, side.time), side.model.naive_zone, gives=INSTANT)

    def after(self, moment: exp.Expr, window: Window) -> exp.Expr:
        """The first moment that lies a whole window after another one."""
        length = exp.Interval(this=exp.Literal.string(str(window.count)), unit=exp.var(window.grain.upper()))
        if self.by_day:
            return exp.cast(exp.Add(this=moment, expression=length), DAY)
        if self.by_clock or window.grain.value == "hour":
            return exp.Add(this=exp.paren(moment), expression=length)
        return sql_in_zone(exp.Add(this=sql_in_zone(moment, self.zone), expression=length), self.zone, gives=INSTANT)


def compared(base: Side, conversion: Side, window: Window | None, kinds: tuple[str, str]) -> Moments:
    """How the moments of two sides are compared; `kinds` are the DuckDB types of their time columns."""
    by_day = DAY in kinds
    if by_day and window and window.grain not in (Grain.day, Grain.week, Grain.month, Grain.quarter, Grain.year):
        dated = base if kinds[0] == DAY else conversion
        raise DataError(
            f"A window of {window} cannot be counted: '{dated.time}' of model '{dated.model.name}' holds days.\n"
            "Hint: write the window in days, or use a time column with the time of day."
        )
    zones = {base.model.naive_zone, conversion.model.naive_zone}
    by_clock = not any(kind in _ZONED for kind in kinds) and len(zones) == 1 and zones == {base.model.project_zone}
    return Moments(by_day, by_clock, base.model.project_zone)


def time_type(side: Side, engine: Engine) -> str:
    """The DuckDB type of a side's time column; what is neither a day nor a moment is refused."""
    table = sql_table(side.model.table)
    kind = engine.columns(exp.select(exp.alias_(time_column(side.model, side.time), "_time")).from_(table))["_time"]
    local_moment(side.model, side.time, kind)
    return kind
