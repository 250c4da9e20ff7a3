"""`kpi run`: the pipeline with progress, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from kpi_pipeline.api import LoadedProject
from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import console, scorecard_table, size_text
from kpi_pipeline.errors import KpiError, QueryError, counted
from kpi_pipeline.log import Form, logged_to, tell
from kpi_pipeline.periods import first_day_named
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.pipeline.watch import Quiet, Watch
from kpi_pipeline.project import Project

DOING = {
    "ingest": "Loading sources",
    "model": "Making models",
    "reduce": "Reducing rows",
    "derive": "Deriving metrics",
    "projection": "Projecting",
    "judge": "Judging KPIs",
    "validate": "Validating",
    "evidence": "Testing links",
    "publish": "Publishing",
}


class Bars:
    """A progress bar a stage."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._bars: dict[str, TaskID] = {}

    def stage(self, name: str, total: int) -> None:
        """The stage before is done; a new bar begins, or the stage's own goes on."""
        self.done()
        steps = max(total, 1)
        self._task = self._bars.get(name)
        if self._task is None:
            self._task = self._bars[name] = self._progress.add_task(DOING.get(name, name), total=steps, what="")
        else:
            done = self._progress.tasks[self._task].total or 0
            self._progress.update(self._task, total=done + steps)

    def step(self, what: str) -> None:
        """The bar moves on."""
        if self._task is not None:
            self._progress.update(self._task, advance=1, what=what)

    def note(self, text: str) -> None:
        """Printed above the bars."""
        self._progress.console.print(Text(text, style="yellow"))

    def done(self) -> None:
        """The current bar is full."""
        if self._task is not None:
            task = self._progress.tasks[self._task]
            self._progress.update(self._task, completed=task.total, what="")


@dataclass(frozen=True)
class Log:
    """What was asked for of the log: how events are written, the least that they must matter, and where they go."""

    form: Form | None = None
    level: str = "info"
    file: Path | None = None

    @property
    def takes_the_error_stream(self) -> bool:
        """Whether events, and nothing else, are written there."""
        return self.form is not None and self.file is None


def run_project(
    asked: Path, *, select: list[str], full: bool, since: str | None, wait: float, quiet: bool, log: Log
) -> int:
    """Runs the pipeline with progress and prints what came of it; 0 if everything asked for was published."""
    if log.form is None and log.file is None:
        return _run(asked, select=select, full=full, since=since, wait=wait, quiet=quiet, log=log)
    with logged_to(log.form or "text", level=log.level, file=log.file):
        try:
            return _run(asked, select=select, full=full, since=since, wait=wait, quiet=quiet, log=log)
        except KpiError as problem:
            if not log.takes_the_error_stream:
                raise
            return problem.exit_code


def _opened(asked: Path, since: str | None) -> tuple[LoadedProject, date | None]:
    """The project, and the day to compute from."""
    try:
        from_day = first_day_named(since) if since else None
    except ValueError:
        raise QueryError.no_period("since", since or "") from None
    return open_project(asked), from_day


def _run(asked: Path, *, select: list[str], full: bool, since: str | None, wait: float, quiet: bool, log: Log) -> int:
    try:
        loaded, from_day = _opened(asked, since)
    except KpiError as problem:
        tell("refused", str(problem), error=type(problem).__name__)
        raise
    out, err = console(), console(stderr=True)

    def go(watch: Watch) -> RunReport:
        return loaded.run(select=select, full=full, since=from_day, wait=wait, watch=watch)

    if quiet or log.takes_the_error_stream:
        report = go(Quiet())
    else:
        with _progress(err) as progress:
            bars = Bars(progress)
            report = go(bars)
            bars.done()
    if not log.takes_the_error_stream:
        _say_problems(err, report)
    if not quiet:
        _say_result(out, loaded.project, report)
    return 3 if report.blocked else 0


def _progress(err: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description:<17}"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed:>3.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}", style="dim"),
        console=err,
        disable=not err.is_terminal,
    )


def _say_problems(err: Console, report: RunReport) -> None:
    for one in report.failed_checks:
        word, style = ("blocks", "red") if one.blocks else ("warning", "yellow")
        err.print(Text(f"{word}: {one}", style=style))
    kept = sorted(name.removeprefix("kpi/") for name in report.blocked if name.startswith("kpi/"))
    if kept:
        err.print(
            Text(
                f"Not computed: {', '.join(kept)}. What was published of them before stays, everything else is new.\n"
                "Hint: mend the data or the check named above, then run again.",
                style="red",
            )
        )


def _say_result(out: Console, project: Project, report: RunReport) -> None:
    if report.status == "unchanged":
        out.print(f"Nothing changed since the last run; everything is up to date ({report.seconds:.1f} s).")
        out.print(Text("Hint: `kpi list` shows the KPIs, `kpi run --full` computes everything again.", style="dim"))
    else:
        from kpi_pipeline.cli.listing import published_scorecard

        out.print()
        out.print(scorecard_table(published_scorecard(project), width=out.width))
        out.print()
        stages = ", ".join(f"{one.stage} {one.seconds:.1f}" for one in report.stages)
        out.print(Text(f"Published in {report.seconds:.1f} s ({stages}).", style="dim"))
    for name, path in report.published.items():
        out.print(f"  {name:<10} {_near(path)}", soft_wrap=True)
    for name, place in report.served.items():
        out.print(Text(f"  {name:<10} {place}"), soft_wrap=True)
    if crossed := report.crossed:
        came = f"{counted(crossed.rows, 'row')} ({size_text(crossed.bytes)}) in {counted(crossed.answers, 'answer')}"
        sent = f"; {counted(crossed.rows_sent, 'row')} ({size_text(crossed.bytes_sent)}) sent"
        out.print(Text(f"  {'cluster':<10} {came} came from it{sent if crossed.rows_sent else ''}"), soft_wrap=True)


def _near(path: Path) -> str:
    """The path as seen from here, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
