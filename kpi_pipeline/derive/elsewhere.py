"""Keys and values that stay where the rows are: questions about spans of days go there, and only answers come back."""

from __future__ import annotations

import numpy as np
import polars as pl

from kpi_pipeline.derive.anchors import ANCHOR
from kpi_pipeline.derive.day_numbers import day_numbers
from kpi_pipeline.derive.seen import DAY, Elsewhere
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.spans import Question, merged
from kpi_pipeline.derive.windows import leaving
from kpi_pipeline.plan import Fold

OF_SPAN, MADE, LEAVES, OF_MEASURE, CHANGE = "_span", "_made", "_leaves", "_measure", "_change"


def of_periods(question: Question, there: Elsewhere) -> pl.DataFrame:
    """What is asked of each span, where rows of it have a value."""
    spans = question.spans.select(*question.keys[:-1], "first_day", "last_day").with_row_index(OF_SPAN)
    days = spans.select(OF_SPAN, pl.date_ranges("first_day", "last_day").alias(DAY)).explode(DAY)
    asked = question.asked
    found = there.of_spans(days, asked.segments, tuple(asked.named.values()))
    made = [pl.col(f"{MADE}_{place}") for place in range(len(asked.named))]
    kept = pl.any_horizontal(one > 0 if asked.measure.fold is Fold.distinct else one.is_not_null() for one in made)
    values = dict(zip(asked.named, made, strict=True))
    rows = found.filter(kept).with_columns(pl.col(OF_SPAN).cast(spans.schema[OF_SPAN]))
    placed = rows.join(spans, on=OF_SPAN).select(*question.keys, **values)
    return placed.cast({name: kind for name, kind in question.nothing.schema.items() if name in placed.columns})


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
    first = looked_at.item(0, DAY)
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
    seen = np.maximum.accumulate(begun, axis=1)[:, anchor].ravel()
    return question.of_segments(segments, running, seen)
