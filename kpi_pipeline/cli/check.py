"""`kpi check`: everything that is wrong with the definitions, in one go."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.text import Text

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import console
from kpi_pipeline.errors import counted, listed
from kpi_pipeline.load import RULES, Finding
from kpi_pipeline.project import Project

TITLES = {rule.code: rule.title for rule in RULES}
STYLES = {"error": "red", "warning": "yellow"}


def check_definitions(
    asked: Path, *, strict: bool, verbose: bool = False, as_json: bool = False, data: bool = True
) -> int:
    """Prints what the definitions hold and what could be better; 0 if nothing stands in the way of a run.

    Warnings of one rule are told together, each with its place; `verbose` tells each on its own, with its hint. With
    `data`, rules that look at published values do so.
    """
    loaded = open_project(asked)
    known = loaded.known(data=data)
    found = loaded.check(known)
    unknown = loaded.check_columns()
    errors = sum(one.level == "error" for one in found)
    warnings = len(found) - errors
    out = console()
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2))
    else:
        _say(out, found, verbose=verbose)
        said = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}" if found else "nothing to complain about"
        out.print(f"{_what_there_is(loaded.project)}: {said}.")
        if not known.has_data and loaded.project.kpis:
            out.print(_not_looked_at(data))
        if unknown:
            out.print(
                f"What names columns of {listed(unknown)} was not checked: they are known once `kpi run` has loaded "
                "the data."
            )
    return 1 if errors or (strict and warnings) else 0


def _not_looked_at(data: bool) -> str:
    """Which rules could not say all they might."""
    rules = " and ".join(rule.code for rule in RULES if rule.needs_values)
    why = "once `kpi run` has published them" if data else "without --no-data"
    return f"Rules {rules} look at published values, too: {why}."


def _what_there_is(project: Project) -> str:
    return ", ".join(
        counted(len(things), name)
        for name, things in (
            ("source", project.sources),
            ("model", project.models),
            ("metric", project.metrics),
            ("goal", project.goals),
            ("KPI", project.kpis),
            ("link", project.links),
        )
    )


def _say(out: Console, found: Sequence[Finding], *, verbose: bool) -> None:
    """Each finding on its own; several warnings of a rule together."""
    for (rule, level), several in groupby(found, key=lambda one: (one.rule, one.level)):
        group = tuple(several)
        if verbose or level == "error" or len(group) == 1:
            for one in group:
                place = f"{one.place}  " if one.place else ""
                _print(out, f"{place}{level} {rule}: {one.message}", one.hint, STYLES[level])
        else:
            lines = "\n".join(_by_file(group))
            same = {one.hint for one in group}
            hint = same.pop() if len(same) == 1 else "`kpi check --verbose` tells each with its way out"
            _print(out, f"{level} {rule}: {TITLES[rule]}, {len(group)} times\n{lines}", hint, STYLES[level])


def _by_file(group: Sequence[Finding]) -> Iterator[str]:
    """A line a file: the place of the first, then line, column and name of each."""
    for file, several in groupby(group, key=lambda one: one.place.file if one.place else ""):
        each = (f"{one.place.line}:{one.place.column} {one.subject}" if one.place else one.subject for one in several)
        yield f"  {file}:{', '.join(each)}" if file else f"  {', '.join(each)}"


def _print(out: Console, said: str, hint: str, style: str) -> None:
    out.print(Text(said, style=style))
    if hint:
        out.print(Text(f"Hint: {hint}"))
    out.print()
