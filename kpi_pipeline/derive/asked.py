"""Leaves that are computed together: of one sheet, one pass, one reach and the same way back in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from kpi_pipeline.derive.segments import Segments
from kpi_pipeline.derive.timeline import Timeline
from kpi_pipeline.periods import Shift
from kpi_pipeline.plan import Leaf, Measure, Reach, fingerprint


@dataclass(frozen=True, eq=False)
class Asked:
    """What a sheet asks of one reduction: a value a leaf, period and segment.

    Leaves that differ only in what stands for a missing value are one question.
    """

    leaves: tuple[Leaf, ...]
    timeline: Timeline
    segments: Segments

    @property
    def measure(self) -> Measure:
        """One of its measures; the pass that serves it serves all."""
        return self.leaves[0].measure

    @property
    def reach(self) -> Reach | None:
        """How far back its values reach; None for the period alone."""
        return self.leaves[0].reach

    @property
    def offsets(self) -> tuple[Shift, ...]:
        """How much earlier the periods lie that it looks at."""
        return self.leaves[0].offsets

    @cached_property
    def cut(self) -> tuple[date, date] | None:
        """The days it must not look at: the period in progress has not come to them yet."""
        return self.timeline.cut(self.offsets) if self.offsets else None

    @cached_property
    def named(self) -> dict[str, Measure]:
        """The column each leaf has in the sheet, with its measure."""
        return {leaf_column(leaf): leaf.measure for leaf in self.leaves}


def leaf_column(leaf: Leaf) -> str:
    """The leaf's column in a sheet."""
    return f"leaf_{fingerprint(repr(leaf))}"


def asked_of(wanted: Iterable[Leaf], timeline: Timeline, segments: Segments) -> tuple[Asked, ...]:
    """The leaves of a sheet, those together that can be computed side by side."""
    groups: dict[tuple[object, ...], list[Leaf]] = {}
    for leaf in dict.fromkeys(wanted):
        measure = leaf.measure
        key = (measure.model, measure.time, measure.shape, measure.about, measure.stock, leaf.reach, leaf.offsets)
        groups.setdefault(key, []).append(leaf)
    return tuple(Asked(tuple(group), timeline, segments) for group in groups.values())
