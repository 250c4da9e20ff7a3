"""Values of stocks from states: what rows said at the moments of a period that count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from kpi_pipeline.derive.anchors import of_all
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.exact import wide_enough
from kpi_pipeline.derive.fold import folded_column
from kpi_pipeline.derive.hour_numbers import AT, numbered_hours
from kpi_pipeline.derive.lasting import lasting_rows, lasting_values
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.errors import InternalError
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Fold, Measure, Snapshot

MOMENT = "_moment"


def state_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    return [_values(one, partials) for one in asked]


def _values(asked: Asked, partials: Partials) -> pl.LazyFrame:
    rows = wide_enough(lasting_rows(asked, asked.measure, partials), asked.named.values())
    stock = asked.measure.stock
    if not isinstance(stock, Snapshot):
        raise InternalError(f"{asked.measure} is no state at a moment.")
    if stock.carried:
        return lasting_values(_carried(rows, stock), asked, partials)
    return _at_moments(rows.join(_periods(asked), on="_day"), stock, asked.named)


def _periods(asked: Asked) -> pl.LazyFrame:
    """The period of each day, or of each hour by its number: _day, period_start."""
    if asked.timeline.grain is Grain.hour:
        return numbered_hours(asked.timeline.calendar).lazy().select(PERIOD, _day=AT)
    return asked.timeline.days.lazy()


def _at_moments(rows: pl.LazyFrame, stock: Snapshot, measures: Mapping[str, Measure]) -> pl.LazyFrame:
    """Period, segment and a column a measure, from states with their period.

    The latest or earliest moment of a period is that of all its rows, or of each grouping, whatever their segments;
    then each row counts in its own segment. The average, highest and lowest are of a grouping's moments in a segment,
    and the groupings are added.
    """
    keys = (PERIOD, SEGMENT)
    groups = _groups_of(stock)
    if stock.kept != "every":
        moment = pl.col(MOMENT).max() if stock.kept == "last" else pl.col(MOMENT).min()
        chosen = rows.filter(pl.col(MOMENT) == moment.over(PERIOD, *groups))
        return chosen.group_by(keys).agg(_aggregate(one).alias(name) for name, one in measures.items())
    each = rows.group_by(*keys, *groups, MOMENT).agg(_aggregate(one).alias(name) for name, one in measures.items())
    of_groups = each.group_by(*keys, *groups).agg(of_all(pl.col(name), stock.choice) for name in measures)
    # NOTE: averages are divided and so no longer exact; a sum of them ends with other digits in another order. Polars
    # leaves out a sort before a sum, which it takes to be the same in any order; a running total it does not.
    return of_groups.group_by(keys).agg(pl.col(name).sort().cum_sum().last().alias(name) for name in measures)


def _carried(rows: pl.LazyFrame, stock: Snapshot) -> pl.LazyFrame:
    """The states with `_until`: the day of the next state of their grouping; missing for the last one."""
    groups = _groups_of(stock)
    days = rows.select(*groups, "_day").unique().sort("_day")
    following = pl.col("_day").shift(-1)
    until = days.with_columns(_until=following.over(groups) if groups else following)
    return rows.join(until, on=[*groups, "_day"], nulls_equal=True)


def _aggregate(measure: Measure) -> pl.Expr:
    return pl.col("_key").n_unique() if measure.fold is Fold.distinct else folded_column(measure)


def _groups_of(stock: Snapshot) -> Sequence[str]:
    """The columns of its groupings."""
    return [f"_group_{number}" for number in range(len(stock.groupings))]
