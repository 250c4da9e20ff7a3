"""Keys and values that stay where the rows are: questions about spans of days go there, and only answers come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import polars as pl

from kpi_pipeline.derive.anchors import ANCHOR
from kpi_pipeline.derive.day_numbers import day_numbers
from kpi_pipeline.derive.seen import DAY, Elsewhere
from kpi_pipeline.derive.segments import SEGMENT, Segments
from kpi_pipeline.derive.spans import SPAN, Question, merged
from kpi_pipeline.derive.windows import leaving
from kpi_pipeline.plan import Fold

OF_SPAN, MADE, LEAVES, OF_MEASURE, CHANGE = "_span", "_made", "_leaves", "_measure", "_change"


def of_periods(questions: Sequence[Question], there: Elsewhere) -> list[pl.DataFrame]:
    """What is asked of each span, where rows of it have a value.

    NOTE: those of one breakdown are asked at once, whatever their grains: each question asked there reads the rows.
    """
    together: dict[Segments, list[int]] = {}
    for place, one in enumerate(questions):
        together.setdefault(one.asked.segments, []).append(place)
    answers: dict[int, pl.DataFrame] = {}
    for places in together.values():
        answers |= dict(zip(places, _of_breakdown([questions[place] for place in places], there), strict=True))
    return [answers[place] for place in range(len(questions))]


def _of_breakdown(questions: Sequence[Question], there: Elsewhere) -> Iterator[pl.DataFrame]:
    """The answers to questions of one breakdown."""
    segments = questions[0].asked.segments
    measures = list(dict.fromkeys(measure for one in questions for measure in one.asked.named.values()))
    spans = [
        one.spans.select(*one.keys[:-1], *SPAN).with_columns(_question=pl.lit(place))
        for place, one in enumerate(questions)
    ]
    numbered = pl.concat(spans, how="diagonal").with_row_index(OF_SPAN)
    days = numbered.select(OF_SPAN, pl.date_ranges(*SPAN).alias(DAY)).explode(DAY)
    found = there.of_spans(days, segments, measures)
    rows = found.with_columns(pl.col(OF_SPAN).cast(numbered.schema[OF_SPAN])).join(numbered, on=OF_SPAN)
    for place, one in enumerate(questions):
        asked = one.asked
        made = [pl.col(f"{MADE}_{measures.index(measure)}") for measure in asked.named.values()]
        is_distinct = asked.measure.fold is Fold.distinct
        kept = pl.any_horizontal(value > 0 if is_distinct else value.is_not_null() for value in made)
        own = rows.filter((pl.col("_question") == place) & kept)
        placed = own.select(*one.keys, **dict(zip(asked.named, made, strict=True)))
        yield placed.cast({name: kind for name, kind in one.nothing.schema.items() if name in placed.columns})


def of_windows(question: Question, there: Elsewhere) -> pl.DataFrame:
    """The distinct counts of windows: the stays begun and not ended on the day a window ends with.

    NOTE: how many stays begin and end on a day is all that comes; a stay may be in many windows.
    """
    asked = question.asked
    wanted = question.spans.select(question.keys[:-1])
    looked_at = pl.concat(pl.date_range(*span, eager=True).alias(DAY).to_frame() for span in merged([question.spans]))
    gone = leaving(asked.reach, asked.timeline.calendar) if asked.reach else None
    never = looked_at.with_columns(pl.lit(None, pl.Date).alias(LEAVES))
    leaves = never if gone is None else looked_at.join(gone, on=DAY, how="left")
    changes = there.stays(leaves, asked.segments, tuple(asked.named.values()))
    first = pl.concat([looked_at.get_column(DAY), changes.get_column(DAY)]).min()
    assert isinstance(first, date)
    anchor = day_numbers(wanted.get_column(ANCHOR), first)
    days = int(anchor.max(initial=0)) + 1
    segments = np.unique(changes.get_column(SEGMENT).to_numpy())
    running, begun = {}, np.zeros((len(segments), days), bool)
    for place, name in enumerate(asked.named):
        some = changes.filter(pl.col(OF_MEASURE) == place)
        day = day_numbers(some.get_column(DAY), first)
        here = day < days
        at = np.searchsorted(segments, some.get_column(SEGMENT).to_numpy()[here]), day[here]
        grid = np.zeros((len(segments), days), np.int64)
        np.add.at(grid, at, some.get_column(CHANGE).to_numpy()[here])
        begun[at] = True
        running[name] = grid.cumsum(axis=1)[:, anchor].ravel()
    begun[:, ~np.isin(np.arange(days), day_numbers(looked_at.get_column(DAY), first))] = False
    seen = np.maximum.accumulate(begun, axis=1)[:, anchor].ravel()
    return question.of_segments(segments, running, seen)
