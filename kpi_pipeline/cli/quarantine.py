"""`kpi quarantine`: the rows that were not let in, why, and what may be done about them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from rich.text import Text

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.rows import write_rows
from kpi_pipeline.cli.shown import Notes, console, facts_table, local_time, plain_table
from kpi_pipeline.errors import QueryError, counted
from kpi_pipeline.kpis import MISSING
from kpi_pipeline.periods import first_day_named
from kpi_pipeline.project import Project


def list_quarantine(asked: Path, *, everything: bool, form: str) -> None:
    """Prints what is in quarantine by source, file, column and check."""
    loaded = open_project(asked)
    found = loaded.quarantine(everything=everything)
    if form != "table":
        write_rows(found, form)
        return
    out = console()
    if found.is_empty():
        out.print("Nothing is in quarantine.")
        return
    table = plain_table()
    for name in ("Source", "File", "Column", "Check"):
        table.add_column(name, overflow="fold")
    table.add_column("Rows", justify="right", no_wrap=True)
    table.add_column("Since", no_wrap=True)
    if everything:
        table.add_column("Status", no_wrap=True)
    table.add_column("Such as", overflow="fold")
    for row in found.to_dicts():
        cells = [row["source"], row["file"], row["column"] or MISSING, row["check"] or "its type"]
        cells += [
            f"{row['rows']:,}",
            local_time(loaded.project, row["since"]),
            *([row["status"]] if everything else []),
        ]
        table.add_row(*(Text(cell) for cell in cells), Text(row["example"] or "", style="dim"))
    out.print(table)
    out.print(Text("`kpi quarantine SOURCE` shows the rows, `kpi quarantine explain SOURCE` the rules.", style="dim"))


def show_quarantine(asked: Path, source: str, *, limit: int, everything: bool, form: str) -> None:
    """Prints the rows of a source in quarantine, and those for which its last load was refused."""
    loaded = open_project(asked)
    rows = loaded.quarantined(source)
    rows = rows if everything else rows.filter(pl.col("status") == "open")
    if form != "table":
        write_rows(rows, form)
        return
    out = console()
    refused = loaded.refused_rows(source)
    if refused.height:
        first = refused.row(0, named=True)
        out.print(
            Text(
                f"The load of {local_time(loaded.project, first['noted_at'])} was refused. Rows that do not pass:",
                "red",
            )
        )
        for row in refused.to_dicts()[:limit]:
            out.print(Text(f"  {row['check_name']}: {row['fields']}"))
    if rows.is_empty():
        out.print(Text(f"Nothing of '{source}' is in quarantine."))
        return
    table = plain_table()
    table.add_column("File", overflow="fold")
    table.add_column("Line", justify="right", no_wrap=True)
    for name in ("Column", "Value", "Reason"):
        table.add_column(name, overflow="fold")
    if everything:
        table.add_column("Status", overflow="fold")
    for row in rows.head(limit).to_dicts():
        cells = [row["file"], str(row["line"] or MISSING), row["column"] or MISSING, row["value"] or "", row["reason"]]
        said = f"{row['status']}: {row['status_note']}" if row["status_note"] else row["status"]
        table.add_row(*(Text(str(cell)) for cell in [*cells, *([said] if everything else [])]))
    out.print(table)
    if rows.height > limit:
        out.print(Text(f"… and {rows.height - limit:,} more rows: --limit, --csv or --json.", style="dim"))
    out.print(Text(f"`kpi quarantine explain {source}` says which rules they break and what to do.", style="dim"))


def explain_quarantine(asked: Path, source: str) -> None:
    """Prints the rules that rows in quarantine break, their places, and what to do."""
    loaded = open_project(asked)
    out = console()
    broken = loaded.quarantine_rules(source)
    if not broken:
        out.print(Text(f"Nothing of '{source}' is in quarantine."))
    for one in broken:
        out.print(Text(f"{counted(one.rows, 'row')}: not so that {one.rule}", style="bold"))
        facts = facts_table()
        facts.add_row("Where", Text(one.place))
        facts.add_row("Since", local_time(loaded.project, one.since))
        facts.add_row("Such as", Text(one.example))
        facts.add_row("Hint", Text(one.hint))
        out.print(facts)


def replay_quarantine(asked: Path, source: str, *, wait: float) -> int:
    """Tries the rows again and prints what came of it; 3 where a check did not let them in."""
    done = open_project(asked).replay_quarantine(source, wait=wait, watch=Notes())
    out = console()
    for note in done.notes:
        out.print(Text(note, style="yellow"))
    if done.blocked:
        out.print(Text(f"Nothing was let in: {done.blocked}", style="red"))
        return 3
    out.print(Text(f"Of {counted(done.before, 'row')} in quarantine {done.loaded:,} were loaded, {done.stays:,} stay."))
    if done.loaded:
        out.print(Text("`kpi run` computes what they change.", style="dim"))
    return 0


def drop_quarantine(
    asked: Path,
    source: str,
    *,
    note: str,
    file: str | None,
    check: str | None,
    column: str | None,
    line: int | None,
    before: str | None,
    everything: bool,
    wait: float,
) -> None:
    """Drops the open rows asked for and prints how many they were."""
    if not everything and all(one is None for one in (file, check, column, line, before)):
        raise QueryError(
            "Which rows shall be dropped?\n"
            "Hint: say --file, --line, --column, --check or --before, or --all; `kpi quarantine SOURCE` shows them."
        )
    loaded = open_project(asked)
    rows = loaded.drop_quarantine(
        source, note=note, file=file, check=check, column=column, line=line,
        before=_moment(loaded.project, before), wait=wait, watch=Notes(),
    )  # fmt: skip
    console().print(Text(f"{counted(rows, 'row')} of '{source}' dropped; `kpi quarantine {source} --all` shows them."))


def _moment(project: Project, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        day = first_day_named(text)
    except ValueError:
        raise QueryError.no_period("--before", text) from None
    return datetime.combine(day, datetime.min.time(), ZoneInfo(project.settings.timezone)).astimezone(UTC)
