"""What the engine says of a statement it cannot carry out, fit for people: short, and without personal values."""

from __future__ import annotations

from kpi_pipeline.checks.result import without_quoted
from kpi_pipeline.compile.personal import personal_columns
from kpi_pipeline.project import Project

TOO_LARGE = ("out of range", "overflow", "to decimal(38")
"""What engines say of a number that its type cannot hold."""


def engine_error(project: Project, model: str, problem: Exception) -> str:
    """The first lines of an error over a model's rows; where it has personal columns, what they quote is hidden."""
    text = " ".join(str(problem).split("\n")[:2]).strip()
    if any(word in text.lower() for word in TOO_LARGE):
        text = (
            f"a number is too large for its type; cast it to a larger one in the expr, or count in thousands. ({text})"
        )
    return without_quoted(text) if personal_columns(project, project.models[model]) else text
