"""Python: a function of the project is called, and what it gives are the rows."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from kpi_pipeline.errors import DefinitionError, Problem
from kpi_pipeline.ingest.arriving import Arriving, Since
from kpi_pipeline.ingest.connectors.frames import as_arriving
from kpi_pipeline.ingest.connectors.functions import Function, found, given_by, told_by
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.sources import PythonConnector


@contextmanager
def called(load: Loading, connector: PythonConnector, since: Since | None) -> Iterator[Arriving]:
    """What the function gives; one that yields is read as it yields."""
    with found(load, connector.function) as function:
        with told_by(load, connector.function):
            asked = _since(load, connector, function, since)
            given = function(**connector.arguments, **asked)
        rows = given_by(load, connector.function, given) if isinstance(given, Iterator) else given
        arriving = as_arriving(f"python:{connector.function}", rows)
        yield replace(arriving, covers="since" if asked.get("since") is not None else "all")


def _since(load: Loading, connector: PythonConnector, function: Function, since: Since | None) -> dict[str, object]:
    """The newest cursor, for a function that asks for it; one whose rows are added has to."""
    if "since" in inspect.signature(function).parameters:
        return {"since": since.value if since else None}
    if load.source.load.mode != "append":
        return {}
    place = load.project.place("sources", load.source.name, "connector")
    text = f"Source '{load.source.name}' appends what '{connector.function}' gives, which takes no `since`."
    hint = "give it a parameter `since`: the newest cursor that is there, or None; or load it with `mode: full`"
    raise DefinitionError([Problem(text, place, hint)])
