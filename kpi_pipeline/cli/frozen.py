"""`kpi frozen`: what is closed, by whom, and which closed values the data would move."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from rich.text import Text

from kpi_pipeline.cli.changes import print_changes
from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.rows import write_rows
from kpi_pipeline.cli.shown import console
from kpi_pipeline.errors import counted, listed
from kpi_pipeline.project import Project
from kpi_pipeline.restating import REFUSED_BECAUSE, Freeze
from kpi_pipeline.segments import TOTAL

SHOWN = 40
"""How many values the table shows; all of them are in --json and --csv."""
AS_A_CHANGE = {
    **{name: f"from_{name}" for name in ("value", "target", "status")},
    **{f"data_{name}": f"to_{name}" for name in ("value", "target", "status")},
}
"""What is published and what would be, called as in a change."""


def tell_frozen(asked: Path, kpis: tuple[str, ...], *, form: str) -> bool:
    """Prints it; True where every closed value is what the data says."""
    loaded = open_project(asked)
    rows = _totals_first(loaded.frozen(kpis))
    if form != "table":
        write_rows(rows, form)
        return rows.is_empty()
    out, project = console(), loaded.project
    closed = _closed(project, kpis)
    if not closed and rows.is_empty():
        out.print(Text("Nothing is closed: `freeze: {through: 2010-12, by: Finance}` in project.yaml, or of a KPI."))
        return True
    for freeze, names in closed.items():
        about = ", ".join(one for one in (freeze.by, freeze.note) if one)
        out.print(Text(f"Closed through {freeze.through}{f' ({about})' if about else ''}: ", style="bold"), end="")
        out.print(Text("all KPIs" if len(names) == len(project.kpis) else listed(names)))
    if rows.is_empty():
        out.print(Text("Every closed value is what the data says."))
        return True
    stay = f"{counted(rows.height, 'closed value')} {'stays' if rows.height == 1 else 'stay'} as published"
    out.print(Text(f"{stay}, though the data says something else by now:"))
    told = rows.head(SHOWN).rename(AS_A_CHANGE).to_dicts()
    print_changes(
        out, project, told, heads=("Published", "Would be"), why=lambda row, _: REFUSED_BECAUSE[row["reason"]]
    )
    if rows.height > SHOWN:
        out.print(Text(f"… and {rows.height - SHOWN:,} more values: name a KPI, or --csv.", style="dim"))
    out.print(Text("To let them move, set `freeze` to an earlier day and run again.", style="dim"))
    return False


def _closed(project: Project, kpis: tuple[str, ...]) -> dict[Freeze, list[str]]:
    """What was closed, and the KPIs that it was closed for."""
    found: dict[Freeze, list[str]] = {}
    for name in kpis or project.kpis:
        if freeze := project.freeze_of(name):
            found.setdefault(freeze, []).append(name)
    return found


def _totals_first(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of totals before those of segments, what would move by most first."""
    size = pl.col("difference_pct").abs().fill_null(float("inf"))
    return rows.sort(pl.col("segment") != TOTAL, size, descending=[False, True], maintain_order=True)
