"""Partial results as derive gets them: small ones as frames, keys and values as something that is read in parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.derive import Elsewhere, Partials
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Engine, Measure, Reduction, Shape
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.answers import KeptAnswers
from kpi_pipeline.store.seen_rows import SeenRows

IN_PARTS = (Shape.distinct, Shape.values)
"""Shapes that may have as many rows as the raw tables."""
Refusal = Callable[[Reduction, Exception], Exception]


def partials_of(
    warehouse: Warehouse,
    queries: Mapping[Reduction, exp.Query],
    refusal: Refusal,
    answers: KeptAnswers | None = None,
    *,
    engines: Mapping[Reduction, Engine] | None = None,
    elsewhere: Mapping[Reduction, Elsewhere] | None = None,
) -> Partials:
    """The results of the queries; `refusal` says what to raise where one cannot be carried out.

    `engines` answer queries that the warehouse does not, and `elsewhere` what is asked where the rows are.

    Every pass over the same rows has the same combinations of dimension values and the same days, so those of the keys
    and values are read off the sums.
    """
    frames: dict[Reduction, pl.LazyFrame] = {}
    spans: dict[tuple[str, str], tuple[date, date]] = {}
    for reduction, query in queries.items():
        if in_parts(reduction):
            continue
        engine = (engines or {}).get(reduction, warehouse)
        try:
            frame = engine.fetch(query)
        except engine.query_errors as problem:
            raise refusal(reduction, problem) from problem
        frames[reduction] = frame.lazy()
        if reduction.shape is Shape.additive and not reduction.events and not frame.is_empty():
            first, last = frame.select(first=pl.col("_day").min(), last=pl.col("_day").max()).row(0)
            spans[reduction.model, reduction.time] = (first, last)
    small = Partials(frames, spans)
    seen = {one: _seen(warehouse, one, queries[one], small, refusal) for one in queries if in_parts(one)}
    return Partials(frames, spans, seen, answers, elsewhere or {})


def in_parts(reduction: Reduction) -> bool:
    """Whether a pass has too many rows to hold; what is asked by hour is held."""
    return reduction.shape in IN_PARTS and reduction.finest is not Grain.hour


def _seen(warehouse: Warehouse, reduction: Reduction, query: exp.Query, sums: Partials, refusal: Refusal) -> SeenRows:
    rows: Measure = reduction.measures[0].all_rows
    counted = sums.frames[sums.reduction(rows)]
    places, days = pl.collect_all(
        [
            counted.select(reduction.dimensions).unique(maintain_order=True),
            counted.group_by("_day").agg(rows=pl.col(rows.column).sum().cast(pl.Int64)).sort("_day"),
        ]
    )
    return SeenRows(warehouse, query, reduction.dimensions, places, days, partial(refusal, reduction))


def keep_answers(partials: Partials) -> None:
    """Keeps what derive found of spans of days, so that the next run need not look at them again."""
    if partials.answers is not None:
        partials.answers.save()
