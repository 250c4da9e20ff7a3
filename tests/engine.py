"""The engine on a few rows: definitions and tables written in a test, values out, nothing on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
from pydantic import TypeAdapter

from kpi_pipeline.compile import compile_query
from kpi_pipeline.compile.models import plan_models
from kpi_pipeline.derive import Partials, derive
from kpi_pipeline.errors import QueryError
from kpi_pipeline.ingest import source_states
from kpi_pipeline.metrics import Metric
from kpi_pipeline.models import Model
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline import ask
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.coverage import by_calendar, calendar_for, coverage_of
from kpi_pipeline.pipeline.watch import Quiet
from kpi_pipeline.plan import Plan
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.reduce import model_statement
from kpi_pipeline.sources import Source
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.state import prepare_state

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
METRIC: TypeAdapter[Metric] = TypeAdapter(Metric)
Written = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A raw table: its columns with their DuckDB types, and its rows as text; None is NULL."""

    columns: Mapping[str, str]
    rows: Sequence[Sequence[str | None]]

    @classmethod
    def drawn(cls, text: str) -> Table:
        """A table drawn with bars: names and types above, a row a line; an empty cell is NULL and '' an empty text.

        >>> Table.drawn("day date | amount decimal(9,2)\\n2024-01-01 | 2.50\\n2024-01-02 |").rows
        [['2024-01-01', '2.50'], ['2024-01-02', None]]
        """
        head, *lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
        columns = {name.strip('" '): kind for name, kind in (_name_and_type(cell) for cell in head)}
        return cls(columns, [[_value(cell) for cell in line] for line in lines])


def _name_and_type(cell: str) -> tuple[str, str]:
    name, _, kind = cell.rpartition(" ") if not cell.startswith('"') else cell.rpartition('" ')
    return name, kind


def _value(cell: str) -> str | None:
    return None if cell == "" else cell.strip("'")


@dataclass(frozen=True)
class Through:
    """How far a source's data goes: its newest day, and the first day that may still change."""

    newest: date | None
    complete_before: date | None


@dataclass(frozen=True)
class Engine:
    """A project and a warehouse with its models made.

    `partials` says where partial results come from: computed for the question, unless something else is put there.
    """

    project: Project
    warehouse: Warehouse
    now: datetime = NOW
    tables: Mapping[str, Table] = field(default_factory=dict)
    partials: Callable[[Context, Plan], Partials] = ask.partial_results

    def query(self, metrics: Sequence[str], **asked: Any) -> pl.DataFrame:
        """What `kpi query` answers."""
        with patch.object(ask, "partial_results", self.partials):
            return ask.query(self.context(), metrics, **asked)

    def can_answer(self, metric: str, *, grain: str | None, by: Sequence[str] = (), **_: object) -> bool:
        """Whether a metric can be asked at a grain and by dimensions."""
        try:
            compile_query(self.project, [metric], by=by, grain=Grain(grain) if grain else None, where=None)
        except QueryError:
            return False
        return True

    def kpi_table(
        self,
        metrics: Sequence[str],
        *,
        grain: str | None,
        by: Sequence[str] = (),
        where: str | None = None,
        at_most: int = 200,
        compared: bool = True,
        dense: bool = True,
    ) -> dict[str, pl.DataFrame]:
        """What KPI tables hold of each metric, before targets; not dense, only where there is data."""
        context = self.context()
        plan = compile_query(self.project, metrics, by=by, grain=Grain(grain) if grain else None, where=where)
        series = {one: replace(one, at_most=at_most, compared=compared) for one in plan.series}
        partials = self.partials(context, plan)
        states = by_calendar(self.project, source_states(self.warehouse), self.warehouse)
        coverage = coverage_of(plan.derivations, partials, states, context.today)
        calendar = calendar_for(self.project, coverage, self.now.date(), self.warehouse)
        found = derive(tuple(series.values()), plan.derivations, partials, calendar, coverage, dense=dense)
        return {one.metric: found[one] for one in series.values()}

    def context(self) -> Context:
        """What a stage of a run works with."""
        return Context(self.project, self.warehouse, "test", self.now, Quiet())


@contextmanager
def engine(
    tables: Mapping[str, Table | str],
    *,
    metrics: Sequence[Written],
    models: Sequence[Written] = (),
    settings: Written | None = None,
    sources: Mapping[str, Written] | None = None,
    through: Mapping[str, Through] | None = None,
    now: datetime = NOW,
) -> Iterator[Engine]:
    """An engine over the tables given; without `models`, each table is a model whose first column is its time.

    Every other column of text, truth or whole numbers is a dimension then.
    """
    drawn = {name: Table.drawn(one) if isinstance(one, str) else one for name, one in tables.items()}
    project = project_of(drawn, metrics=metrics, models=models, settings=settings, sources=sources)
    with Warehouse.in_memory() as warehouse:
        prepare_state(warehouse)
        for name, table in drawn.items():
            fill(warehouse, name, table)
        for model in plan_models(project, frozenset(project.models)):
            warehouse.run(model_statement(model))
        for name, reached in (through or {}).items():
            note_through(warehouse, name, reached)
        yield Engine(project, warehouse, now, drawn)


def project_of(
    tables: Mapping[str, Table],
    *,
    metrics: Sequence[Written],
    models: Sequence[Written] = (),
    settings: Written | None = None,
    sources: Mapping[str, Written] | None = None,
) -> Project:
    """The definitions as nouns, without a file."""
    said = sources or {}
    made = [Model.model_validate(one) for one in models or [_model(name, table) for name, table in tables.items()]]
    read = [
        Source.model_validate({"name": name, "connector": {"type": "file", "path": "none"}, **said.get(name, {})})
        for name in tables
    ]
    return Project(
        root=Path(),
        settings=Settings.model_validate({"name": "tried", "as_of": "data", **(settings or {})}),
        sources={one.name: one for one in read},
        models={one.name: one for one in made},
        metrics={one.name: one for one in (METRIC.validate_python(metric) for metric in metrics)},
    )


def _model(name: str, table: Table) -> dict[str, Any]:
    time, *others = table.columns
    plain = [one for one in others if table.columns[one].lower() in ("varchar", "boolean", "integer", "date")]
    return {"name": name, "table": f"raw.{name}", "agg_time_dimension": time, "dimensions": plain}


def fill(warehouse: Warehouse, name: str, table: Table, *, schema: str = "raw") -> None:
    """Makes a table with its rows, each value cast by DuckDB."""
    columns = ", ".join(f'"{column}" {kind}' for column, kind in table.columns.items())
    warehouse.run(f'CREATE OR REPLACE TABLE {schema}."{name}" ({columns})')
    if not table.rows:
        return
    row = "(" + ", ".join(f"CAST(? AS {kind})" for kind in table.columns.values()) + ")"
    values = [value for line in table.rows for value in line]
    warehouse.run(f'INSERT INTO {schema}."{name}" VALUES {", ".join([row] * len(table.rows))}', values)


def note_through(warehouse: Warehouse, source: str, reached: Through) -> None:
    """Says how far a source's data goes, as ingest does."""
    warehouse.run(
        "INSERT INTO state.source_state VALUES (?, 'v1', 0, ?, ?, 'f', ?, 'r')",
        [source, reached.complete_before, reached.newest, NOW],
    )
