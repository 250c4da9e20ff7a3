"""`kpi clean`: what no definition asks for leaves the warehouse, and its room goes back to the disk."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import console, size_text


def clean_warehouse(asked: Path, *, raw: bool, wait: float) -> None:
    """Cleans, and says what was removed and what was left."""
    done = open_project(asked).clean(raw=raw, wait=wait)
    out = console()
    for name in done.removed:
        out.print(Text(f"removed {name}"))
    out.print(f"The warehouse takes {size_text(done.after)}; it took {size_text(done.before)}.")
    if done.left:
        out.print(Text(f"No longer defined, and kept: {', '.join(done.left)}.", style="yellow"))
        out.print(Text("Hint: kpi clean --raw removes these rows for good.", style="dim"))
