"""How things look in the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from kpi_pipeline.kpis import MISSING, per_hundred, written
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.project import Project
from kpi_pipeline.redaction import harmless
from kpi_pipeline.status import Status

STYLES = {
    Status.on_track: "green",
    Status.at_risk: "yellow",
    Status.off_track: "red",
    Status.in_progress: "cyan",
    Status.no_target: "dim",
    Status.no_data: "dim",
}


def console(*, stderr: bool = False, piped: int = 160) -> Console:
    """The terminal, as wide as it is; where it is a file or a pipe, `piped` characters wide."""
    made = HarmlessConsole(stderr=stderr, highlight=False)
    return made if made.is_terminal else HarmlessConsole(stderr=stderr, highlight=False, width=piped)


class HarmlessConsole(Console):
    """A terminal that shows texts of data and does not obey them."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for one in super().render(renderable, options):
            yield one if one.control else Segment(harmless(one.text), one.style)


class Notes:
    """Says on the error stream what is worth saying, and nothing of stages."""

    def stage(self, name: str, total: int) -> None:
        """Nothing is shown."""

    def step(self, what: str) -> None:
        """Nothing is shown."""

    def note(self, text: str) -> None:
        """A line of its own."""
        console(stderr=True).print(Text(text, style="yellow"), soft_wrap=True)


def status_text(status: str | None) -> Text:
    """A status as sign and word."""
    one = Status(status or "no_data")
    return Text(f"{one.sign} {one.words}", style=STYLES[one])


def number(value: float | None, unit: str, currency: str | None, *, beside: float | None = None) -> str:
    """A number as people read it, with as many digits as the one it stands beside."""
    return written(value, Unit(unit), currency or "", beside=beside)


def share(value: float | None) -> str:
    """A share per hundred, without decimals but for one that is all but whole; a missing one is a dash.

    >>> share(1.118), share(0.9985), share(None)
    ('112 %', '99.8 %', '–')
    """
    return MISSING if value is None else f"{per_hundred(value)} %"


def local_time(project: Project, moment: datetime | None) -> str:
    """A moment as the project's clock tells it, to the minute; a missing one is a dash."""
    return f"{moment.astimezone(ZoneInfo(project.settings.timezone)):%Y-%m-%d %H:%M}" if moment else MISSING


def size_text(size: int) -> str:
    """A size as people write it.

    >>> size_text(1_536), size_text(25_000_000)
    ('1.5 KiB', '23.8 MiB')
    """
    number, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024 or unit == "GiB":
            break
        number /= 1024
    return f"{number:.1f} {unit}" if unit != "B" else f"{size} B"


def plain_table() -> Table:
    """A table without lines, its head in bold, to which columns and rows are added."""
    return Table(box=None, pad_edge=False, header_style="bold")


def facts_table() -> Table:
    """What is known of a thing, a fact a line: its name, and what it is."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


WIDE = 120
"""From this many characters on a KPI takes one line; below, trend and indicator stand on a second one."""
NARROW = 78
"""Below this the period stands there too, and the attainment is left out rather than the status."""


def scorecard_table(rows: list[dict[str, Any]], *, width: int) -> Table | Text:
    """A KPI's latest complete period against the target, KPI by KPI.

    >>> print(scorecard_table([], width=80))
    No KPI is defined yet. `kpi list metrics` shows what may become one.
    """
    if not rows:
        return Text("No KPI is defined yet. `kpi list metrics` shows what may become one.")
    table = plain_table()
    table.add_column("KPI", overflow="fold", min_width=18)
    if width >= NARROW:
        table.add_column("Period", no_wrap=True)
    for name in ("Value", "Target", *(["Attained"] if width >= NARROW else [])):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    if width >= WIDE:
        table.add_column("Trend", no_wrap=True)
        table.add_column("Indicator", no_wrap=True)
        table.add_column("Goal", overflow="fold", min_width=16)
    for row in rows:
        label, status = Text(str(row["label"])), status_text(row["status"])
        trend, indicator = Text(row["trend"] or "", style="cyan"), Text(str(row["indicator"]), style="dim")
        goal = Text(row["goal_label"] or MISSING, style="dim")
        period = row["period_label"] or MISSING
        if width < WIDE:
            below = indicator if width >= NARROW else Text(f"{period} {indicator}", style="dim")
            label = Text("\n").join([label, below])
            status = Text("\n").join([status, trend])
        table.add_row(
            label,
            *([period] if width >= NARROW else []),
            number(row["value"], row["unit"], row["currency"], beside=row["target"]),
            number(row["target"], row["unit"], row["currency"], beside=row["value"]),
            *([share(row["attainment"])] if width >= NARROW else []),
            status,
            *([trend, indicator, goal] if width >= WIDE else []),
        )
    return table
