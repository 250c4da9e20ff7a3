"""How long it is remembered what the pipeline did, and what the data said of claims before."""

from __future__ import annotations

from pydantic import Field

from kpi_pipeline.names import Noun
from kpi_pipeline.periods import DaysText, Grain, Window


class KeptFor(Noun):
    """How long runs and results that no longer hold are kept; what holds now is always kept.

    Values that were published are kept by `history`, snapshots by `publish.keep`.
    """

    runs: DaysText = Field(
        default=Window(400, Grain.day), description="how long runs, their stages and messages that were sent are kept"
    )
    evidence: DaysText = Field(
        default=Window(5, Grain.year),
        description="how long a result of testing a claim is kept after another one took its place",
    )
