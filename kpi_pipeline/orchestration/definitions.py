"""What `dagster dev`, `dg` and a deployment load: the project at KPI_DEFINITIONS, by default in `definitions/`.

With several code locations in one Dagster, KPI_PREFIX keeps their assets apart.
"""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

from kpi_pipeline.orchestration.build import definitions_at

LOCATION = "KPI_DEFINITIONS"
"""The environment variable that says where the definitions are."""
PREFIX = "KPI_PREFIX"
"""The one that says what the keys of all assets begin with."""


@dg.definitions
def defs() -> dg.Definitions:
    """The project's definitions, in one process a run: there is one writer, so more would only wait."""
    found = definitions_at(Path(os.environ.get(LOCATION, "definitions")), prefix=os.environ.get(PREFIX, ""))
    return dg.Definitions.merge(found, dg.Definitions(executor=dg.in_process_executor))
