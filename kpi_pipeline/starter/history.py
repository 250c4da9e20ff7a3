"""What a metric was in the past, so that an example of a target is not out of the world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from statistics import median

from sqlglot import expressions as exp

from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Executor
from kpi_pipeline.starter.metrics import MetricDraft, MetricDrafts
from kpi_pipeline.starter.table import Rhythm

LOOK_BACK = 12
SEVERAL = 3


@dataclass(frozen=True)
class History:
    """The last periods of a metric that were over, and its usual value in them."""

    since: date
    periods: int
    usual: float
    varies: bool
    """Whether it was ever another value: a number that never changes tells nobody anything."""


def history_of(
    executor: Executor,
    drafts: MetricDrafts,
    metric: MetricDraft,
    *,
    time: str,
    grain: Grain,
    rhythm: Rhythm,
    week_start: int,
) -> History | None:
    """The median of up to twelve periods; the first and the one in progress only where there are no others."""
    value = _value(drafts, metric)
    if value is None:
        return None
    start = _start(exp.column(time), grain, week_start)
    model = exp.table_(str(metric.fields.get("model") or _model(drafts)), db="model", quoted=True)
    known = exp.not_(exp.column(time).is_(exp.null()))
    query = (
        exp.select(exp.alias_(start, "period"), exp.alias_(exp.cast(value, "DOUBLE"), "value"))
        .from_(model)
        .where(known)
    )
    rows = executor.rows(query.group_by("1").order_by("1"))
    found: list[tuple[date, float]] = [
        (row[0], row[1]) for row in rows if row[1] is not None and row[0] <= rhythm.last_day
    ]
    if not found:
        return None
    if rhythm.cadence is Grain.day:
        over = found[1:-1] if found[0][0] < rhythm.first_day else found[:-1]
        found = over or found
    last = found[-LOOK_BACK:]
    values = [value for _, value in last]
    return History(last[0][0], len(last), median(values), len(values) < SEVERAL or max(values) > min(values))


def _model(drafts: MetricDrafts) -> object:
    return drafts.metrics[0].fields["model"]


def _value(drafts: MetricDrafts, metric: MetricDraft) -> exp.Expr | None:
    fields = metric.fields
    if fields["type"] == "ratio":
        parts = [_value(drafts, drafts.named(str(fields[side]))) for side in ("numerator", "denominator")]
        if parts[0] is None or parts[1] is None:
            return None
        nothing = exp.Nullif(this=exp.cast(parts[1], "DOUBLE"), expression=exp.Literal.number(0))
        return exp.Div(this=exp.cast(parts[0], "DOUBLE"), expression=nothing)
    if fields["type"] != "simple":
        return None
    column = exp.column(str(fields.get("expr", "")))
    values: dict[object, exp.Expr] = {
        "count": exp.Count(this=exp.Star()),
        "sum": exp.Sum(this=column),
        "average": exp.Avg(this=column.copy()),
        "count_distinct": exp.Count(this=exp.Distinct(expressions=[column.copy()])),
        "sum_boolean": exp.CountIf(this=column.copy()),
    }
    return values[fields["agg"]]


def _start(time: exp.Expr, grain: Grain, week_start: int) -> exp.Expr:
    """The first day of the period; weeks begin where the project's weeks do."""
    day = exp.cast(time, "DATE")
    shift = exp.Literal.number(week_start if grain is Grain.week else 0)
    moved = exp.Paren(this=exp.Sub(this=day, expression=shift))
    truncated = exp.Anonymous(this="date_trunc", expressions=[exp.Literal.string(grain.value), moved])
    return exp.cast(exp.Paren(this=exp.Add(this=exp.cast(truncated, "DATE"), expression=shift.copy())), "DATE")
