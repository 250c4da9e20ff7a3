"""Runs as OpenLineage events, for whoever collects lineage: Marquez, DataHub, OpenMetadata and others.

The extra `openlineage` and its own settings switch it on: `OPENLINEAGE_URL`, or `openlineage.yml`. Sending is done
beside the run; a collector that does not answer is left alone for the rest of it, and the run goes on.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import NAMESPACE_URL, uuid5

from kpi_pipeline.log import tell
from kpi_pipeline.redaction import redacted
from kpi_pipeline.version import VERSION

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent

PRODUCER = f"https://pypi.org/project/kpi-pipeline/{VERSION}"
PATIENCE = 5.0
"""Seconds that the end of a run waits for events that are still to be sent."""

State = Literal["START", "COMPLETE", "FAIL"]


Check = tuple[str, bool, str]
"""The name of a check, whether it passed, and its severity."""


@dataclass(frozen=True)
class Dataset:
    """A table as OpenLineage is told of it: raw/orders, model/order_lines, metric/orders, kpi/weekly_orders."""

    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = None
    read_from: tuple[tuple[str, str], ...] = ()
    """The datasets and columns that it is made from."""


@dataclass(frozen=True)
class Told:
    """One event: the job (the whole run, or one asset of it), how far it is, what it read and made."""

    state: State
    job: str
    inputs: tuple[str, ...] = ()
    output: Dataset | None = None
    problem: str | None = None
    checks: Mapping[str, tuple[Check, ...]] = field(default_factory=dict)
    """What was found of some of the inputs."""


def is_asked_for(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether events are wanted: a collector is configured in OpenLineage's own way, and the extra is installed."""
    if environment.get("OPENLINEAGE_DISABLED", "").lower() in ("true", "1"):
        return False
    configured = any(name.startswith("OPENLINEAGE_") for name in environment) or Path("openlineage.yml").exists()
    return configured and find_spec("openlineage") is not None


class Collector:
    """Sends the events of one run, one after the other, beside it."""

    def __init__(self, project: str, run_id: str) -> None:
        self._namespace = os.environ.get("OPENLINEAGE_NAMESPACE", project)
        self._project, self._run_id = project, run_id
        self._waiting: queue.Queue[Told | None] = queue.Queue()
        self._lost: str | None = None
        self._thread = threading.Thread(target=self._send, name="openlineage", daemon=True)
        self._thread.start()

    def tell(self, told: Told) -> None:
        """Has an event sent as soon as those before it are."""
        if self._lost is None:
            self._waiting.put(told)

    def close(self, patience: float | None = None) -> None:
        """Waits a little for what is still to be sent; what is not by then is lost, and that is told."""
        self._waiting.put(None)
        patience = PATIENCE if patience is None else patience
        self._thread.join(patience)
        if self._lost is None and self._thread.is_alive():
            self._lost = f"the collector did not take them within {patience:g} s"
        if self._lost:
            tell("lineage_lost", f"OpenLineage events were lost: {self._lost}")

    def _send(self) -> None:
        # NOTE: without a handler Python would print what the client logs, between our lines.
        logging.getLogger("openlineage").addHandler(logging.NullHandler())
        try:
            from openlineage.client import OpenLineageClient

            client = OpenLineageClient()
            while (told := self._waiting.get()) is not None:
                client.emit(event_of(told, namespace=self._namespace, project=self._project, run_id=self._run_id))
            client.close()
        except Exception as problem:  # noqa: BLE001 - whatever a collector does, the run goes on
            self._lost = redacted(f"{type(problem).__name__}: {problem}")


def event_of(told: Told, *, namespace: str, project: str, run_id: str, now: datetime | None = None) -> RunEvent:
    """An event as OpenLineage's client takes it."""
    from openlineage.client import event_v2 as event
    from openlineage.client.facet_v2 import RunFacet, error_message_run, parent_run

    parent, id_ = str(uuid5(NAMESPACE_URL, run_id)), str(uuid5(NAMESPACE_URL, f"{run_id}/{told.job}"))
    facets: dict[str, RunFacet] = {}
    if told.job != project:
        of = parent_run.Run(runId=parent), parent_run.Job(namespace=namespace, name=project)
        facets["parent"] = parent_run.ParentRunFacet(*of, producer=PRODUCER)
    if told.problem:
        text = redacted(told.problem)
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(text, "python", producer=PRODUCER)
    return event.RunEvent(
        eventType=event.RunState(told.state),
        eventTime=(now or datetime.now(UTC)).isoformat(),
        run=event.Run(runId=parent if told.job == project else id_, facets=facets),
        job=event.Job(namespace=namespace, name=told.job),
        producer=PRODUCER,
        inputs=[_input(name, told.checks.get(name, ()), namespace) for name in told.inputs],
        outputs=[_output(told.output, namespace)] if told.output else [],
    )


def _input(name: str, checks: Iterable[Check], namespace: str) -> InputDataset:
    """What a job read, with what was found of it."""
    from openlineage.client import event_v2 as event
    from openlineage.client.facet_v2 import InputDatasetFacet
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as quality

    found = [
        quality.Assertion(assertion=check, success=passed, severity=severity) for check, passed, severity in checks
    ]
    facets: dict[str, InputDatasetFacet] = {}
    if found:
        facets["dataQualityAssertions"] = quality.DataQualityAssertionsDatasetFacet(found, producer=PRODUCER)
    return event.InputDataset(namespace=namespace, name=name, inputFacets=facets)


def _output(dataset: Dataset, namespace: str) -> OutputDataset:
    """What a job made: its columns, where they come from, and how many rows."""
    from openlineage.client import event_v2 as event
    from openlineage.client.facet_v2 import (
        DatasetFacet,
        OutputDatasetFacet,
        column_lineage_dataset,
        output_statistics_output_dataset,
        schema_dataset,
    )

    facets: dict[str, DatasetFacet] = {}
    if dataset.columns:
        fields = [
            schema_dataset.SchemaDatasetFacetFields(name=name, type=kind) for name, kind in dataset.columns.items()
        ]
        facets["schema"] = schema_dataset.SchemaDatasetFacet(fields=fields, producer=PRODUCER)
    if dataset.read_from:
        # NOTE: which columns are read is known; which of them makes which column of the output is not.
        read = [column_lineage_dataset.InputField(namespace, name, column) for name, column in dataset.read_from]
        facets["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet({}, dataset=read, producer=PRODUCER)
    told: dict[str, OutputDatasetFacet] = {}
    if dataset.rows is not None:
        told["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=dataset.rows, producer=PRODUCER
        )
    return event.OutputDataset(namespace=namespace, name=dataset.name, facets=facets, outputFacets=told)


def told_of(
    datasets: Iterable[Dataset], upstream: Mapping[str, tuple[str, ...]], failed: Mapping[str, str]
) -> list[Told]:
    """A job an asset, begun and ended; one that was not computed failed, and says why."""
    events: list[Told] = []
    for one in datasets:
        inputs, problem = upstream.get(one.name, ()), failed.get(one.name)
        events.append(Told("START", one.name, inputs, one))
        events.append(Told("FAIL" if problem else "COMPLETE", one.name, inputs, one, problem))
    return events
