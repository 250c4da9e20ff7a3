"""The commands of `kpi`, their options and help; what they do stands in files of their own."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from kpi_pipeline.cli import quarantine_app
from kpi_pipeline.cli.options import HERE, AsCsv, AsJson, Project, Wait, form_of

app = typer.Typer(
    name="kpi",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="""KPIs people can trust: from operational data to tables a BI tool reads.

    A project is a folder with definitions/ in it. The usual way:

    \b
      kpi init shop --from orders.csv       start a project from your own files
      kpi check                             read the definitions, say what is wrong and where
      kpi run                               load, compute, validate and publish what changed
      kpi list                              all KPIs: value, target, status, trend
      kpi show KPI                          one KPI: meaning, origin, history, plot; or one goal
      kpi why KPI                           what made it change, adding up to the whole change
      kpi evidence KPI                      what leads it, what it leads, and what the data says of that
      kpi discover                          leaders that nobody has claimed: candidates, not verdicts
      kpi status                            what is fresh, late, failing or off track
      kpi review KPI                        write down what was decided about it
      kpi report KPI --open                 its page; without a name the company's
      kpi query METRIC --by DIM --grain month   any metric by time and dimension
      kpi explain METRIC                    how a number is made, with the SQL
      kpi quarantine                        rows that were not let in, and why; try them again
      kpi backup                            keep the warehouse, definitions and reviews in one file
      kpi dev                               the same in Dagster, with history and schedule

    BI tools read data/published/kpi.duckdb; people read data/published/scorecard/index.html.
    """,
)


class Format(StrEnum):
    """How rows are written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


class LogFormat(StrEnum):
    """How events are written."""

    json = "json"
    text = "text"


