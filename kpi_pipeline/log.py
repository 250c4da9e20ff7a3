"""What runs tell while they work, an event a line: Python's own logging, for programs that collect logs.

Events go to the logger `kpi_pipeline`; nobody hears them until `logged_to`, Dagster or the caller listens. No event
holds a row of data, and texts are told without secrets.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from kpi_pipeline.errors import StorageError
from kpi_pipeline.redaction import harmless, redacted

LOGGER = logging.getLogger("kpi_pipeline")
# NOTE: without a handler of ours Python would print warnings by itself, a second time on the terminal.
LOGGER.addHandler(logging.NullHandler())

RUN: ContextVar[str | None] = ContextVar("run", default=None)
"""The run at work; every event is told with it."""

_UNTOLD: ContextVar[bool] = ContextVar("untold", default=False)

Form = Literal["json", "text"]
Fact = str | int | float | bool | None


@dataclass(frozen=True)
class Event:
    """A kind of event: its name, how much it matters, what it says, and the facts that stand beside the message."""

    name: str
    level: int
    meaning: str
    facts: tuple[str, ...] = ()


EVENTS: tuple[Event, ...] = (
    Event("run_started", logging.INFO, "a run began", ("definition_version", "kpis", "full")),
    Event("stage_started", logging.DEBUG, "a stage began", ("stage", "steps")),
    Event("step", logging.DEBUG, "a step of a stage is done", ("stage",)),
    Event(
        "stage_ended",
        logging.INFO,
        "a stage is done; `peak_mb` is the most memory the process has held so far",
        ("stage", "seconds", "rows", "peak_mb"),
    ),
    Event("asset", logging.INFO, "a source or model is up to date", ("asset", "changed", "rows", "quarantined")),
    Event("note", logging.INFO, "something a person would want to know", ()),
    Event("check_warned", logging.WARNING, "a check failed and blocks nothing", ("asset", "check", "failing_rows")),
    Event(
        "check_blocked",
        logging.ERROR,
        "a check failed, and what depends on it stays as it was published",
        ("asset", "check", "failing_rows"),
    ),
    Event("not_computed", logging.ERROR, "a source, model or KPI stays as it was, and why", ("asset",)),
    Event(
        "crossed",
        logging.INFO,
        "what came from clusters, and what was sent there to be looked up",
        ("answers", "rows", "bytes", "rows_sent", "bytes_sent"),
    ),
    Event("published", logging.INFO, "readers see new tables, pages or files", ("form", "where")),
    Event(
        "run_ended",
        logging.INFO,
        "the run is over: published, unchanged, blocked or loaded",
        ("status", "seconds", "rows_read", "quarantined", "kpis", "peak_mb"),
    ),
    Event("run_failed", logging.ERROR, "the run is over and published nothing", ("error", "seconds")),
    Event("refused", logging.ERROR, "no run began: the definitions or the question are wrong", ("error",)),
    Event("lineage_lost", logging.WARNING, "OpenLineage events did not get through; the run goes on", ()),
    Event("cleaned", logging.INFO, "what was kept long enough was removed", ("what", "rows")),
)
"""Every event there is, as docs/how-to/monitoring.md lists them."""

_LEVELS = {event.name: event.level for event in EVENTS}


def tell(event: str, message: str, **facts: Fact) -> None:
    """Tells one event, with the run it is of."""
    level = _LEVELS[event]
    if LOGGER.isEnabledFor(level) and not _UNTOLD.get():
        run = {"run_id": RUN.get()} if RUN.get() else {}
        LOGGER.log(level, message, extra={"event": event, "facts": {**run, **facts}})


@contextmanager
def untold() -> Iterator[None]:
    """What is tried in the block is no run: nothing of it is told."""
    before = _UNTOLD.set(True)
    try:
        yield
    finally:
        _UNTOLD.reset(before)


def facts_of(record: logging.LogRecord) -> Mapping[str, Fact]:
    """What stands beside an event's message; nothing for a line of somebody else."""
    found: Mapping[str, Fact] = getattr(record, "facts", {})
    return {name: redacted(value) if isinstance(value, str) else value for name, value in found.items()}


class JsonLines(logging.Formatter):
    """An event as one line of JSON: time, level, event, run_id, its facts, message."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.name),
            **{name: _rounded(value) for name, value in facts_of(record).items()},
            "message": redacted(record.getMessage()),
        }
        return json.dumps(line, ensure_ascii=False)


class TextLines(logging.Formatter):
    """An event as one line for people: time, level, event, message, its facts."""

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{name}={_rounded(value)}" for name, value in facts_of(record).items() if value is not None)
        message = redacted(record.getMessage()).replace("\n", " ")
        event = getattr(record, "event", record.name)
        return harmless(f"{_moment(record)} {record.levelname:<7} {event:<13} {message}{'  ' if facts else ''}{facts}")


FORMS: dict[str, type[logging.Formatter]] = {"json": JsonLines, "text": TextLines}


@contextmanager
def logged_to(form: Form, *, level: str = "info", file: Path | None = None) -> Iterator[None]:
    """Writes events, for as long as the block lasts, to the end of a file or to the error stream."""
    handler: logging.Handler
    try:
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            handler = logging.FileHandler(file, encoding="utf-8")
        else:
            handler = logging.StreamHandler(sys.stderr)
    except OSError as problem:
        raise StorageError(
            f"The log {file} cannot be written: {problem.strerror or problem}\n"
            "Hint: name another file with --log-file, or let the log go to the error stream."
        ) from problem
    handler.setFormatter(FORMS[form]())
    with listened(handler, level=level.upper()):
        yield


@contextmanager
def listened(handler: logging.Handler, *, level: int | str = logging.INFO) -> Iterator[None]:
    """Hands events to a handler for as long as the block lasts."""
    handler.setLevel(level)
    before = LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(min(handler.level, before or handler.level))
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(before)
        handler.close()


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _rounded(value: Fact) -> Fact:
    return round(value, 3) if isinstance(value, float) else value
