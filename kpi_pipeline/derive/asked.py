"""Leaves that are computed together: of one sheet, one pass and one reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property

from kpi_pipeline.derive.segments import Segments
from kpi_pipeline.derive.timeline import Timeline
from kpi_pipeline.plan import Leaf, Measure, Reach, fingerprint


@dataclass(frozen=True, eq=False)
class Asked:
    """What a sheet asks of one reduction: a value a leaf, period and segment.

    Leaves that differ only in what stands for a missing value, or in how far they look back, are one: see `looked_up`.
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

    @cached_property
    def named(self) -> dict[str, Measure]:
        """The column each leaf has in the sheet, with its measure."""
        return {leaf_column(leaf): leaf.measure for leaf in self.leaves}


@cache
def looked_up(leaf: Leaf) -> Leaf:
    """The leaf as it is computed: of a period itself, whoever looks back at it, and nothing where nothing is."""
    return replace(leaf, fill=None, offsets=())


@cache
def leaf_column(leaf: Leaf) -> str:
    """The column of a leaf as it is computed."""
    return f"leaf_{fingerprint(repr(leaf))}"


def together(wanted: Iterable[Leaf]) -> list[tuple[Leaf, ...]]:
    """The leaves that can be computed side by side."""
    groups: dict[tuple[object, ...], list[Leaf]] = {}
    for leaf in dict.fromkeys(map(looked_up, wanted)):
        measure = leaf.measure
        key = (measure.model, measure.time, measure.shape, measure.about, measure.stock, leaf.reach)
        groups.setdefault(key, []).append(leaf)
    return [tuple(group) for group in groups.values()]