class LogLevel(StrEnum):
    """How much an event must matter to be written."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


class StatusFormat(StrEnum):
    """How `kpi status` writes."""

    text = "text"
    json = "json"
    prometheus = "prometheus"


class Kind(StrEnum):
    """What `kpi list` lists."""

    kpis = "kpis"
    metrics = "metrics"
    goals = "goals"
    models = "models"
    sources = "sources"


class FailOn(StrEnum):
    """What ends `kpi diff --definitions` with exit code 1."""

    change = "change"
    restated = "restated"
    failure = "failure"


class Against(StrEnum):
    """The period that `kpi why` compares with."""

    previous = "previous"
    year_ago = "year_ago"


@app.command(short_help="Read the definitions and say what is wrong, and where.")
def check(
    project: Project = HERE,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail the check too.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Tell each warning on its own, with its hint.")] = False,
    as_json: AsJson = False,
    data: Annotated[bool, typer.Option("--data/--no-data", help="Look at the published values too.")] = True,
    explain: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Say what a rule looks for and why, with examples; no check.", metavar="CODE"),
    ] = None,
) -> None:
    """Read the definitions and say everything that is wrong, with file, line and a way out. Nothing is computed."""
    if explain is not None:
        from kpi_pipeline.cli.explain_rule import explain_rule

        return explain_rule(explain)
    from kpi_pipeline.cli.check import check_definitions

    raise typer.Exit(check_definitions(project, strict=strict, verbose=verbose, as_json=as_json, data=data))


@app.command(short_help="Bring the published tables up to date.")
def run(
    project: Project = HERE,
    select: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads it
        typer.Option(
            "--select",
            "-s",
            help="A KPI, metric, goal, team, model or source, or several; `goal:growth` says which is meant.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read every source and compute everything again.")] = False,
    since: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Compute all days from this one on again: 2010-09-30, 2010-09, 2010-Q3, 2010.", metavar="DATE"
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for another run to end.", min=0, metavar="SECONDS")
    ] = 600,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no table, only problems.")] = False,
    log_format: Annotated[
        Optional[LogFormat],  # noqa: UP045
        typer.Option(
            envvar="KPI_LOG_FORMAT",
            help="Write what happens as events, one a line, to the error stream instead of progress.",
            show_default=False,
        ),
    ] = None,
    log_level: Annotated[
        LogLevel, typer.Option(envvar="KPI_LOG_LEVEL", help="The least that an event must matter.")
    ] = LogLevel.info,
    log_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            envvar="KPI_LOG_FILE", help="Write the events to the end of this file; progress stays.", metavar="FILE"
        ),
    ] = None,
) -> None:
    """Bring the published tables up to date: load what changed, compute, validate, publish."""
    from kpi_pipeline.cli.run import Log, run_project

    log = Log(log_format.value if log_format else None, log_level.value, log_file)
    raise typer.Exit(run_project(project, select=select or [], full=full, since=since, wait=wait, quiet=quiet, log=log))


@app.command("list", short_help="List KPIs with values and status, or metrics, goals, models.")
def list_(
    what: Annotated[Kind, typer.Argument(help="What to list.")] = Kind.kpis,
    project: Project = HERE,
) -> None:
    """List KPIs with their latest values and status, or metrics, goals, models or sources."""
    from kpi_pipeline.cli.listing import list_things

    list_things(project, what.value)


@app.command(short_help="Show one KPI: meaning, origin, values and a plot; or one goal.")
def show(
    kpi: Annotated[str, typer.Argument(help="Name of the KPI, or of a goal.", metavar="KPI")],
    project: Project = HERE,
    periods: Annotated[int, typer.Option(help="How many periods back.", min=1, metavar="NUMBER")] = 12,
) -> None:
    """Show one KPI: what it means, where it comes from, its last values and a small plot; or one goal."""
    from kpi_pipeline.cli.show import show_kpi

    show_kpi(project, kpi, periods=periods)


@app.command(short_help="Say what was published of a KPI before, and why it changed.")
def history(
    kpi: Annotated[str, typer.Argument(help="Name of the KPI.", metavar="KPI")],
    period: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Everything that was said of a period: 2010-11, 2010-W47, 2010.", metavar="PERIOD"),
    ] = None,
    segment: Annotated[str, typer.Option(help="Of a segment, such as country=France.", metavar="SEGMENT")] = "all",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    project: Project = HERE,
) -> None:
    """Say what was published of a KPI before, when that changed, and why."""
    from kpi_pipeline.cli.history import tell_history

    tell_history(project, kpi, period=period, segment=segment, form=form_of(as_json=as_json, as_csv=as_csv))


@app.command(short_help="Show which published values changed between two runs.")
def diff(
    earlier: Annotated[
        str, typer.Argument(help="A run, a day, or latest or previous.", metavar="[FROM]", show_default=False)
    ] = "previous",
    later: Annotated[
        str, typer.Argument(help="The same; by default the latest.", metavar="[TO]", show_default=False)
    ] = "latest",
    kpi: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Only of this KPI; may be given several times.", metavar="KPI", show_default=False),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also new values, and those of periods that were in progress.")
    ] = False,
    definitions: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Instead: what the definitions in this folder would change. Nothing is published.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="With --definitions: print it for a pull request.")
    ] = False,
    fail_on: Annotated[
        Optional[FailOn],  # noqa: UP045
        typer.Option(
            help="With --definitions: exit code 1 if anything would change, if values would be restated or go, or if "
            "checks or computations would fail.",
            show_default=False,
        ),
    ] = None,
    wait: Wait = 60,
    project: Project = HERE,
) -> None:
    """Show which published values changed between two runs, from what, to what, and why; or what a change would do."""
    if definitions is None and (as_markdown or fail_on):
        raise typer.BadParameter("--markdown and --fail-on go with --definitions")
    if definitions is not None and (earlier, later) != ("previous", "latest"):
        raise typer.BadParameter("definitions are compared with what is published now: leave FROM and TO out")
    form = form_of(as_json=as_json, as_csv=as_csv, otherwise="markdown" if as_markdown else "table")
    if definitions is not None:
        from kpi_pipeline.cli.proposal import tell_proposal

        only, failing = tuple(kpi or ()), fail_on.value if fail_on else None
        raise typer.Exit(tell_proposal(project, definitions, kpi=only, form=form, fail_on=failing, wait=wait))
    from kpi_pipeline.cli.history import tell_difference

    tell_difference(project, earlier, later, kpi=tuple(kpi or ()), everything=everything, form=form)


@app.command(short_help="Say which books are closed, and what would have moved.")
def frozen(
    kpis: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(help="Names of KPIs; by default all.", metavar="[KPI]...", show_default=False),
    ] = None,
    fail: Annotated[
        bool, typer.Option("--fail", help="Exit code 1 if closed values are not what the data says.")
    ] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    project: Project = HERE,
) -> None:
    """Say which books are closed, and by how much the data would move their values if they were not."""
    from kpi_pipeline.cli.frozen import tell_frozen

    as_published = tell_frozen(project, tuple(kpis or ()), form=form_of(as_json=as_json, as_csv=as_csv))
    raise typer.Exit(int(fail and not as_published))


@app.command(short_help="Say why a KPI changed: segments, parts and inputs.")
def why(
    kpi: Annotated[str, typer.Argument(help="Name of the KPI.", metavar="KPI")],
    by: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            help="A dimension to look at; may be given several times. Two together: country,channel. By default the "
            "KPI's breakdowns.",
            metavar="DIM",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        Optional[Against],  # noqa: UP045
        typer.Option(help="The period before, or the same one a year before.", show_default="previous"),
    ] = None,
    start: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--from", help="The earlier period instead: 2010-09-30, 2010-09, 2010-Q3, 2010.", metavar="PERIOD"
        ),
    ] = None,
    end: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", help="The later one; by default the latest that is complete.", metavar="PERIOD"),
    ] = None,
    as_json: AsJson = False,
    wait: Wait = 60,
    project: Project = HERE,
) -> None:
    """Say why a KPI changed: which segments, parts and inputs moved it, adding up to the whole change."""
    from kpi_pipeline.cli.why import explain_change

    explain_change(
        project,
        kpi,
        by=by or (),
        against=against.value if against else None,
        start=start,
        end=end,
        as_json=as_json,
        wait=wait,
    )


@app.command(short_help="Say what the data says of the claims that one KPI leads another.")
def evidence(
    names: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(
            help="A KPI, or a leader and its follower; without one all claims.",
            metavar="[KPI | LEADER FOLLOWER]",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    project: Project = HERE,
) -> None:
    """Say what the data says of the claims that one KPI leads another: verdict, lag, and every number behind them."""
    from kpi_pipeline.cli.evidence import show_evidence

    show_evidence(project, names or (), as_json=as_json)


@app.command(short_help="Look for leaders nobody has claimed.")
def discover(
    grain: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Only KPIs' values by day, week, month, quarter or year.", metavar="GRAIN"),
    ] = None,
    limit: Annotated[int, typer.Option(help="How many candidates at most.", min=1, metavar="NUMBER")] = 10,
    as_json: AsJson = False,
    project: Project = HERE,
) -> None:
    """Look for leaders nobody has claimed: candidates to think about, never verdicts, with a link to paste."""
    from kpi_pipeline.cli.discover import show_candidates

    show_candidates(project, grain=grain, limit=limit, as_json=as_json)


@app.command(short_help="Explain how a number is made, with the SQL.")
def explain(
    metrics: Annotated[list[str], typer.Argument(help="Names of metrics, or of KPIs.", metavar="METRIC")],
    by: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="A dimension, as in a question.", metavar="DIM", show_default=False),
    ] = None,
    grain: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="The grain of a question.", metavar="GRAIN", show_default=False),
    ] = None,
    where: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="The condition of a question.", metavar="SQL", show_default=False),
    ] = None,
    project: Project = HERE,
) -> None:
    """Explain how a number, or the answer to a question, is made: every step from source to value, with its SQL."""
    from kpi_pipeline.cli.explain import explain_question

    explain_question(project, metrics, by=by or (), grain=grain, where=where)


@app.command()
def query(
    metrics: Annotated[list[str], typer.Argument(help="Names of metrics.", metavar="METRIC")],
    by: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            help="A dimension to break down by, such as country, customer__country or sold_at__month, for retention "
            "cohort_age; may be given several times.",
            metavar="DIM",
            show_default=False,
        ),
    ] = None,
    grain: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="hour, day, week, month, quarter or year; without it the total.", metavar="GRAIN", show_default=False
        ),
    ] = None,
    start: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--from",
            help="The first period: 2010-09-30, 2010-09, 2010-Q3, 2010; by hour 2010-09-30T14.",
            metavar="DATE",
        ),
    ] = None,
    end: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", help="The last one, included.", metavar="DATE"),
    ] = None,
    where: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="A condition over dimensions and metrics of an entity, such as: customer__country <> 'France' or "
            "metric('orders', 'customer') > 5",
            metavar="SQL",
        ),
    ] = None,
    order_by: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="A column to sort by; -name for descending.", metavar="COLUMN", show_default=False),
    ] = None,
    limit: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="How many rows at most.", min=0, metavar="NUMBER", show_default=False),
    ] = None,
    pivot: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="A dimension whose values become columns, such as cohort_age.", metavar="DIM", show_default=False
        ),
    ] = None,
    format: Annotated[Format, typer.Option(help="How the rows are written.")] = Format.table,  # noqa: A002
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", help="A file to write to instead of here.", metavar="FILE", show_default=False),
    ] = None,
    wait: Wait = 60,
    project: Project = HERE,
) -> None:
    """Ask for metrics by time and dimensions. The numbers are those of the published tables, from the same engine."""
    from kpi_pipeline.cli.query import Question, answer

    asked = Question(tuple(metrics), tuple(by or ()), grain, start, end, where, tuple(order_by or ()), limit, pivot)
    answer(project, asked, form=format.value, output=output, wait=wait)


@app.command(short_help="Write down what was decided when people looked at a KPI.")
def review(
    kpi: Annotated[str, typer.Argument(help="Name of the KPI that was looked at.", metavar="KPI")],
    decision: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="What was decided; asked for where it is missing.", metavar="TEXT", show_default=False),
    ] = None,
    by: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Who held the review.", metavar="PERSON", show_default=False),
    ] = None,
    on: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="The day it was held; today by default.", metavar="DAY", show_default=False),
    ] = None,
    action: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            help='Who does what until when: "Call the accounts; ann; 2010-12-31"; may be given several times.',
            metavar="TEXT",
            show_default=False,
        ),
    ] = None,
    project: Project = HERE,
) -> None:
    """Write down what was decided when people looked at a KPI: appended to reviews/KPI.yaml, beside definitions/."""
    from kpi_pipeline.cli.review import write_review

    write_review(project, kpi, decision=decision, by=by, on=on, actions=action or ())


@app.command(short_help="List the KPIs whose review is overdue or was never held.")
def reviews(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
    project: Project = HERE,
) -> None:
    """List the KPIs whose review is overdue or was never held, those overdue for the longest time first."""
    from kpi_pipeline.cli.review import list_overdue

    list_overdue(project, as_json=as_json)


@app.command("notify", short_help="Tell people what is new to them.")
def notify_(
    project: Project = HERE,
    wait: Wait = 600,
) -> None:
    """Tell people what is new to them: changed statuses, overdue reviews, failed runs and checks. Nothing twice."""
    from kpi_pipeline.cli.notify import notify_people

    raise typer.Exit(notify_people(project, wait=wait))


@app.command(short_help="Say how the project is doing.")
def status(
    fail_on: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Leave with 1 where there is such a thing: any, or some of failed, failing, late, quarantined, "
            "off_track, heading_off_track, overdue, faded, restated, with commas.",
            metavar="WHAT",
            show_default=False,
        ),
    ] = None,
    form: Annotated[StatusFormat, typer.Option("--format", help="How it is written.")] = StatusFormat.text,
    as_json: AsJson = False,
    project: Project = HERE,
) -> None:
    """Say how the project is doing: what is fresh, late, failing, off track or overdue; also while a run is at work."""
    from kpi_pipeline.cli.status import show_status

    raise typer.Exit(show_status(project, form="json" if as_json else form.value, fail_on=fail_on))


@app.command(short_help="Remove from the warehouse what no definition asks for.")
def clean(
    raw: Annotated[
        bool, typer.Option("--raw", help="Also the rows of sources that are no longer defined, for good.")
    ] = False,
    wait: Wait = 600,
    project: Project = HERE,
) -> None:
    """Remove what no definition asks for any more from the warehouse, and give the room back to the disk."""
    from kpi_pipeline.cli.clean import clean_warehouse

    clean_warehouse(project, raw=raw, wait=wait)


@app.command(short_help="Write the scorecard's pages from what was published.")
def report(
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            help="A KPI, goal or team; `goal:growth` says which is meant. Without one, the company.",
            metavar="[KPI|GOAL|TEAM]",
            show_default=False,
        ),
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print it in short as Markdown instead.")] = False,
    png: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Draw its history into this file instead; .svg needs no library.", metavar="FILE"),
    ] = None,
    project: Project = HERE,
) -> None:
    """Write the scorecard's pages from what was published, and say where the one asked for is."""
    from kpi_pipeline.cli.report import report as written

    written(project, name, open_it=open_it, markdown=markdown, png=png)


