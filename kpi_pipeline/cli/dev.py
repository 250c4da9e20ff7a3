"""`kpi dev`."""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.cli.project import find_definitions
from kpi_pipeline.errors import KpiError


def start_dagster(asked: Path, *, host: str, port: int) -> int:
    """Starts Dagster on the project and stays until it ends; returns its exit code."""
    try:
        from kpi_pipeline.orchestration.dev import dev
    except ImportError:
        raise KpiError(
            'Dagster is not installed.\nHint: pip install "kpi_pipeline[dagster]", then `kpi dev` again.'
        ) from None
    return dev(find_definitions(asked), host=host, port=port)
