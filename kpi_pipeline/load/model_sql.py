"""The SQL of models: one SELECT over tables that the project knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from kpi_pipeline.errors import Problem, did_you_mean, listed
from kpi_pipeline.load.fault import Fault
from kpi_pipeline.load.sites import place_in_text
from kpi_pipeline.load.sql import SqlError, changing, looking_elsewhere, position, query, tables_read
from kpi_pipeline.models import Model
from kpi_pipeline.project import Project

KINDS_OF_SCHEMA = {"raw": "sources", "model": "models"}


def unusable_models(
    project: Project, known: Mapping[str, frozenset[str]], elsewhere: frozenset[str]
) -> Iterator[Problem]:
    """A problem for each model whose SQL does not parse, is no SELECT, or reads what the project does not know."""
    for model in project.models.values():
        key = "sql" if model.sql else "table"
        path = ("models", model.name, key)
        for fault in _faults(model, known, elsewhere):
            yield Problem(
                f"Model '{model.name}': '{key}' {fault.message}.", place_in_text(project, path, fault), fault.hint
            )


def tables_of(model: Model) -> tuple[exp.Table, ...]:
    """The tables a model reads; none where its SQL cannot be parsed."""
    if model.table:
        return (exp.to_table(model.table, dialect="duckdb"),) if model.table.count(".") == 1 else ()
    try:
        return tuple(tables_read(query(model.sql or "")))
    except SqlError:
        return ()


def models_read(project: Project) -> Mapping[str, tuple[str, ...]]:
    """For each model the other models it reads."""
    return {
        model.name: tuple(table.name.lower() for table in tables_of(model) if table.db.lower() == "model")
        for model in project.models.values()
    }


def sources_read(project: Project) -> frozenset[str]:
    """The sources that some model reads."""
    return frozenset(
        table.name.lower()
        for model in project.models.values()
        for table in tables_of(model)
        if table.db.lower() == "raw"
    )


def _faults(model: Model, known: Mapping[str, frozenset[str]], elsewhere: frozenset[str]) -> Iterator[Fault]:
    if model.table:
        schema, _, name = model.table.partition(".")
        yield from _unknown(schema, name, (1, 1), known, elsewhere)
        return
    text = model.sql or ""
    try:
        tree = query(text)
    except SqlError as refused:
        yield refused.fault
        return
    yield from changing(tree, text)
    yield from looking_elsewhere(tree, text)
    for table in tables_read(tree):
        if isinstance(table.this, exp.Func) or table.catalog:
            yield _not_ours(table, text)
        else:
            yield from _unknown(table.db, table.name, position(table, text), known, elsewhere)


def _not_ours(table: exp.Table, text: str) -> Fault:
    return Fault(
        f"reads {table.this.sql(dialect='duckdb') if not table.catalog else table.sql(dialect='duckdb')}",
        *position(table, text),
        "a model reads raw.<source> and model.<model>; declare files as a source",
    )


def _unknown(
    schema: str, name: str, at: tuple[int, int], known: Mapping[str, frozenset[str]], elsewhere: frozenset[str]
) -> Iterator[Fault]:
    names = {kind: known.get(kind, frozenset()) for kind in KINDS_OF_SCHEMA.values()}
    written = f"{schema}.{name}".strip(".")
    tables = [f"{one}.{table}" for one, kind in KINDS_OF_SCHEMA.items() for table in sorted(names[kind])]
    if name.lower() in elsewhere and schema.lower() in KINDS_OF_SCHEMA:
        return
    kind = KINDS_OF_SCHEMA.get(schema.lower())
    if kind and name.lower() in names[kind]:
        return
    if "." in written:
        near = did_you_mean(written.lower(), tables)
    else:
        same = [table for table in tables if table.endswith(f".{name.lower()}")]
        near = f"did you mean '{same[0]}'?" if same else did_you_mean(f"raw.{name.lower()}", tables)
    yield Fault(
        f"reads '{written}', which is neither a source (raw.<source>) nor a model (model.<model>)",
        *at,
        near or (f"known are {listed(tables)}" if tables else "declare a source first"),
    )
