"""Quarantine: what lies there, by which rule, and what may be done: try it again, or say that nobody will mend it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.checks.naming import check_names
from kpi_pipeline.errors import QueryError, did_you_mean, listed
from kpi_pipeline.ingest import forget_files, source_states, stage_replay
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.keys_of_sources import with_those_pointed_to
from kpi_pipeline.pipeline.load_sources import load_sources, stage_sources
from kpi_pipeline.pipeline.opened import PATIENCE, end_badly, opened
from kpi_pipeline.pipeline.watch import Watch
from kpi_pipeline.project import Project
from kpi_pipeline.publish import project_version
from kpi_pipeline.sources import Source
from kpi_pipeline.store.quarantined import drop_rows, quarantined, rejected
from kpi_pipeline.store.runs import Outcome, begin_run, end_run


@dataclass(frozen=True)
class Broken:
    """A rule of a source that rows in quarantine break: where it stands, how many, and what to do."""

    rule: str
    place: str
    rows: int
    since: datetime
    example: str
    hint: str


@dataclass(frozen=True)
class Replayed:
    """What came of trying again: open rows before and after, rows loaded, and why nothing was let in."""

    before: int
    loaded: int
    stays: int
    blocked: str | None = None
    notes: tuple[str, ...] = ()


def in_quarantine(context: Context, *, everything: bool = False) -> pl.DataFrame:
    """What is in quarantine by source, file, column and check; `everything` counts dropped and obsolete rows, too."""
    frames = [
        quarantined(context.warehouse, name).with_columns(pl.lit(name).alias("source"))
        for name in context.project.sources
    ]
    rows = pl.concat(frames) if frames else pl.DataFrame()
    if rows.is_empty():
        return rows
    kept = rows if everything else rows.filter(pl.col("status") == "open")
    by = ["source", "file", "column", "check", "status"]
    counts = kept.group_by(by).agg(
        pl.len().alias("rows"), pl.col("since").min(), pl.col("reason").first().alias("example")
    )
    return counts.sort(*by, nulls_last=True)


def rows_of(context: Context, source: str) -> pl.DataFrame:
    """The rows of a source in quarantine."""
    return quarantined(context.warehouse, _known(context.project, source).name)


def refused_rows(context: Context, source: str) -> pl.DataFrame:
    """Examples of the rows for which the last load of a source was refused."""
    return rejected(context.warehouse, f"raw/{_known(context.project, source).name}")


def rules_broken(context: Context, source: str) -> tuple[Broken, ...]:
    """The rules that open rows of a source break, those with the most rows first."""
    project, one = context.project, _known(context.project, source)
    names = check_names(one.checks)
    checks = {name: (at, check) for at, (name, check) in enumerate(zip(names, one.checks, strict=True))}
    rows = quarantined(context.warehouse, source).filter(pl.col("status") == "open")
    found = []
    for (column, check), part in rows.group_by("column", "check", maintain_order=True):
        at = checks.get(str(check)) if check else None
        rule, keys, hint = _rule(one, str(column) if column else None, at)
        tried = int(part["can_be_tried"].sum())
        if tried < part.height:
            hint += "; the text of these rows is not kept, so their file is read again" if one.personal else ""
        place = str(project.place("sources", source, *keys))
        first = part.row(0, named=True)
        where = f"{first['file']}, line {first['line']}: {first['reason']}"
        found.append(Broken(rule, place, part.height, min(part["since"].to_list()), where, hint))
    return tuple(sorted(found, key=lambda each: -each.rows))


def replay(
    project: Project, source: str, *, wait: float = PATIENCE, watch: Watch | None = None, now: datetime | None = None
) -> Replayed:
    """Loads what came since, then tries the rows in quarantine again: those that fit are loaded, the others stay.

    What they change of KPIs the next run computes. Doing it again changes nothing.

    Raises:
        QueryError: there is no such source.
        DefinitionError, DataError, WarehouseBusy, StorageError: what was let in before stays as it was.
    """
    one = _known(project, source)
    with opened(project, wait=wait, watch=watch, now=now) as context:
        warehouse = context.warehouse
        begin_run(warehouse, context.run_id, context.now, project_version(project))
        try:
            before = _open_rows(context, source)
            notes = forget_files(project, one, warehouse)
            with context.stage("ingest", 2) as rows:
                names = with_those_pointed_to(project, [source])
                loaded = load_sources(context, stage_sources(context, names), source_states(warehouse))
                blocked, read, fit = loaded.blocked.get(source), loaded.rows_read, 0
                again = (
                    None if blocked else stage_replay(project, one, warehouse, run_id=context.run_id, now=context.now)
                )
                if again:
                    tried = load_sources(context, {source: again}, source_states(warehouse))
                    blocked = tried.blocked.get(source)
                    fit = 0 if blocked else again.rows_loaded
                rows.append(read + fit)
            stays = _open_rows(context, source)
        except BaseException as problem:
            end_badly(context, problem)
            raise
        outcome = Outcome("blocked" if blocked else "loaded", read + fit, loaded.rows_quarantined)
        end_run(warehouse, context.run_id, outcome, finished_at=context.finished_at, stages=context.taken)
    return Replayed(before, max(fit, before - stays), stays, blocked, notes)


def drop(
    project: Project,
    source: str,
    *,
    note: str,
    file: str | None = None,
    check: str | None = None,
    column: str | None = None,
    line: int | None = None,
    before: datetime | None = None,
    wait: float = PATIENCE,
    watch: Watch | None = None,
) -> int:
    """Says of open rows that nobody will mend them, and why; they are kept, counted apart and not tried again.

    Raises:
        QueryError: there is no such source, or neither its definition nor its rows in quarantine know such a check or
            column, or no such row is of that file.
    """
    one = _known(project, source)
    with opened(project, wait=wait, watch=watch) as context:
        rows = quarantined(context.warehouse, source)
        _refuse_unknown("check", check, {*rows["check"].drop_nulls(), *check_names(one.checks)}, source)
        _refuse_unknown("column", column, {*rows["column"].drop_nulls(), *one.columns}, source)
        _refuse_unknown("file", file, set(rows["file"].drop_nulls()), source)
        if rows.is_empty():
            return 0
        return drop_rows(
            context.warehouse,
            source,
            note=note,
            now=datetime.now(UTC),
            file=file,
            check=check,
            column=column,
            line=line,
            before=before,
        )


def _open_rows(context: Context, source: str) -> int:
    return quarantined(context.warehouse, source).filter(pl.col("status") == "open").height


def _refuse_unknown(what: str, name: str | None, known: Collection[str], source: str) -> None:
    if name is None or name in known:
        return
    there = f"there are {listed(sorted(known))}." if known else f"`kpi quarantine {source}` shows what there is."
    hint = f"{near} " if (near := did_you_mean(name, known)) else ""
    raise QueryError(f"No row of '{source}' in quarantine has {what} '{name}'.\nHint: {hint}{there}")


def _known(project: Project, source: str) -> Source:
    if source not in project.sources:
        hint = did_you_mean(source, project.sources) or "`kpi list sources` shows them"
        raise QueryError(f"There is no source '{source}'.\nHint: {hint}")
    return project.sources[source]


def _rule(source: Source, column: str | None, check: tuple[int, CheckBase] | None) -> tuple[str, tuple[str, ...], str]:
    """A rule in words, its keys in the definitions, and what to do about rows that break it."""
    if check:
        given = check[1].model_dump(mode="json", exclude_defaults=True, exclude={"name", "severity"})
        words = ", ".join(f"{key}: {value}" for key, value in given.items())
        return (
            f"check '{check[1].title}' ({words})",
            ("checks", str(check[0])),
            "mend the rows where they come from, or the check; then run, or `kpi quarantine replay`",
        )
    if column and column in source.columns:
        wanted = source.columns[column]
        form = f" written as {wanted.format}" if wanted.format else ""
        return (
            f"column '{column}' is {wanted.type}{form}",
            ("columns", column),
            "mend the rows, or the column's `type` or `format`; a word that means unknown goes under `null_values`",
        )
    if column and column in source.load.key:
        return f"key '{column}' has a value", ("load", "key"), "a row without its key cannot be told apart: mend it"
    if column:
        return (
            f"column '{column}' holds values of one kind",
            (),
            f"mend the rows, or give '{column}' a type under `columns` of the source",
        )
    return (
        "a line is one row with as many values as there are columns",
        ("connector",),
        "mend the file; where all lines are like this, see `delimiter`, `quote` and `encoding` of the connector",
    )
