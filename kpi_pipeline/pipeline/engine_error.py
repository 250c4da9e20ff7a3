"""What the engine says of a statement it cannot carry out, fit for people: short, and without personal values."""

from __future__ import annotations

from kpi_pipeline.checks.result import without_quoted
from kpi_pipeline.compile.personal import personal_columns
from kpi_pipeline.project import Project


def engine_error(project: Project, model: str, problem: Exception) -> str:
    """The first lines of an error over a model's rows; where it has personal columns, what they quote is hidden."""
    text = " ".join(str(problem).split("\n")[:2]).strip()
    return without_quoted(text) if personal_columns(project, project.models[model]) else text
