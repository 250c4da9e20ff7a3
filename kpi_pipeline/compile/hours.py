"""What can be asked by hour, and what only by hour."""

from __future__ import annotations

from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Leaf, Node, leaves


def unfit_for_hours(node: Node, grain: Grain | None) -> tuple[str, str] | None:
    """Why a metric cannot be asked at a grain as far as hours go, and the grain to ask with; None where it can."""
    for leaf in leaves(node):
        if grain is Grain.hour and leaf.measure.events:
            ages = leaf.measure.ages
            return f"follows events from day to day ({leaf.measure})", ages.grain if ages else "day"
        if grain is not Grain.hour and _reaches_hours(leaf):
            return f"looks at hours ({leaf.reach})", "hour"
    return None


def _reaches_hours(leaf: Leaf) -> bool:
    if leaf.reach is None:
        return False
    return Grain.hour in (leaf.reach.to_date, leaf.reach.window.grain if leaf.reach.window else None)
