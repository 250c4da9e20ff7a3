"""One project through its history: runs over what was delivered, and runs that start over to compare with."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from unittest.mock import patch

import polars as pl
from ruamel.yaml import YAML

from kpi_pipeline.errors import KpiError
from kpi_pipeline.load import load
from kpi_pipeline.pipeline import run as whole_run
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.publish_tables import SwappedIn
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.pipeline.watch import Quiet
from kpi_pipeline.project import Project
from kpi_pipeline.publish import TABLES
from kpi_pipeline.publish.content_hash import content_hash
from kpi_pipeline.quality import outcome
from kpi_pipeline.store import Warehouse
from reliability.history_projects import Said

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
DERIVED = ("partial", "kpi")
"""The schemas with what can be made again from the raw rows."""
FORGOTTEN = ("reduction", "made", "checked", "evidence", "kpi_said", "kpi_value_history")
"""The tables of the state that tell of them."""


class Killed(BaseException):
    """A run was stopped where it was."""


@dataclass(frozen=True)
class KilledAt(Quiet):
    """Takes the files of the warehouse as they are at a step, as a killed run leaves them, and stops the run."""

    warehouse: Path
    left: Path
    fatal: int
    taken: list[str]

    def step(self, what: str) -> None:
        """A step is done; it may be the last one."""
        self.taken.append(what)
        if len(self.taken) == self.fatal:
            for suffix in ("", ".wal"):
                if (file := Path(f"{self.warehouse}{suffix}")).exists():
                    shutil.copyfile(file, f"{self.left}{suffix}")
            raise Killed


@dataclass(frozen=True)
class Outcome:
    """How a run ended: what it reports, or what it was refused for."""

    report: RunReport | None
    refused: str = ""


def write(root: Path, said: Said) -> Project:
    """Writes the definitions and reads them as a run does."""
    file = root / "definitions" / "all.yaml"
    file.parent.mkdir(exist_ok=True)
    writer = YAML(typ="safe", pure=True)
    writer.representer.ignore_aliases = lambda _: True
    with file.open("w", encoding="utf-8") as out:
        writer.dump(said, out)
    return load(file.parent)


@contextmanager
def only_values() -> Iterator[None]:
    """Runs that do without what takes most of their time: checks of KPI tables, pages, and files for readers."""
    with ExitStack() as patched:
        patched.enter_context(patch.object(whole_run, "check_kpis", lambda *_: ()))
        patched.enter_context(patch.object(whole_run, "show", _nothing_shown))
        patched.enter_context(patch.object(outcome, "write_pages", lambda *_: None))
        yield


def _nothing_shown(context: Context, _swapped: SwappedIn) -> dict[str, Path]:
    """Only what tells the next run that something was published."""
    file = context.project.path(context.project.settings.publish.duckdb)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return {"tables": file}


def run(project: Project, *, select: Iterable[str] = (), full: bool = False, since: date | None = None) -> Outcome:
    """A run as anybody starts it."""
    try:
        return Outcome(whole_run.run(project, select=select, full=full, since=since, watch=Quiet(), now=NOW))
    except KpiError as refused:
        return Outcome(None, f"{type(refused).__name__}: {refused}")


def killed(project: Project, step: int) -> None:
    """A run that is killed at one of its steps, if it takes so many, and the warehouse as that leaves it."""
    warehouse = project.path(project.settings.warehouse)
    left = warehouse.with_name("left.duckdb")
    try:
        whole_run.run(project, watch=KilledAt(warehouse, left, step, []), now=NOW)
    except Killed:
        for suffix in ("", ".wal"):
            file, kept = Path(f"{warehouse}{suffix}"), Path(f"{left}{suffix}")
            file.unlink(missing_ok=True)
            if kept.exists():
                kept.rename(file)
    except KpiError:
        return


def elsewhere(project: Project, name: str) -> Project:
    """The project with a warehouse and published tables of its own, over the same sources."""
    publish = project.settings.publish.model_copy(update={"duckdb": f"{name}/kpi.duckdb"})
    settings = project.settings.model_copy(update={"warehouse": f"{name}/warehouse.duckdb", "publish": publish})
    shutil.rmtree(project.path(name), ignore_errors=True)
    project.path(name).mkdir()
    return replace(project, settings=settings)


def over_the_same_rows(project: Project) -> tuple[Project, Outcome]:
    """A run over a copy of the warehouse that knows the raw rows and nothing that was made from them."""
    other, there = elsewhere(project, "anew"), project.path(project.settings.warehouse)
    if not there.exists():  # every run so far was refused before it loaded anything
        return other, run(other)
    shutil.copyfile(there, other.path(other.settings.warehouse))
    with Warehouse.open(other.path(other.settings.warehouse)) as warehouse:
        for schema, table in warehouse.rows(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
        ):
            if schema in DERIVED:
                warehouse.run(f'DROP TABLE "{schema}"."{table}"')
            elif schema == "state" and table in FORGOTTEN:
                warehouse.run(f'DELETE FROM "{schema}"."{table}"')
    return other, run(other)


def from_the_sources(project: Project) -> tuple[Project, Outcome]:
    """A run that loads everything for the first time."""
    other = elsewhere(project, "fresh")
    return other, run(other)


Published = Mapping[str, pl.DataFrame]


def published(project: Project) -> Published:
    """The published tables, in the warehouse."""
    path = project.path(project.settings.warehouse)
    if not path.exists():
        return {}
    with Warehouse.open_to_read(path) as warehouse:
        there = {
            name
            for (name,) in warehouse.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'kpi'")
        }
        return {
            table.name: warehouse.fetch(f'SELECT * FROM kpi."{table.name}"') for table in TABLES if table.name in there
        }


def differences(one: Published, other: Published) -> list[str]:
    """The tables that do not say the same, with some of the rows that only one of them has."""
    found = []
    for table in TABLES:
        if table.name not in one or table.name not in other:
            if (table.name in one) != (table.name in other):
                found.append(f"{table.name} is published by one of the two")
            continue
        if one[table.name].equals(other[table.name]):
            continue
        if content_hash(table, one[table.name]) == content_hash(table, other[table.name]):
            continue
        columns = [name for name in table.schema if not name.endswith("_at")]
        here, there = (frame[table.name].select(pl.col(columns).cast(pl.String)) for frame in (one, other))
        with pl.Config(tbl_cols=-1, tbl_rows=12, tbl_width_chars=300):
            found.append(
                f"{table.name}\nonly incremental {here.join(there, on=columns, how='anti', nulls_equal=True)}\n"
                f"only anew {there.join(here, on=columns, how='anti', nulls_equal=True)}"
            )
    return found


def only_of(tables: Published, kpis: Iterable[str]) -> Published:
    """The values of some KPIs."""
    return {"kpi_value": tables["kpi_value"].filter(pl.col("kpi").cast(pl.String).is_in(list(kpis)))}
