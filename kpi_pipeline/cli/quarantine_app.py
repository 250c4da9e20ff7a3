"""The commands below `kpi quarantine`, their options and help."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from kpi_pipeline.cli.options import HERE, AsCsv, AsJson, Project, Wait, form_of

All = Annotated[bool, typer.Option("--all", help="Also rows that were dropped, or that newer ones took the place of.")]
Source = Annotated[str, typer.Argument(help="Name of the source.", metavar="SOURCE")]


class SourceOrCommand(TyperGroup):
    """`kpi quarantine sales` shows the rows of sales, `kpi quarantine` alone what there is."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the command there that was left out."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        elif args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=SourceOrCommand,
    rich_markup_mode=None,
    help="""Say which rows were not let in, and why; try them again, or drop them.

    \b
      kpi quarantine                        what there is, by source, file and rule
      kpi quarantine SOURCE                 the rows: file, line, column, value, reason
      kpi quarantine explain SOURCE         the rules they break, where these stand, what to do
      kpi quarantine replay SOURCE          try them again, after definitions or data were mended
      kpi quarantine drop SOURCE --file F   say that nobody will mend them
    """,
)


@app.command("list")
def list_(everything: All = False, as_json: AsJson = False, as_csv: AsCsv = False, project: Project = HERE) -> None:
    """What is in quarantine, by source, file, column and check."""
    from kpi_pipeline.cli.quarantine import list_quarantine

    list_quarantine(project, everything=everything, form=form_of(as_json=as_json, as_csv=as_csv))


@app.command()
def show(
    source: Source,
    limit: Annotated[int, typer.Option(help="How many rows are shown.", min=1, metavar="NUMBER")] = 40,
    everything: All = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    project: Project = HERE,
) -> None:
    """The rows of a source: file, line, column, value and reason."""
    from kpi_pipeline.cli.quarantine import show_quarantine

    show_quarantine(project, source, limit=limit, everything=everything, form=form_of(as_json=as_json, as_csv=as_csv))


@app.command()
def explain(source: Source, project: Project = HERE) -> None:
    """The rules that rows of a source break, where they stand in the definitions, and what to do."""
    from kpi_pipeline.cli.quarantine import explain_quarantine

    explain_quarantine(project, source)


@app.command()
def replay(source: Source, wait: Wait = 600, project: Project = HERE) -> None:
    """Load what came since, then try the rows of a source again: those that fit are loaded, the others stay."""
    from kpi_pipeline.cli.quarantine import replay_quarantine

    raise typer.Exit(replay_quarantine(project, source, wait=wait))


@app.command()
def drop(
    source: Source,
    note: Annotated[str, typer.Option(help="Why, and who says so.", metavar="TEXT")],
    file: Annotated[Optional[str], typer.Option(help="Rows of this file.", metavar="FILE")] = None,  # noqa: UP045
    line: Annotated[Optional[int], typer.Option(help="The row of this line.", metavar="NUMBER")] = None,  # noqa: UP045
    column: Annotated[Optional[str], typer.Option(help="Rows for this column.", metavar="COLUMN")] = None,  # noqa: UP045
    check: Annotated[Optional[str], typer.Option(help="Rows that fail this check.", metavar="CHECK")] = None,  # noqa: UP045
    before: Annotated[Optional[str], typer.Option(help="Rows there since before that day.", metavar="DAY")] = None,  # noqa: UP045
    everything: Annotated[bool, typer.Option("--all", help="All open rows of the source.")] = False,
    wait: Wait = 600,
    project: Project = HERE,
) -> None:
    """Say of rows that nobody will mend them: they are kept with the note, but no longer open and not tried again."""
    from kpi_pipeline.cli.quarantine import drop_quarantine

    drop_quarantine(
        project, source, note=note, file=file, check=check, column=column, line=line, before=before,
        everything=everything, wait=wait,
    )  # fmt: skip
