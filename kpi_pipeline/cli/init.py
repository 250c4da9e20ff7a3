"""`kpi init`."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from kpi_pipeline.cli.shown import console
from kpi_pipeline.errors import DataError, DefinitionError, InternalError, KpiError, Problem, StorageError, listed
from kpi_pipeline.files import building, remove
from kpi_pipeline.sources.file import ending_of
from kpi_pipeline.starter.pages import Chapter
from kpi_pipeline.starter.start import Starter, names_for, start

COPIED_AT_MOST = 50_000_000
"""Bytes; larger files stay where they are."""


def init_project(folder: Path, files: list[Path], time_columns: Sequence[str] = ()) -> None:
    """Starts a project in a new folder from files that hold some history, and prints what it made."""
    target = folder.expanduser().resolve()
    _refuse_occupied(target, folder)
    found = _files(files)
    names = names_for(found)
    kept = [file.stat().st_size > COPIED_AT_MOST or "${" in file.name for file in found]
    paths = [
        str(file) if stays else f"data/{name}/*{ending_of(file.name)}"
        for file, name, stays in zip(found, names, kept, strict=True)
    ]
    zone = system_zone()
    with _built(target) as built:
        starter = _started(found, paths, target, zone, time_columns)
        for file, name, stays in zip(found, names, kept, strict=True):
            if not stays:
                (built / "data" / name).mkdir(parents=True)
                shutil.copyfile(file, built / "data" / name / file.name)
        for page, text in starter.pages.items():
            (built / page).parent.mkdir(parents=True, exist_ok=True)
            (built / page).write_text(text, encoding="utf-8")
        _refuse_nonsense(built)
    _say(console(), folder, starter, kept)


def system_zone() -> str:
    """The time zone this machine is set to, by its name; UTC where it does not say."""
    candidates = [os.environ.get("TZ", "").lstrip(":")]
    with suppress(OSError):
        candidates.append(Path("/etc/timezone").read_text(encoding="utf-8").strip())
    with suppress(OSError):
        candidates.append(os.path.realpath("/etc/localtime").partition("zoneinfo/")[2])
    named = next((one for one in candidates if one and _is_zone(one)), "UTC")
    return "UTC" if named in ("Etc/UTC", "Etc/UCT", "UCT", "Universal", "Zulu") else named


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return "/" in name or name == "UTC"


def _refuse_occupied(target: Path, folder: Path) -> None:
    if target.is_file():
        raise KpiError(
            f"{folder} is a file.\nHint: name a folder that is not there yet: kpi init shop --from orders.csv"
        )
    if target.is_dir() and any(target.iterdir()):
        raise KpiError(
            f"{folder} is not empty, and nothing is ever overwritten.\n"
            "Hint: name a folder that is not there yet, or empty this one."
        )


def _files(files: Sequence[Path]) -> list[Path]:
    """The files, each once; all that are missing or empty are named together."""
    if not files:
        raise DefinitionError(
            [
                Problem(
                    "There is no file to begin with.",
                    hint="kpi init DIR --from orders.csv; CSV, Excel, Parquet or JSON",
                )
            ]
        )
    found = list(dict.fromkeys(file.expanduser().resolve() for file in files))
    missing = [str(file) for file in files if not file.expanduser().exists()]
    if missing:
        raise DataError(
            f"There is no file {listed(missing)}.\nHint: is it relative to another folder than {Path.cwd()}?"
        )
    if folders := [str(file) for file in files if file.expanduser().is_dir()]:
        raise DataError(f"{listed(folders)} is a folder.\nHint: name the files in it: --from {folders[0]}/orders.csv")
    if empty := [file.name for file in found if file.stat().st_size == 0]:
        raise DataError(f"{listed(empty)} is empty: not even a header.\nHint: was the export cut off?")
    if closed := [file.name for file in found if not os.access(file, os.R_OK)]:
        raise DataError(f"{listed(closed)} may not be read by you.\nHint: ask its owner for the permission to read it.")
    return found


@contextmanager
def _built(target: Path) -> Iterator[Path]:
    """A folder beside the target that becomes it once everything is in it."""
    built = building(target)
    try:
        built.mkdir(parents=True)
        try:
            yield built
            with suppress(FileNotFoundError):
                target.rmdir()
            built.rename(target)
        finally:
            remove(built)
    except OSError as problem:
        raise StorageError(
            f"{target} cannot be written: {problem.strerror or problem}.\n"
            "Hint: is the disk full, or the folder read-only? Nothing was left behind."
        ) from problem


def _started(
    files: Sequence[Path], paths: Sequence[str], target: Path, zone: str, time_columns: Sequence[str]
) -> Starter:
    from kpi_pipeline.store import Warehouse

    today = datetime.now(ZoneInfo(zone)).date()
    with Warehouse.in_memory() as warehouse, tempfile.TemporaryDirectory() as scratch:
        return start(
            warehouse,
            files,
            paths,
            folder=target,
            zone=zone,
            today=today,
            scratch=Path(scratch),
            time_columns=time_columns,
        )


def _refuse_nonsense(built: Path) -> None:
    """What was written is read before anybody sees it."""
    from kpi_pipeline.load import load

    try:
        load(built / "definitions")
    except DefinitionError as problem:
        raise InternalError(f"kpi init drafted definitions that do not fit together:\n{problem}") from problem


def _say(out: Console, folder: Path, starter: Starter, kept: Sequence[bool]) -> None:
    out.print(f"[bold]{escape(str(folder))}[/bold] is a project now.")
    for chapter, stays in zip(starter.chapters, kept, strict=True):
        out.print()
        _say_table(out, chapter, stays=stays)
    out.print()
    first = folder / "definitions" / "kpis" / f"{starter.chapters[0].name}.yaml"
    out.print("All of it is a guess; look for EDIT and EXAMPLE. Begin with the target in", soft_wrap=True)
    out.print(Text(f"  {first}"), soft_wrap=True)
    out.print("Next:")
    commands = (
        (f"cd {_shell(folder)}", ""),
        ("kpi run", "compute and publish"),
        (f"kpi show {starter.chapters[0].kpis[0].name}", "one KPI, from its meaning to its values"),
    )
    for command, what in commands:
        out.print(Text(f"  {command:<44} {what}".rstrip()), soft_wrap=True)


def _say_table(out: Console, chapter: Chapter, *, stays: bool) -> None:
    table, rhythm, time = chapter.roles.table, chapter.rhythm, chapter.roles.time
    where = "stays where it is (it is large)" if stays else f"copied to data/{chapter.name}/"
    lines = [
        f"{table.file.name}: {table.rows:,} rows, {len(table.columns)} columns; {where}",
        f"  time     {time.column.name}, {rhythm.first_day} to {rhythm.last_day}{_form(chapter)}",
        f"  metrics  {_few([one.name for one in chapter.metrics.metrics])}",
    ]
    lines += [f"  KPI      {kpi.name} ({kpi.label})" for kpi in chapter.kpis]
    for line in lines:
        out.print(Text(line), soft_wrap=True)
    if table.doubtful_dates:
        named = listed(table.doubtful_dates)
        text = f"  check    {named}: day first or month first? See definitions/sources/{chapter.name}.yaml"
        out.print(Text(text, style="yellow"), soft_wrap=True)
    if table.unreadable:
        text = f"  note     {table.unreadable:,} rows do not fit; a run puts them into quarantine and says why"
        out.print(Text(text, style="yellow"), soft_wrap=True)
    if table.left_out:
        text = f"  note     left out, because of type or name: {_few(table.left_out)}"
        out.print(Text(text, style="yellow"), soft_wrap=True)


def _form(chapter: Chapter) -> str:
    contract = chapter.roles.table.source.columns.get(chapter.roles.time.column.name)
    return f", read as {contract.format}" if contract and contract.format else ""


def _few(names: Sequence[str], most: int = 8) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _shell(folder: Path) -> str:
    import shlex

    return shlex.quote(str(folder))
