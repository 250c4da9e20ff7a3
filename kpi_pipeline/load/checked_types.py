"""Checks that add up or compare with bounds are of numbers, and those of periods are of days and moments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kpi_pipeline.checks import AcceptedRange, Check, NoGaps, SumEquals
from kpi_pipeline.checks.of_types import is_number, is_time
from kpi_pipeline.errors import Problem
from kpi_pipeline.load.kinds import BY_KEY
from kpi_pipeline.load.sites import table_looked_in, written_path
from kpi_pipeline.load.typed import Typed, type_of
from kpi_pipeline.names import TableRef
from kpi_pipeline.project import Project


def checked_types(project: Project, columns: Typed) -> Iterator[Problem]:
    """A problem for each check on a column whose type it cannot be made on; what is not known is passed over."""
    for source in project.sources.values():
        yield from _of(project, "sources", source.name, source.checks, TableRef("raw", source.name), columns)
    for model in project.models.values():
        yield from _of(project, "models", model.name, model.checks, TableRef("model", model.name), columns)


def _of(
    project: Project, kind: str, user: str, checks: Sequence[Check], table: TableRef, columns: Typed
) -> Iterator[Problem]:
    for number, check in enumerate(checks):
        for key, name, where in _numbers(project, check, table):
            found = type_of(columns, where, name)
            if found and not is_number(found):
                yield _wrong(
                    project, kind, user, (str(number), key), name, found, "a number", f"CAST({name} AS DECIMAL(18, 2))"
                )
        if isinstance(check, NoGaps):
            found = type_of(columns, table, check.column)
            if found and not is_time(found):
                cast = f"CAST({check.column} AS TIMESTAMP)"
                yield _wrong(project, kind, user, (str(number), "column"), check.column, found, "a day or moment", cast)


def _numbers(project: Project, check: Check, table: TableRef) -> Iterator[tuple[str, str, TableRef]]:
    """The columns that have to hold numbers, each with its key and its table."""
    if isinstance(check, AcceptedRange | SumEquals):
        yield "column", check.column, table
    if isinstance(check, SumEquals):
        yield "field", check.field or check.column, table_looked_in(project, check, table)


def _wrong(
    project: Project, kind: str, user: str, at: tuple[str, str], name: str, found: str, wanted: str, cast: str
) -> Problem:
    keys = ("checks", *at)
    where = "the model's sql" if kind == "models" else "a model and check it there"
    return Problem(
        f"{BY_KEY[kind].subject(user)}: '{written_path(keys)}' is '{name}', of the type {found}, not {wanted}.",
        project.place(kind, user, *keys),
        f"cast it in {where}: {cast} AS {name}",
    )
