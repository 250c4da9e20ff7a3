"""Rows that arrive in portions, some wrong at first: what a warehouse goes through that is loaded day after day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from sqlglot import exp

from kpi_pipeline.derive import Partials
from kpi_pipeline.errors import DataError, QueryError
from kpi_pipeline.ingest import SourceState
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.reach import business_day, days_touched
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.ask import reaching_as_far
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.load_sources import Loaded
from kpi_pipeline.pipeline.make_models import Models
from kpi_pipeline.pipeline.read_partials import keep_answers
from kpi_pipeline.pipeline.reduce_models import read_all, reduce_models
from kpi_pipeline.plan import Plan
from kpi_pipeline.project import Project
from kpi_pipeline.reduce import model_statement
from kpi_pipeline.sources import Load
from kpi_pipeline.store import Warehouse
from tests.engine import NOW, Engine, Table, fill

LOADS = 3
TIMES = ("date", "timestamp", "timestamptz")
Rows = Sequence[Sequence[str | None]]
Days = tuple[date, date] | None
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Arrival:
    """A load of a source: which one, the version it makes, and the days of the rows that came or went."""

    source: str
    version: str
    before: str | None
    touched: Days
    rows: TableRef


@dataclass(frozen=True)
class Arriving:
    """An engine a load: each answers from partial results that are stored, and were mended when its load came."""

    engines: Sequence[Engine]
    made: list[Partials]

    def ask(self, question: Callable[[Engine], Answer]) -> Answer:
        """The answer when all rows are there; asked after every load, and what was found is kept as a run does.

        Rows that are wrong at first may make an early load fail for what is in the data; the next one mends it.
        """
        *early, last = self.engines
        for one in early:
            with suppress(DataError, QueryError):
                question(one)
                keep_answers(self.made[-1])
        return question(last)


def arriving(on_rows: Engine, *, whole: Sequence[str] = ()) -> Arriving:
    """The same project on rows that arrive in several loads, reduced load by load as a run does.

    `whole` names tables whose rows all come at once, such as a calendar, which has no meaning with days missing.
    """
    project = _with_cursors(on_rows.project, on_rows.tables)
    loads = _staged(project, on_rows, whole)
    made: list[Partials] = []

    def after(number: int) -> Engine:
        def partials(context: Context, plan: Plan) -> Partials:
            found = _after_load(replace(context, full=number == 0), plan, loads[: number + 1])
            made.append(reaching_as_far(context, plan, found))
            return made[-1]

        return replace(on_rows, project=project, partials=partials)

    return Arriving([after(number) for number in range(LOADS)], made)


def portions(number: int, rows: Rows) -> tuple[Rows, Rows, Rows]:
    """The rows of a table after each of three loads.

    The first load brings every other row, and two of them have each other's first value, which is their time in most
    tables. The second brings more rows, or corrects those two, or nothing new, by the table's number; after the third
    all rows are there and right.

    >>> portions(1, [["1", "a"], ["2", "b"], ["3", "c"], ["4", "d"]])[:2]
    ([['3', 'a'], ['1', 'c']], [['1', 'a'], ['3', 'c']])
    """
    right = list(rows[::2])
    wrong = list(right)
    if len(wrong) > 1:
        wrong[0], wrong[1] = [wrong[1][0], *wrong[0][1:]], [wrong[0][0], *wrong[1][1:]]
    return wrong, ([*wrong, *rows[1::4]], right, wrong)[number % LOADS], rows


def _with_cursors(project: Project, tables: Mapping[str, Table]) -> Project:
    """The project with a cursor for every source that has a time and does not say how it is loaded."""
    sources = dict(project.sources)
    for name, table in tables.items():
        time = next((column for column, kind in table.columns.items() if kind.lower() in TIMES), None)
        if time and sources[name].load == Load():
            sources[name] = sources[name].model_copy(update={"load": Load(mode="append", cursor=time)})
    return replace(project, sources=sources)


def _staged(project: Project, on_rows: Engine, whole: Sequence[str]) -> list[list[Arrival]]:
    """The loads, each table's rows after each of them lying ready in a table of their own."""
    loads: list[list[Arrival]] = [[] for _ in range(LOADS)]
    for number, (name, table) in enumerate(on_rows.tables.items()):
        steps = (table.rows,) * LOADS if name in whole else portions(number, table.rows)
        before: Rows = ()
        version = None
        for step, rows in enumerate(steps):
            changed = _changed(before, rows)
            if not changed and step:
                continue
            there = TableRef("staging", f"{name}__load_{step}")
            fill(on_rows.warehouse, there.name, Table(table.columns, rows), schema=there.schema)
            touched = _days(project, on_rows.warehouse, name, Table(table.columns, changed))
            loads[step].append(Arrival(name, f"load {step}", version, touched, there))
            before, version = rows, f"load {step}"
    return loads


def _changed(before: Rows, after: Rows) -> Rows:
    """The rows that are in one of the two and not in the other."""
    old, new = Counter(map(tuple, before)), Counter(map(tuple, after))
    return list(((old - new) + (new - old)).elements())


def _days(project: Project, warehouse: Warehouse, name: str, changed: Table) -> Days:
    """The days that rows which came or went lie on, as ingest finds them."""
    source = project.sources[name]
    if source.load.cursor is None:
        return None
    table = TableRef("staging", f"{name}__changed")
    fill(warehouse, table.name, changed, schema=table.schema)
    loading = Loading(project, source, warehouse, "test", NOW, False, {}, None, {})
    day = business_day(loading, warehouse.table_columns(table)[source.load.cursor])
    rows = exp.select("*").from_(exp.table_(table.name, db=table.schema, quoted=True))
    return days_touched(warehouse, day, [rows]) if day is not None else None


def _after_load(context: Context, plan: Plan, loads: Sequence[Sequence[Arrival]]) -> Partials:
    """What is stored after the last of these loads came: after the first one made as a whole, later only mended."""
    states = {
        one.source: SourceState(one.source, one.version, 0, None, None, "f", NOW, "r")
        for arrivals in loads
        for one in arrivals
    }
    for one in loads[-1]:
        _put_in_place(context.warehouse, one)
    for model in plan.models:
        if model.materialized == "table":
            context.warehouse.run(model_statement(model))
    touched = {one.source: (one.before, one.touched) for one in loads[-1]}
    loaded = Loaded(states, touched, {}, (), (), 0, 0)
    return read_all(context, plan, reduce_models(context, plan, loaded, Models({}, {}, (), ())))


def _put_in_place(warehouse: Warehouse, arrival: Arrival) -> None:
    there = f'"{arrival.rows.schema}"."{arrival.rows.name}"'
    warehouse.run(f'CREATE OR REPLACE TABLE raw."{arrival.source}" AS SELECT * FROM {there}')
