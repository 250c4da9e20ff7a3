"""What was known on a day: conversions and returns that came later are left out, also those of earlier days."""

from __future__ import annotations

from datetime import date

from sqlglot import expressions as exp

from kpi_pipeline.plan import Reduction
from kpi_pipeline.plan.matching import SEEN
from kpi_pipeline.sql_parts import sql_day


def known_by(today: date | None, reduction: Reduction, query: exp.Query) -> exp.Query:
    """A reduction's partial results without what was seen after today; other rows are left out by their own day."""
    if today is None or reduction.events is None:
        return query
    day = sql_day(today)
    seen = exp.LTE(this=exp.column(SEEN, quoted=True), expression=day)
    return exp.select("*").from_(query.subquery("known")).where(seen)
