"""Ingest: source files land in `raw`, what does not fit in `quarantine`, and nothing is used before it was checked.

`stage` reads what is new beside what is in use; after the checks `accept` lets it in. What is not let in stays there to
be looked at, until the next run clears it away.
"""

from kpi_pipeline.ingest.accept import accept, clear_leftovers
from kpi_pipeline.ingest.as_loaded import as_loaded
from kpi_pipeline.ingest.day_changes import day_changes
from kpi_pipeline.ingest.lakehouse import FileThere, Looked, Reached, There
from kpi_pipeline.ingest.ledger import source_states
from kpi_pipeline.ingest.loading import Handed, HandedBy
from kpi_pipeline.ingest.peek import peek
from kpi_pipeline.ingest.reach import first_open_day, last_day_named
from kpi_pipeline.ingest.replay import forget_files, stage_replay
from kpi_pipeline.ingest.stage import stage
from kpi_pipeline.ingest.staged import DayChange, SourceFile, SourceState, Staged

__all__ = [
    "DayChange",
    "FileThere",
    "Handed",
    "HandedBy",
    "Looked",
    "Reached",
    "SourceFile",
    "SourceState",
    "Staged",
    "There",
    "accept",
    "as_loaded",
    "clear_leftovers",
    "day_changes",
    "first_open_day",
    "forget_files",
    "last_day_named",
    "peek",
    "source_states",
    "stage",
    "stage_replay",
]
