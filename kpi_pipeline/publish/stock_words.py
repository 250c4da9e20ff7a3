"""Which moments of a period a stock is taken at, in words."""

from __future__ import annotations

from kpi_pipeline.metrics import Simple

_MOMENTS = {
    "max": "at the latest {}",
    "min": "at the earliest {}",
    "average": "on average over every {}",
    "highest": "at the highest of every {}",
    "lowest": "at the lowest of every {}",
}
_DAYS = {
    "end": "at the end of the period",
    "start": "on the first day of the period",
    "average": "on an average day",
    "highest": "on the day with the most",
    "lowest": "on the day with the least",
}


def stock_in_words(metric: Simple) -> str:
    """When a stock is taken, to be read after what is aggregated; nothing for a metric that is added up.

    >>> stock_in_words(Simple(name="open", type="simple", model="tickets", agg="count",
    ...                       active={"from": "opened", "to": "closed"}))
    ', active from opened to closed, at the end of the period'
    >>> stock_in_words(Simple(name="units", type="simple", model="stock", agg="sum", expr="units",
    ...                       non_additive_dimension={"name": "day", "window_agg": "max"}))
    ', at the latest day'
    """
    if active := metric.active:
        return f", active from {active.from_} to {active.to}, {_DAYS[active.at]}"
    if stock := metric.non_additive_dimension:
        of_each = f" of each {' and '.join(stock.window_groupings)}" if stock.window_groupings else ""
        carried = ", carried forward" if stock.carry_forward else ""
        return f", {_MOMENTS[stock.window_agg].format(stock.name)}{of_each}{carried}"
    return ""
