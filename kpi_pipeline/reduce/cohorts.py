"""The days on which entities were seen, each with the entity's first row and the day it was seen before.

With the day before it, a day says by itself whether it is the first in its period, whatever the calendar; so none is
needed here, and one table serves every grain and age.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import expressions as exp

from kpi_pipeline.plan import Engine
from kpi_pipeline.plan.cohorts import PREVIOUS, Cohorts
from kpi_pipeline.plan.matching import SEEN
from kpi_pipeline.reduce.aggregate import parsed
from kpi_pipeline.reduce.day import business_day, time_column
from kpi_pipeline.reduce.moment import time_type
from kpi_pipeline.reduce.side import as_struct, rows_of_side

AT = "_at"
KEY = "_key"
FIRST = "_first"


def seen_days(cohorts: Cohorts, columns: Sequence[str], engine: Engine) -> exp.Select:
    """A row an entity and day on which it was seen: the columns of its first row, the day, and the day before it."""
    in_order = (
        exp.select(exp.column(SEEN, quoted=True))
        .select(exp.alias_(_over(exp.FirstValue(this=as_struct(columns)), cohorts), FIRST, quoted=True))
        .select(exp.alias_(_over(exp.Lag(this=exp.column(SEEN, quoted=True)), cohorts), PREVIOUS, quoted=True))
        .from_(_rows(cohorts, columns, engine).subquery("there"))
    )
    seen, before = exp.column(SEEN, quoted=True), exp.column(PREVIOUS, quoted=True)
    return (
        exp.select(*(exp.alias_(exp.column(name, table=FIRST, quoted=True), name, quoted=True) for name in columns))
        .select(seen, before)
        .from_(in_order.subquery("in_order"))
        .where(exp.or_(before.copy().is_(exp.null()), exp.LT(this=before.copy(), expression=seen.copy())))
    )


def _rows(cohorts: Cohorts, columns: Sequence[str], engine: Engine) -> exp.Select:
    """The rows that count, with the day and the moment of each."""
    rows = cohorts.rows
    day = business_day(rows.model, rows.time, time_type(rows, engine))
    return rows_of_side(
        rows,
        day,
        engine,
        exp.alias_(parsed(rows.keys[0]), KEY, quoted=True),
        exp.alias_(day, SEEN, quoted=True),
        exp.alias_(time_column(rows.model, rows.time), AT, quoted=True),
        *(exp.alias_(parsed(tie), f"_tie_{number}", quoted=True) for number, tie in enumerate(cohorts.ties)),
        *(exp.column(name, quoted=True) for name in columns),
    )


def _over(what: exp.Expr, cohorts: Cohorts) -> exp.Expr:
    """Over the rows of one entity as they came; NOTE: by day first, since clocks that go back may repeat a midnight."""
    order = [SEEN, AT, *(f"_tie_{number}" for number in range(len(cohorts.ties)))]
    spec = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    return exp.Window(
        this=what,
        partition_by=[exp.column(KEY, quoted=True)],
        order=exp.Order(
            expressions=[exp.Ordered(this=exp.column(name, quoted=True), nulls_first=False) for name in order]
        ),
        spec=None if isinstance(what, exp.Lag) else spec,
    )
