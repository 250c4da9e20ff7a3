"""Units: pounds and pieces are not added, nor minutes and hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from kpi_pipeline.errors import Problem
from kpi_pipeline.load.fault import Fault
from kpi_pipeline.load.sites import Site, derived_metrics
from kpi_pipeline.load.sql import SqlError, expression, position
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.project import Project

ALIKE = (exp.Add, exp.Sub, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ)
"""What needs both sides in one unit."""
KEPT = (exp.Paren, exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil)
"""What leaves a number in its unit."""


def mixed_units(project: Project) -> Iterator[Problem]:
    """A problem for each derived metric that adds, subtracts or compares inputs of different units."""
    for metric in derived_metrics(project):
        units = {one.called: project.metrics[one.name].unit for one in metric.inputs if one.name in project.metrics}
        site = Site("metrics", metric.name, ("expr",), metric.expr, ())
        for fault in unit_faults(metric.expr, units):
            yield site.problem(project, fault)


def unit_faults(text: str, units: Mapping[str, Unit]) -> Iterator[Fault]:
    """What an expression adds that does not go together; plain numbers go with everything.

    >>> [one.message for one in unit_faults("revenue - orders", {"revenue": Unit.currency, "orders": Unit.count})]
    ["subtracts 'orders' (count) from 'revenue' (currency)"]
    >>> list(unit_faults("revenue / orders - 1", {"revenue": Unit.currency, "orders": Unit.count}))
    []
    """
    try:
        tree = expression(text)
    except SqlError:
        return
    for node in tree.find_all(*ALIKE):
        left, right = _unit(node.this, units), _unit(node.expression, units)
        if left and right and left is not right:
            one, other = (
                f"'{side.sql(dialect='duckdb')}' ({unit})"
                for side, unit in ((node.this, left), (node.expression, right))
            )
            said = {exp.Add: f"adds {one} and {other}", exp.Sub: f"subtracts {other} from {one}"}
            yield Fault(
                said.get(type(node), f"compares {one} with {other}"),
                *position(node, text),
                "bring them to one unit first; where one is a plain number, its metric has `unit: number`",
            )


def _unit(node: exp.Expr, units: Mapping[str, Unit]) -> Unit | None:
    """The unit of a part of an expression; None for plain numbers and what has no unit of its own."""
    if isinstance(node, exp.Column):
        unit = units.get(node.name.lower())
        return None if unit is Unit.number else unit
    if isinstance(node, KEPT):
        return _unit(node.this, units)
    if isinstance(node, exp.Add | exp.Sub):
        return _unit(node.this, units) or _unit(node.expression, units)
    if isinstance(node, exp.Coalesce | exp.Greatest | exp.Least):
        return next((unit for one in (node.this, *node.expressions) if (unit := _unit(one, units))), None)
    return None
