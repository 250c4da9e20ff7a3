"""What partial results of stocks are kept by, beside the day and the dimensions."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import expressions as exp

from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Interval, ModelPlan, Snapshot
from kpi_pipeline.reduce.aggregate import parsed
from kpi_pipeline.reduce.day import business_day, business_hour, time_column

MOMENT = "_moment"
GROUP = "_group_"
UNTIL = "_until"


def stock_keys(stock: Snapshot | Interval, model: ModelPlan, kind: str, finest: Grain) -> Iterator[exp.Expr]:
    """The moment of a row and what has a moment of its own; or the day (hour) in which a row is no longer active.

    `kind` is the type of the stock's time column.
    """
    match stock:
        case Snapshot():
            yield exp.alias_(time_column(model, stock.moment), MOMENT, quoted=True)
            for number, grouping in enumerate(stock.groupings):
                yield exp.alias_(parsed(grouping), f"{GROUP}{number}", quoted=True)
        case Interval():
            ends = business_hour if finest is Grain.hour else business_day
            yield exp.alias_(ends(model, stock.until, kind), UNTIL, quoted=True)


def selected(query: exp.Select, name: str) -> exp.Expr:
    """What a query selects under a name; a condition cannot name it."""
    found: exp.Expr = next(one.this for one in query.selects if one.alias == name).copy()
    return found


def finest_of(query: exp.Select) -> exp.Expr:
    """The day that a query selects or, where it selects hours, the hour."""
    return selected(query, finest_name(query))


def finest_name(query: exp.Select) -> str:
    """What a query calls its day or, where it selects hours, the hour."""
    return "_hour" if "_hour" in query.named_selects else "_day"
