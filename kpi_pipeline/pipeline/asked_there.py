"""Questions about keys and values, asked of the engine that has the rows: only the answers come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.derive import Segments
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.in_partitions import in_partitions
from kpi_pipeline.pipeline.known_by import known_by
from kpi_pipeline.plan import Engine, Measure, Plan, Reduction
from kpi_pipeline.reduce import (
    ASKED_DAYS,
    ASKED_SEGMENTS,
    KNOWN_THEN,
    known_then,
    of_spans,
    reduction_query,
    stays,
)


@dataclass(frozen=True, eq=False)
class _Told:
    """How keys came and went, and what was asked."""

    leaves: pl.DataFrame
    segments: Segments
    measures: tuple[Measure, ...]
    changes: pl.DataFrame

    def answers(self, leaves: pl.DataFrame, segments: Segments, measures: Sequence[Measure]) -> bool:
        """Whether what is asked was told, of these days or of more."""
        alike = (self.segments.breakdown, self.measures) == (segments.breakdown, tuple(measures))
        if not alike or not self.segments.table.equals(segments.table):
            return False
        return leaves.join(self.leaves, on=leaves.columns, how="anti", nulls_equal=True).is_empty()


@dataclass(frozen=True, eq=False)
class AskedThere:
    """The keys or values of one pass.

    `rows` gives the query of the pass from a day on and before another, so that no other days are read.
    """

    engine: Engine
    rows: Callable[[date, date], exp.Query]
    refusal: Callable[[Exception], Exception]
    through: pl.DataFrame | None = None
    _told: list[_Told] = field(default_factory=list)

    def of_spans(self, days: pl.DataFrame, segments: Segments, measures: Sequence[Measure]) -> pl.DataFrame:
        """What each measure is over the rows of each span."""
        return self._asked(of_spans, days, segments, measures)

    def stays(self, leaves: pl.DataFrame, segments: Segments, measures: Sequence[Measure]) -> pl.DataFrame:
        """How the number of keys within reach changes from day to day.

        The windows of earlier periods, as these stood when they were as old as the one in progress, end on other days
        and look at the same ones: what was told of the periods themselves is told again.
        """
        for one in self._told:
            if one.answers(leaves, segments, measures):
                return one.changes
        changes = self._asked(stays, leaves, segments, measures)
        self._told.append(_Told(leaves, segments, tuple(measures), changes))
        return changes

    def then(self, through: pl.DataFrame) -> AskedThere:
        """The same without what came to be known later."""
        return replace(self, through=through, _told=[])

    def _asked(
        self,
        question: Callable[[exp.Query, Sequence[str], Sequence[Measure]], exp.Select],
        days: pl.DataFrame,
        segments: Segments,
        measures: Sequence[Measure],
    ) -> pl.DataFrame:
        first, last = days.select(first=pl.col("_day").min(), last=pl.col("_day").max()).row(0)
        try:
            self.engine.replace_table(ASKED_DAYS, days)
            if segments.breakdown:
                self.engine.replace_table(ASKED_SEGMENTS, segments.table.select(*segments.breakdown, "_segment"))
            rows = self.rows(first, last + timedelta(days=1))
            if self.through is not None:
                self.engine.replace_table(KNOWN_THEN, self.through)
                rows = known_then(rows)
            return self.engine.fetch(question(rows, segments.breakdown, measures))
        except self.engine.query_errors as problem:
            raise self.refusal(problem) from problem


def asked_there(
    context: Context,
    plan: Plan,
    reductions: Iterable[Reduction],
    refusal: Callable[[Reduction, Exception], Exception],
) -> dict[Reduction, AskedThere]:
    """Of passes over keys and values those whose rows are in a cluster; `refusal` says what it cannot carry out."""
    found = {}
    for reduction in reductions:
        spark = context.clusters.of_pass(plan, reduction)
        if spark is not None:
            rows = partial(rows_there, context, plan, reduction, spark)
            found[reduction] = AskedThere(spark, rows, partial(refusal, reduction))
    return found


def rows_there(
    context: Context, plan: Plan, reduction: Reduction, engine: Engine, first: date | None, after: date | None
) -> exp.Query:
    """The query of a pass from a day on and before another, as far as they were known at the moment that is asked."""
    model = plan.model(reduction.model)
    query = reduction_query(reduction, model, engine, from_day=first, to_day=after)
    return known_by(context.today, reduction, in_partitions(context.project, reduction, model, query, first, after))
