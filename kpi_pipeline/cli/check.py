"""`kpi check`: everything that is wrong with the definitions, in one go."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import console
from kpi_pipeline.errors import counted, listed


def check_definitions(asked: Path, *, strict: bool) -> int:
    """Prints what the definitions hold and what could be better; 0 if nothing stands in the way of a run."""
    loaded = open_project(asked)
    project = loaded.project
    out = console()
    found = loaded.check()
    unknown = loaded.check_columns()
    for one in found:
        place = f"{one.place}  " if one.place else ""
        style = "red" if one.level == "error" else "yellow"
        out.print(Text(f"{place}{one.level} {one.rule}: {one.message}", style=style))
        if one.hint:
            out.print(Text(f"Hint: {one.hint}"))
        out.print()
    counts = ", ".join(
        counted(len(things), name)
        for name, things in (
            ("source", project.sources),
            ("model", project.models),
            ("metric", project.metrics),
            ("goal", project.goals),
            ("KPI", project.kpis),
            ("link", project.links),
        )
    )
    errors = sum(one.level == "error" for one in found)
    warnings = len(found) - errors
    said = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}" if found else "nothing to complain about"
    out.print(f"{counts}: {said}.")
    if unknown:
        names = listed(unknown)
        out.print(f"What names columns of {names} was not checked: they are known once `kpi run` has loaded the data.")
    return 1 if errors or (strict and warnings) else 0
