"""Metrics in conditions: `metric('orders', 'customer') > 5` holds for customers with more than 5 orders."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import expressions as exp

from kpi_pipeline.dimensions import UnknownDimension
from kpi_pipeline.errors import did_you_mean, listed
from kpi_pipeline.metrics import Derived, Metric, Ratio, Simple
from kpi_pipeline.models import Model
from kpi_pipeline.project import Project

FUNCTION = "metric"
AN_EXAMPLE = "write it like metric('orders', 'customer') > 5"
_COLUMN = re.compile(r"metric\((\w+), (\w+)\)")


@dataclass(frozen=True)
class Asked:
    """A metric for each of an entity, as conditions name it."""

    metric: str
    entity: str

    @property
    def column(self) -> str:
        """The column that rows get for it."""
        return f"{FUNCTION}({self.metric}, {self.entity})"

    @classmethod
    def of_column(cls, name: str) -> Asked | None:
        """What a column of that name is of, if it is such a column.

        >>> Asked.of_column("metric(orders, customer)")
        Asked(metric='orders', entity='customer')
        """
        found = _COLUMN.fullmatch(name)
        return cls(found[1], found[2]) if found else None


def is_call(node: exp.Expr) -> bool:
    """Whether a part of a condition asks for a metric."""
    return isinstance(node, exp.Anonymous) and str(node.this).lower() == FUNCTION


def asked_by(node: exp.Expr) -> Asked:
    """What a call asks for.

    Raises:
        UnknownDimension: it does not name a metric and an entity.
    """
    words = [one.name for one in node.expressions if isinstance(one, exp.Literal)]
    if len(words) != 2 or len(node.expressions) != 2 or not all(re.fullmatch(r"\w+", one) for one in words):
        written = node.sql(dialect="duckdb", normalize_functions=False)
        raise UnknownDimension(f"{written} does not name a metric and the entity to group it by", AN_EXAMPLE)
    return Asked(words[0], words[1])


def as_columns(tree: exp.Expr) -> exp.Expr:
    """The expression with a column in the place of every metric it asks for."""
    return tree.transform(lambda node: exp.column(asked_by(node).column, quoted=True) if is_call(node) else node)


def refuse_grouping(project: Project, model: Model, asked: Asked) -> None:
    """Says why rows of a model cannot have a metric for their entity, if they cannot.

    Raises:
        UnknownDimension: there is no such metric or entity, or the metric is of a kind that has no one value an entity.
    """
    if asked.metric not in project.metrics:
        near = did_you_mean(asked.metric, project.metrics) or f"there are {listed(sorted(project.metrics))}"
        raise UnknownDimension(f"there is no metric named '{asked.metric}'", near)
    _refuse_without_entity(model, asked.entity, f"so it has no '{asked.metric}' for each of them")
    _refuse_kind(project, asked.metric, asked)
    for name in sorted(project.models_of(asked.metric)):
        _refuse_without_entity(
            project.models[name], asked.entity, f"so metric '{asked.metric}' cannot be grouped by it"
        )


def _refuse_without_entity(model: Model, entity: str, therefore: str) -> None:
    if model.entity(entity) is None:
        names = [one.name for one in model.entities]
        near = did_you_mean(entity, names) or (f"it has {listed(names)}" if names else "it has no entities")
        raise UnknownDimension(f"model '{model.name}' has no entity '{entity}', {therefore}", near)


def _refuse_kind(project: Project, name: str, asked: Asked) -> None:
    metric = project.metrics[name]
    if why := _not_one_value(metric):
        raise UnknownDimension(
            f"metric '{name}' {why}, so it has no one value for each {asked.entity}",
            "a condition may ask for simple metrics, ratios and derived ones without offsets",
        )
    for used in metric.inputs:
        _refuse_kind(project, used.name, asked)


def _not_one_value(metric: Metric) -> str | None:
    if not isinstance(metric, Simple | Ratio | Derived):
        return f"is of type {metric.type}"
    if isinstance(metric, Simple) and metric.is_stock:
        return "is a stock, which changes from moment to moment"
    if any(FUNCTION + "(" in (text or "").replace(" ", "").lower() for text in _conditions(metric)):
        return "asks for a metric in its own filter"
    return "looks at earlier periods" if any(one.offset for one in metric.inputs) else None


def _conditions(metric: Metric) -> tuple[str | None, ...]:
    own = metric.filter if isinstance(metric, Simple) else None
    return (own, *(one.filter for one in metric.inputs))
