"""Measures gathered into as few passes over their models as possible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Leaf, Measure, Reduction, Shape


def reductions_for(
    wanted: Iterable[tuple[Leaf, tuple[str, ...]]], where: str = "", *, finest: Grain = Grain.day
) -> tuple[Reduction, ...]:
    """The passes that serve the leaves, each at the dimensions asked for with it.

    Every model's additive pass also counts its rows, and those behind each filter, so that a period without rows can be
    told from one whose rows add up to nothing.
    """
    dimensions: dict[tuple[str, str], set[str]] = defaultdict(set)
    measures: dict[tuple[str, str, Shape, str], dict[str, Measure]] = defaultdict(dict)
    for leaf, breakdown in wanted:
        one = leaf.measure
        at = (one.model, one.time)
        dimensions[at].update(breakdown)
        for measure in (one.all_rows, one.rows.stored, one.stored):
            measures[*at, measure.shape, measure.about].setdefault(measure.column, measure)
    return tuple(
        Reduction(
            model, time, shape, tuple(sorted(dimensions[model, time])), tuple(found.values()), where, finest=finest
        )
        for (model, time, shape, _), found in sorted(measures.items(), key=lambda item: item[0])
    )
