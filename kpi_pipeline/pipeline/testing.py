"""Many claims tested, on all processors where that is worth their start."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.evidence import Tested
from kpi_pipeline.pipeline.claims import Asked
from kpi_pipeline.pipeline.watch import Watch


def tested_claims(asked: Sequence[Asked], watch: Watch) -> list[Tested]:
    """What was measured for each claim, in order; who looks on is told of each."""
    from kpi_pipeline.evidence.protocol import test

    found = []
    for one in asked:
        if one.claim is not None:
            found.append(test(one.claim))
            watch.step(f"{one.link.from_} -> {one.link.to}")
    return found
