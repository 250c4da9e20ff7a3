"""Answers about spans of days, looked up where they are known, computed where they are not.

A distinct count or a percentile of a span of days does not change while no row of those days does. So a run after a
new day computes the day, the week, month and quarter it is in and the windows that end with it, and reads no other day.
See docs/decisions/answers-about-spans-are-kept.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import polars as pl

from kpi_pipeline.derive.anchors import ANCHOR, EVERY_DAY, over_days
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.segments import SEGMENT, Segments
from kpi_pipeline.derive.spans import SPAN, Question, spans_of
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.plan import Fold, Measure, Reduction, fingerprint

VALUE, NAMED = "value", "segment"


class Compute(Protocol):
    """Computes the values of questions about one pass: for each its keys and a column a leaf."""

    def __call__(
        self, reduction: Reduction, questions: Sequence[Question], partials: Partials
    ) -> list[pl.DataFrame]: ...


def answered(asked: Sequence[Asked], partials: Partials, compute: Compute) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    passes: dict[Reduction, list[Asked]] = defaultdict(list)
    for one in asked:
        passes[partials.reduction(one.measure)].append(one)
    found: dict[Asked, pl.LazyFrame] = {}
    for reduction, some in passes.items():
        data = partials.spans.get((reduction.model, reduction.time))
        members = _together([Question(one, spans_of(one, data)) for one in some])
        whole = list(members)
        known = [_known(one, reduction, partials) for one in whole]
        missing = [Question(one.asked, spans) for one, (spans, _) in zip(whole, known, strict=True)]
        open_ones = [one for one in missing if not one.spans.is_empty()]
        made = dict(zip(open_ones, compute(reduction, open_ones, partials) if open_ones else [], strict=True))
        for question, to_do, (_, before) in zip(whole, missing, known, strict=True):
            values = before
            if to_do in made:
                _learn(to_do, made[to_do], reduction, partials)
                values = pl.concat([before, made[to_do].select(before.columns).cast(before.schema)])
            found |= {one.asked: _of_periods(one, question, values) for one in members[question]}
    return [found[one] for one in asked]


def _together(questions: Sequence[Question]) -> dict[Question, list[Question]]:
    """The questions with those that each answers: windows of every grain are one, by the days that they end with."""
    alike: dict[object, list[Question]] = defaultdict(list)
    for one in questions:
        asked = one.asked
        windows = (asked.segments, asked.reach.window, asked.reach.to_date) if asked.reach else one
        alike[windows, tuple(asked.named.values())].append(one)
    return {_of_all(some): some for some in alike.values()}


def _of_all(questions: Sequence[Question]) -> Question:
    asked = questions[0].asked
    if asked.reach is None:
        return questions[0]
    every = pl.concat(one.spans.select(pl.col(ANCHOR).alias(PERIOD), ANCHOR, *SPAN) for one in questions)
    return Question(asked, every.unique(ANCHOR, maintain_order=True).sort("last_day", "first_day"))


def _of_periods(question: Question, answered_by: Question, values: pl.DataFrame) -> pl.LazyFrame:
    """The values of periods; those of windows by the days of the period that count."""
    asked = question.asked
    if asked.reach is None:
        return values.lazy()
    names = dict(zip(answered_by.asked.named, asked.named, strict=True))
    days = values.drop(PERIOD).rename(names).lazy()
    wanted = question.spans.lazy().select(PERIOD, ANCHOR)
    if asked.reach.period_agg in EVERY_DAY and asked.measure.fold is Fold.distinct:
        every = wanted.join(asked.segments.named.lazy().select(SEGMENT), how="cross")
        days = every.join(days, on=(ANCHOR, SEGMENT), how="left").with_columns(pl.col(list(asked.named)).fill_null(0))
    else:
        days = wanted.join(days, on=ANCHOR)
    return over_days(days, map(pl.col, asked.named), asked.reach.period_agg)


def _known(question: Question, reduction: Reduction, partials: Partials) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The spans of which something is not known yet, and the values of the others."""
    answers, asked = partials.answers, question.asked
    values = question.nothing
    if answers is None or reduction.events:
        return question.spans, values
    rows = {name: answers.known(reduction, _key(asked.segments, one)) for name, one in asked.named.items()}
    known = question.spans
    for found in rows.values():
        known = known.join(found.select(SPAN).unique(), on=SPAN, how="semi")
    for name, found in rows.items():
        column = known.join(found, on=SPAN).join(asked.segments.named, on=NAMED)
        typed = column.select(*question.keys, pl.col(VALUE).cast(values.schema[name]).alias(name))
        values = values.drop(name).join(typed, on=question.keys, how="full", coalesce=True)
    missing = question.spans.join(known.select(SPAN).unique(), on=SPAN, how="anti", maintain_order="left")
    return missing, values.select(question.nothing.columns)


def _learn(question: Question, values: pl.DataFrame, reduction: Reduction, partials: Partials) -> None:
    """Keeps the values, and of every span that it was looked at: where there is no value, there is none."""
    asked = question.asked
    if partials.answers is None or reduction.events:
        return
    looked_at = question.spans.select(
        *SPAN, pl.lit(None, pl.String).alias(NAMED), pl.lit(None, pl.Float64).alias(VALUE)
    )
    named = values.join(question.spans, on=question.keys[:-1]).join(asked.segments.named, on=SEGMENT)
    for name, measure in asked.named.items():
        rows = named.select(*SPAN, NAMED, pl.col(name).cast(pl.Float64).alias(VALUE)).drop_nulls(VALUE)
        partials.answers.learn(reduction, _key(asked.segments, measure), pl.concat([looked_at, rows]))


def _key(segments: Segments, measure: Measure) -> str:
    """What is asked of a span; the small segments that stand together matter too."""
    return fingerprint(measure.column, measure.quantile, measure.discrete, segments.breakdown, segments.kept_apart)
