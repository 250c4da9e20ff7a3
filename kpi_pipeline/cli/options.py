"""The options that several commands have, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Project = Annotated[
    Path,
    typer.Option(
        "--project",
        "-C",
        envvar="KPI_PROJECT",
        help="The project's folder, or its definitions/ folder; by default found from here upwards.",
        metavar="FOLDER",
        show_default=False,
    ),
]
HERE = Path()
AsJson = Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print the rows as CSV.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for a run that is writing.", min=0, metavar="SECONDS")]


def form_of(*, as_json: bool, as_csv: bool, otherwise: str = "table") -> str:
    """How rows are written: as one of the options says, or as a command does by itself."""
    return "json" if as_json else "csv" if as_csv else otherwise
