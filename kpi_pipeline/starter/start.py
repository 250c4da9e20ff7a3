"""From files to a starter project: look, guess roles, draft metrics and KPIs, write pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError, listed
from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Executor
from kpi_pipeline.sources.file import ending_of
from kpi_pipeline.sql_parts import sql_table
from kpi_pipeline.starter.history import History, history_of
from kpi_pipeline.starter.kpis import kpis_of
from kpi_pipeline.starter.look import look_at
from kpi_pipeline.starter.metrics import MetricDraft, MetricDrafts, metrics_of
from kpi_pipeline.starter.model import model_of
from kpi_pipeline.starter.naming import label_of, thing_name, unique_name
from kpi_pipeline.starter.pages import WEEKDAYS, Chapter, ProjectFacts, as_of, grains_of, pages_of
from kpi_pipeline.starter.roles import Roles, roles_of
from kpi_pipeline.starter.table import Column, Rhythm, Table
from kpi_pipeline.starter.times import best_time, rhythm_of
from kpi_pipeline.starter.vocabulary import words

OURS = words("snapshot kpi goal team person review metric calendar segment lineage run scorecard targets")
"""Names of published tables: a model may have them, but people would mix them up."""
KPIS_OF_ONE = 3
KPIS_OF_EACH = 2
TABLES_WITH_KPIS = 3


@dataclass(frozen=True)
class Starter:
    """A starter project as text, and what was seen on the way."""

    project: ProjectFacts
    chapters: tuple[Chapter, ...]
    pages: dict[str, str]


def names_for(files: Sequence[Path]) -> tuple[str, ...]:
    """A name for the table in each file; no two alike."""
    taken: set[str] = set()
    stems = (file.name.removesuffix(ending_of(file.name)) for file in files)
    return tuple(unique_name(thing_name(stem, otherwise="table", forbidden=OURS), taken) for stem in stems)


def start(
    executor: Executor,
    files: Sequence[Path],
    paths: Sequence[str],
    *,
    folder: Path,
    zone: str,
    today: date,
    scratch: Path,
    time_columns: Sequence[str] = (),
) -> Starter:
    """Drafts a project over the files, which will lie at `paths` as seen from its root.

    Args:
        executor: A database to look at the rows in; raw.<name> and model.<name> are left behind in it.
        files: CSV, Excel, Parquet or JSON.
        paths: Where the definitions say that the files are.
        folder: The project is named after it.
        zone: The time zone of the business.
        today: How old the newest row is, is counted from here.
        scratch: For clean copies of files that cannot be read as they are.
        time_columns: The columns that say when a row happened, where the author names them.
    """
    looked = [
        look_at(executor, file, name, zone=zone, today=today, folder=scratch, time_columns=time_columns)
        for file, name in zip(files, names_for(files), strict=True)
    ]
    _refuse_unknown_times(looked, time_columns)
    times = [_time_of(table, time_columns) for table in looked]
    rhythms = [_rhythm(executor, table, time, today) for table, time in zip(looked, times, strict=True)]
    weekday = next((one.weekday for one in rhythms if one.weekday in (5, 6)), 0)
    names: tuple[set[str], set[str], set[str]] = (set(), set(), set())
    chapters = []
    for place, (table, time, rhythm, path) in enumerate(zip(looked, times, rhythms, paths, strict=True)):
        most = KPIS_OF_ONE if len(looked) == 1 else KPIS_OF_EACH if place < TABLES_WITH_KPIS else 0
        chapters.append(
            _chapter(
                executor, roles_of(table, time), rhythm, path=path, most=most, week_start=weekday or 0, names=names
            )
        )
    ages = [(today - rhythm.last_day, rhythm) for rhythm in rhythms]
    project = ProjectFacts(
        name=thing_name(folder.name, otherwise="project"),
        label=label_of(folder.name).strip() or "KPIs",
        timezone=zone,
        as_of="data" if any(as_of(age, rhythm) == "data" for age, rhythm in ages) else "now",
        week_start=WEEKDAYS[weekday or 0],
        grains=grains_of(rhythms),
        today=today,
    )
    return Starter(project, tuple(chapters), pages_of(project, chapters))


def _chapter(
    executor: Executor,
    roles: Roles,
    rhythm: Rhythm,
    *,
    path: str,
    most: int,
    week_start: int,
    names: tuple[set[str], set[str], set[str]],
) -> Chapter:
    model = model_of(roles)
    metric_names, kpi_names, goal_names = names
    drafts: MetricDrafts = metrics_of(roles, model, rhythm, metric_names)
    view = sql_table(TableRef("model", roles.table.name))
    executor.run(exp.Create(kind="VIEW", replace=True, this=view, expression=model.tree.copy()))

    def history(metric: MetricDraft, grain: Grain) -> History | None:
        return history_of(
            executor, drafts, metric, time=roles.time.name, grain=grain, rhythm=rhythm, week_start=week_start
        )

    return Chapter(
        roles,
        model,
        rhythm,
        drafts,
        kpis_of(roles, drafts, rhythm, most=most, history=history, taken=kpi_names, goals_taken=goal_names),
        path,
    )


def _time_of(table: Table, time_columns: Sequence[str]) -> Column:
    for name in time_columns:
        named = table.column(name)
        if named and named.is_time and named.present:
            return named
        if named:
            raise DataError(
                f"Column '{named.name}' of {table.file.name} cannot be read as a time: it is {_in_words(named)}.\n"
                "Hint: dates are written like 2010-09-30, 30/9/2010, 9/30/2010, 30.9.2010 or 30 Sep 2010, perhaps with "
                "a time of day; add such a column to the file, or name another one with --time."
            )
    if best := best_time(table.columns):
        return best
    raise _no_time(table)


def _no_time(table: Table) -> DataError:
    times = [one.name for one in table.columns if one.is_time and one.present]
    names = listed([one.name for one in table.columns], most=30)
    if times:
        return DataError(
            f"{table.file.name}: no column says when a row happened. {listed(times)} holds dates, but is often empty, "
            "or about a person or a later moment.\n"
            f'Hint: if it is the right one all the same, say so: --time "{times[0]}"'
        )
    return DataError(
        f"{table.file.name} has no column with dates, so there is nothing to show over time.\n"
        f"Looked at all {len(table.columns)} columns: {names}.\n"
        "Hint: a KPI needs to know when each row happened: add a column with the date (2010-09-30), or, if one of "
        "these holds it in an unusual form, name it: --time COLUMN"
    )


def _in_words(column: Column) -> str:
    if column.is_number:
        return f"a number from {column.lowest:g} to {column.highest:g}" if column.lowest is not None else "a number"
    if column.is_flag:
        return "true or false"
    return "text in no form of date that is known" if column.present else "empty"


def _refuse_unknown_times(looked: Sequence[Table], time_columns: Sequence[str]) -> None:
    for name in time_columns:
        if not any(table.column(name) for table in looked):
            there = list(dict.fromkeys(one.name for table in looked for one in table.columns))
            raise DataError(f"--time {name}: there is no such column.\nHint: the columns are {listed(there, most=40)}.")


def _rhythm(executor: Executor, table: Table, time: Column, today: date) -> Rhythm:
    """How the rows up to today lie in time; of a table that lies wholly in the future, how all of them do."""
    day = exp.cast(exp.column(time.name, quoted=True), "DATE")
    query = exp.select(day).distinct().from_(sql_table(TableRef("raw", table.name)))
    days = [row[0] for row in executor.rows(query.where(exp.not_(day.copy().is_(exp.null()))))]
    return rhythm_of([one for one in days if one <= today] or days)
