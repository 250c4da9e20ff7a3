"""Values that are, or would be, said otherwise than before: a line each, from what to what, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from rich.console import Console
from rich.text import Text

from kpi_pipeline.cli.shown import number, plain_table, status_text
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.why import shown_segment

Row = dict[str, Any]
WIDE = 100
"""How many characters a terminal shows in a line that has room for the reason, too."""
Told = Callable[..., str]
"""Writes a number of the row's KPI, with as many digits as the one it stands `beside`."""


def print_changes(
    out: Console, project: Project, rows: Iterable[Row], *, heads: tuple[str, str], why: Callable[[Row, Told], str]
) -> None:
    """Prints them below an empty line: `from_value` and `to_value` below the heads, status and reason beside.

    Where the terminal is too narrow for one more column, the reason stands below the KPI.
    """
    is_narrow = out.width < WIDE
    table = plain_table()
    table.add_column("KPI", overflow="fold", min_width=16)
    table.add_column("Period", no_wrap=True)
    for name in (*heads, "By"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    if not is_narrow:
        table.add_column("Why", overflow="fold")
    for row in rows:
        kpi = project.kpis.get(row["kpi"])
        unit = project.metrics[kpi.metric].unit.value if kpi else "number"
        label = kpi.title if kpi else row["kpi"]
        label = label if row["segment"] == TOTAL else f"{label}, {shown_segment(row['segment'])}"
        was, now = row["from_value"], row["to_value"]
        told = partial(number, unit=unit, currency=project.settings.currency)
        reason = Text(why(row, told) + ("; only what it is made of" if _is_same(row) else ""), style="dim")
        table.add_row(
            Text.assemble(label, "\n", reason) if is_narrow else label,
            row["period_label"],
            told(was, beside=now),
            told(now, beside=was),
            "" if was == now or row["difference_pct"] is None else f"{row['difference_pct'] * 100 + 0:+.1f} %",
            _statuses(row["from_status"], row["to_status"]),
            *(() if is_narrow else (reason,)),
        )
    out.print()
    out.print(table)


def _is_same(row: Row) -> bool:
    """Whether nothing that is shown differs: rows came and went that leave the number as it was."""
    pairs = [(row[f"from_{name}"], row[f"to_{name}"]) for name in ("value", "target", "status")]
    return all(was == now for was, now in pairs) and row["to_value"] is not None


def _statuses(was: str | None, now: str | None) -> Text:
    if was == now or was is None or now is None:
        return status_text(now or was)
    return Text.assemble(status_text(was), " → ", status_text(now))
