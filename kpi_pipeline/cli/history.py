"""`kpi history KPI` and `kpi diff`: what was said before, and what is said differently now."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.text import Text

from kpi_pipeline.cli.changes import Row, Told, print_changes
from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.rows import write_rows
from kpi_pipeline.cli.shown import console, local_time, number, plain_table, status_text
from kpi_pipeline.errors import counted
from kpi_pipeline.project import Project
from kpi_pipeline.publish.sparkline import sparkline_text
from kpi_pipeline.restating import REASONS
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.why import shown_segment

SHOWN = 40
"""How many periods or values a table shows; all of them are in --json and --csv."""


def tell_history(asked: Path, kpi: str, *, period: str | None, segment: str, form: str) -> None:
    """Prints what was said of a KPI: of its restated periods or, of a period asked for, everything."""
    loaded = open_project(asked)
    rows = loaded.history(kpi, period=period, segment=segment)
    if form != "table":
        write_rows(rows, form)
        return
    out = console()
    project = loaded.project
    title = project.kpis[kpi].title if segment == TOTAL else f"{project.kpis[kpi].title}, {shown_segment(segment)}"
    periods = [list(of) for _, of in groupby(rows.to_dicts(), key=lambda row: (row["grain"], row["period_start_utc"]))]
    told = periods if period else [of for of in map(_once_complete, periods) if len(of) > 1]
    out.print(Text(title, style="bold"))
    restated = sum(len(_once_complete(of)) > 1 for of in periods)
    out.print(Text(f"{counted(len(periods), 'period')} published, {restated} restated after they were complete."))
    if told:
        _print_history(out, project, kpi, told[::-1][:SHOWN])
    if len(told) > SHOWN:
        out.print(Text(f"… and {len(told) - SHOWN:,} more periods: --period 2010-11, or --csv.", style="dim"))


def _once_complete(rows: list[Row]) -> list[Row]:
    """What was said of a period since it was complete."""
    first = next((at for at, row in enumerate(rows) if row["is_complete"]), len(rows))
    return rows[first:]


def _print_history(out: Console, project: Project, kpi: str, periods: list[list[Row]]) -> None:
    unit, currency = project.metrics[project.kpis[kpi].metric].unit.value, project.settings.currency
    table = plain_table()
    for name in ("Period", "Course", "Said on"):
        table.add_column(name, no_wrap=True)
    for name in ("Value", "Target"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    table.add_column("Why", overflow="fold")
    for rows in periods:
        course = sparkline_text([row["value"] for row in rows]) if len(rows) > 1 else ""
        for at, row in enumerate(rows):
            was = f", as {row['published_as']}" if row["published_as"] != row["kpi"] else ""
            if at and all(row[name] == rows[at - 1][name] for name in ("value", "target", "status", "is_complete")):
                was += "; only what it is made of"
            table.add_row(
                row["period_label"] if at == 0 else "",
                Text(course if at == 0 else "", style="cyan"),
                local_time(project, row["recorded_at"]),
                number(row["value"], unit, currency, beside=row["target"]),
                number(row["target"], unit, currency, beside=row["value"]),
                status_text(row["status"]),
                Text(f"{REASONS[row['reason']]}{was}", style="dim"),
            )
    out.print()
    out.print(table)


def tell_difference(
    asked: Path, earlier: str, later: str, *, kpi: tuple[str, ...], everything: bool, form: str
) -> None:
    """Prints which published values two publications say differently."""
    loaded = open_project(asked)
    found = loaded.diff(earlier, later)
    rows = found.rows.filter(pl.col("kpi").is_in(list(kpi))) if kpi else found.rows
    told = rows if everything else rows.filter(pl.col("change").is_in(["restated", "removed"]))
    if form != "table":
        write_rows(told, form)
        return
    project, out = loaded.project, console()
    from_, to = (local_time(project, one.published_at) for one in (found.earlier, found.later))
    out.print(Text(f"From {found.earlier.run_id} ({from_}) to {found.later.run_id} ({to})", style="bold"))
    heights = dict(rows.group_by("change").len().iter_rows())
    out.print(
        Text(
            f"{heights.get('restated', 0):,} restated, {heights.get('removed', 0):,} no longer published, "
            f"{heights.get('new', 0):,} new, {heights.get('went_on', 0):,} of periods that were in progress."
        )
    )
    if told.height:
        print_changes(out, project, told.head(SHOWN).to_dicts(), heads=("From", "To"), why=_why)
    if told.height > SHOWN:
        out.print(Text(f"… and {told.height - SHOWN:,} more values: --kpi NAME, or --csv.", style="dim"))
    if not everything and rows.height > told.height:
        out.print(Text("--all shows the new ones, too, and those of periods that were in progress.", style="dim"))


def _why(row: Row, told: Told) -> str:
    """The reasons in words; where the target is another one, which."""
    words = [REASONS[one] for one in (row["reasons"] or "").split(", ") if one]
    was, now = row["from_target"], row["to_target"]
    aims = "" if was is None or now is None or was == now else f" ({told(was, beside=now)} → {told(now, beside=was)})"
    return "; ".join(words or [REASONS[None]]) + aims
