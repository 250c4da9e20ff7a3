"""What the things of a project are called as assets."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

EVIDENCE = "indicators/evidence"
"""What the data says of the links between KPIs."""
SNAPSHOT = "published/snapshot"
"""The tables that readers see."""
SCORECARD = "published/scorecard"
"""The page that people read."""


def key(name: str) -> dg.AssetKey:
    """The asset key of a name as check results, blocked things and lineage write it, such as `raw/invoice_lines`."""
    return dg.AssetKey(name.split("/"))


def names(keys: Iterable[dg.AssetKey]) -> frozenset[str]:
    """The names behind asset keys."""
    return frozenset("/".join(one.path) for one in keys)
