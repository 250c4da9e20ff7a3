"""Ingest: source files land in `raw`, what does not fit in `quarantine`, and nothing is used before it was checked.

`stage` reads what is new beside what is in use; after the checks `accept` swaps it in, or `reject` lets it go.
"""

from kpi_pipeline.ingest.accept import accept, clear_leftovers, reject
from kpi_pipeline.ingest.ledger import source_states
from kpi_pipeline.ingest.peek import peek
from kpi_pipeline.ingest.stage import stage
from kpi_pipeline.ingest.staged import SourceFile, SourceState, Staged

__all__ = [
    "SourceFile",
    "SourceState",
    "Staged",
    "accept",
    "clear_leftovers",
    "peek",
    "reject",
    "source_states",
    "stage",
]