@app.command(short_help="Write the JSON Schema of definition files, for editors.")
def schema(
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", help="A file to write to instead of here.", metavar="FILE", show_default=False),
    ] = None,
) -> None:
    """Write the JSON Schema of definition files, so that an editor completes and checks while you type."""
    from kpi_pipeline.cli.schema import write_schema

    write_schema(output)


@app.command(short_help="Start a project from your own files.")
def init(
    folder: Annotated[Path, typer.Argument(help="The folder of the new project.", metavar="DIR")],
    files: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option(
            "--from",
            help="A CSV, Excel, Parquet or JSON file to begin with; may be given several times.",
            metavar="FILE",
        ),
    ] = None,
    more: Annotated[Optional[list[Path]], typer.Argument(help="More files.", metavar="FILE")] = None,  # noqa: UP045
    time: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            help="The column that says when a row happened, where it is not found or another one is meant.",
            metavar="COLUMN",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Start a project from your own files: a source, a model, first metrics and KPIs to edit."""
    from kpi_pipeline.cli.init import init_project

    init_project(folder, [*(files or []), *(more or [])], time or [])


@app.command(short_help="Keep warehouse, definitions and reviews in one file.")
def backup(
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(
            help="Where to; by default backups/ beside definitions/.", metavar="[FOLDER]", show_default=False
        ),
    ] = None,
    state_only: Annotated[
        bool, typer.Option("--state-only", help="Only what cannot be made again from the sources; small.")
    ] = False,
    keep: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            help="How many backups of the project stay there, the newest; without it all.",
            min=1,
            metavar="NUMBER",
            show_default=False,
        ),
    ] = None,
    wait: Wait = 600,
    project: Project = HERE,
) -> None:
    """Keep the warehouse, definitions and reviews in one file with checksums, while questions go on."""
    from kpi_pipeline.cli.backup import write_backup

    write_backup(project, folder, state_only=state_only, keep=keep, wait=wait)


@app.command(short_help="Put a backup in the place of the warehouse.")
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.", metavar="FILE")],
    wait: Wait = 600,
    project: Project = HERE,
) -> None:
    """Put a backup in the place of the warehouse, which is kept beside it; `kpi run` then goes on from there."""
    from kpi_pipeline.cli.backup import restore_from

    restore_from(project, file, wait=wait)


@app.command(short_help="Open the project in Dagster.")
def dev(
    project: Project = HERE,
    host: Annotated[str, typer.Option(help="Address to listen on.", metavar="ADDRESS")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", metavar="NUMBER")] = 3000,
) -> None:
    """Open the project in Dagster: assets, checks, history of values, and the schedule."""
    from kpi_pipeline.cli.dev import start_dagster

    raise typer.Exit(start_dagster(project, host=host, port=port))


app.add_typer(
    quarantine_app.app, name="quarantine", short_help="Say which rows were not let in, and why; try them again."
)


@app.callback(invoke_without_command=True)
def _about(version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    if version:
        from kpi_pipeline import __version__

        typer.echo(f"kpi_pipeline {__version__}")
        raise typer.Exit
