"""dlt: a resource is read as it yields, and what it remembers is kept beside the rows, in one transaction with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any

from kpi_pipeline.errors import DataError, DefinitionError, Problem, did_you_mean, listed
from kpi_pipeline.ingest import ledger
from kpi_pipeline.ingest.arriving import Arriving
from kpi_pipeline.ingest.connectors.frames import as_arriving
from kpi_pipeline.ingest.connectors.functions import Function, failed, found, given_by, told_by
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.sources import DltConnector


@contextmanager
def extracted(load: Loading, connector: DltConnector) -> Iterator[Arriving]:
    """The resource's rows; after the last of them, what it wants to remember.

    A full load, and one after the definition changed, begins as if nothing had been loaded before.
    """
    _check_installed()
    from dlt.common.configuration.container import Container
    from dlt.common.json import json
    from dlt.common.pipeline import StateInjectableContext

    afresh = load.afresh or load.source.load.mode == "full" or not load.in_use
    before = None if afresh else ledger.remembered(load.executor, load.source.name)
    state: Any = json.typed_loads(before) if before else {}
    with _function(load, connector) as function:
        # NOTE: a loader of several processes has an extractor for each; here one container knows one state.
        with told_by(load, connector.resource):
            resource = _resource(load, connector, function(**connector.arguments))
            with Container().injectable_context(StateInjectableContext(state=state)):
                rows = iter(resource)
        arriving = as_arriving(f"dlt:{resource.name}", given_by(load, connector.resource, rows))
        yield replace(arriving, remembered=lambda: str(json.typed_dumps(state)), covers="all" if afresh else "new")


def _resource(load: Loading, connector: DltConnector, made: object) -> Any:
    """The resource that is meant: the one the function makes, or that of its source by its name."""
    from dlt.extract import DltResource, DltSource

    if isinstance(made, DltResource) and connector.name in (None, made.name):
        return made
    names = [made.name] if isinstance(made, DltResource) else []
    if isinstance(made, DltSource):
        names = list(made.resources)
        if connector.name in names:
            return made.resources[connector.name]
        if connector.name is None and len(names) == 1:
            return made.resources[names[0]]
    place = load.project.place("sources", load.source.name, "connector", "name" if connector.name else "resource")
    if not names:
        text = f"'{connector.resource}' makes {type(made).__name__}, which is neither a dlt resource nor a dlt source."
        raise DefinitionError([Problem(text, place, "decorate the function with @dlt.resource or @dlt.source")])
    if connector.name is None:
        text = f"'{connector.resource}' makes a source of several resources: {listed(names)}."
        raise DefinitionError([Problem(text, place, "say which by `name`")])
    hint = did_you_mean(connector.name, names) or f"there is {listed(names)}"
    text = f"'{connector.resource}' makes no resource '{connector.name}'."
    raise DefinitionError([Problem(text, place, hint)])


@contextmanager
def _function(load: Loading, connector: DltConnector) -> Iterator[Function]:
    if not connector.is_of_dlt:
        with found(load, connector.resource) as function:
            yield function
        return
    module, _, name = connector.resource.partition(":")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError) as problem:
        raise failed(load, f"{connector.resource} is not there", problem) from problem
    yield function


def _check_installed() -> None:
    """Imports dlt, which is told beforehand to report to nobody."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    try:
        import_module("dlt")
    except ImportError as problem:
        raise DataError('dlt is not installed.\nHint: pip install "kpi-pipeline[dlt]"') from problem
