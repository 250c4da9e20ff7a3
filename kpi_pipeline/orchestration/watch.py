"""A run's events in Dagster's log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from kpi_pipeline.log import facts_of, listened
from kpi_pipeline.redaction import redacted


class _Forwarding(logging.Handler):
    """Hands events on to Dagster, which knows by itself when and of which run."""

    def __init__(self, log: dg.DagsterLogManager) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        facts = facts_of(record)
        rows = f", {facts['rows']:,} rows" if isinstance(facts.get("rows"), int) else ""
        self._log.log(record.levelno, f"{redacted(record.getMessage())}{rows}")


@contextmanager
def told_in(log: dg.DagsterLogManager) -> Iterator[None]:
    """For as long as the block lasts, what a run tells stands in Dagster's log; single steps would drown it."""
    with listened(_Forwarding(log)):
        yield
