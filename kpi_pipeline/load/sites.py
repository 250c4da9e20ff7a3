"""Where in the definitions SQL expressions stand, and over which model or source each is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpi_pipeline.checks import CheckBase, SumEquals
from kpi_pipeline.errors import Place, Problem
from kpi_pipeline.load.fault import Fault
from kpi_pipeline.load.kinds import BY_KEY
from kpi_pipeline.load.references import inputs_with_keys
from kpi_pipeline.load.tree import TEXT
from kpi_pipeline.metrics import Conversion, Derived, Metric, Retention, Simple
from kpi_pipeline.names import TableRef
from kpi_pipeline.project import Project
from kpi_pipeline.sources import LakehouseConnector


@dataclass(frozen=True)
class Site:
    """An expression over the rows of tables: who wrote it under which keys, and the tables whose columns it may use."""

    kind: str
    name: str
    keys: tuple[str, ...]
    text: str
    tables: tuple[TableRef, ...]

    @property
    def subject(self) -> str:
        """What messages call it."""
        return f"{BY_KEY[self.kind].subject(self.name)}: '{written_path(self.keys)}'"

    def problem(self, project: Project, fault: Fault) -> Problem:
        """The fault as a problem with its place."""
        return Problem(f"{self.subject} {fault.message}.", self.place(project, fault), fault.hint)

    def place(self, project: Project, fault: Fault) -> Place | None:
        """Where the fault is in the file."""
        return place_in_text(project, (self.kind, self.name, *self.keys), fault)


def written_path(keys: Sequence[str]) -> str:
    """Keys as a person writes a way into YAML.

    >>> written_path(["checks", "0", "filter"])
    'checks[0].filter'
    """
    return "".join(f"[{key}]" if key.isdigit() else f".{key}" for key in keys).lstrip(".")


def place_in_text(project: Project, path: tuple[str, ...], fault: Fault) -> Place | None:
    """The place of a fault within a value, as exact as it is known."""
    return fault.place(project.place(*path), project.places.get((*path, TEXT)))


def row_expressions(project: Project) -> Iterator[Site]:
    """Every expression that is computed row by row."""
    for source in project.sources.values():
        connector = source.connector
        if isinstance(connector, LakehouseConnector) and connector.partition:
            path = ("connector", "partition", "by")
            yield Site("sources", source.name, path, connector.partition.by, (TableRef("raw", source.name),))
        yield from _of_checks(project, "sources", source.name, source.checks, TableRef("raw", source.name))
    for model in project.models.values():
        table = TableRef("model", model.name)
        for number, entity in enumerate(model.entities):
            if entity.expr:
                yield Site("models", model.name, ("entities", str(number), "expr"), entity.expr, (table,))
        for number, dimension in enumerate(model.dimensions):
            if dimension.expr:
                yield Site("models", model.name, ("dimensions", str(number), "expr"), dimension.expr, (table,))
        yield from _of_checks(project, "models", model.name, model.checks, table)
    for metric in project.metrics.values():
        yield from _of_metric(project, metric)


def _of_checks(project: Project, kind: str, name: str, checks: Sequence[CheckBase], table: TableRef) -> Iterator[Site]:
    for number, check in enumerate(checks):
        if check.filter:
            yield Site(kind, name, ("checks", str(number), "filter"), check.filter, (table,))
        if isinstance(check, SumEquals) and check.field_filter:
            there = table_looked_in(project, check, table)
            yield Site(kind, name, ("checks", str(number), "field_filter"), check.field_filter, (there,))


def table_looked_in(project: Project, check: CheckBase, table: TableRef) -> TableRef:
    """The table that a check compares its own one with; its own one where it names no other."""
    return project.table_named(check.looks_in) if check.looks_in else table


def _of_metric(project: Project, metric: Metric) -> Iterator[Site]:
    if isinstance(metric, Simple):
        tables = (TableRef("model", metric.model),)
        if "expr" in metric.model_fields_set:
            yield Site("metrics", metric.name, ("expr",), metric.expr, tables)
        if metric.filter:
            yield Site("metrics", metric.name, ("filter",), metric.filter, tables)
    if isinstance(metric, Retention) and metric.filter:
        yield Site("metrics", metric.name, ("filter",), metric.filter, (TableRef("model", metric.model),))
    for keys, one in inputs_with_keys(metric):
        if one.filter:
            drawn_on = tuple(TableRef("model", model) for model in models_drawn_on(project, one.name))
            yield Site("metrics", metric.name, (*keys, "filter"), one.filter, drawn_on)


def models_drawn_on(project: Project, metric: str) -> tuple[str, ...]:
    """The models whose rows a metric counts, and whose dimensions it can be asked by.

    A conversion stands at its base events: the model of these it is, even if conversions are of another one.
    """
    found: dict[str, None] = {}
    seen: set[str] = set()
    todo = [metric]
    while todo:
        one = todo.pop()
        noun = project.metrics.get(one)
        if noun is None or one in seen:
            continue
        seen.add(one)
        if isinstance(noun, Simple | Retention):
            found[noun.model] = None
        used = noun.inputs[:1] if isinstance(noun, Conversion) else noun.inputs
        todo.extend(one.name for one in reversed(used))
    return tuple(found)


def derived_metrics(project: Project) -> Iterator[Derived]:
    """The metrics that are arithmetic over others."""
    for metric in project.metrics.values():
        if isinstance(metric, Derived):
            yield metric
