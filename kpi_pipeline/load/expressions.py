"""Expressions are SQL that a row can answer: they parse, do not aggregate, and give the same answer in every run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from kpi_pipeline.arithmetic import IN_WORDS, beyond_arithmetic
from kpi_pipeline.errors import Problem, did_you_mean, listed
from kpi_pipeline.load.fault import Fault
from kpi_pipeline.load.sites import Site, derived_metrics, row_expressions
from kpi_pipeline.load.sql import (
    SqlError,
    changing,
    columns_used,
    expression,
    looking_elsewhere,
    more_than_rows,
    position,
)
from kpi_pipeline.metrics import Derived
from kpi_pipeline.project import Project


def unusable_expressions(project: Project) -> Iterator[Problem]:
    """A problem for each expression that is not SQL, or asks for more than it may."""
    for site in row_expressions(project):
        for fault in row_faults(site.text):
            yield site.problem(project, fault)
    for metric in derived_metrics(project):
        site = Site("metrics", metric.name, ("expr",), metric.expr, ())
        for fault in _derived_faults(metric):
            yield site.problem(project, fault)
        yield from _called_alike(project, metric)


def row_faults(text: str) -> Iterator[Fault]:
    """What is wrong with an expression over the rows of a table.

    >>> [fault.message for fault in row_faults("sum(price)")]
    ['aggregates with sum()']
    """
    try:
        tree = expression(text)
    except SqlError as refused:
        yield refused.fault
        return
    yield from more_than_rows(tree, text)
    yield from changing(tree, text)
    yield from looking_elsewhere(tree, text)


def _derived_faults(metric: Derived) -> Iterator[Fault]:
    try:
        tree = expression(metric.expr)
    except SqlError as refused:
        yield refused.fault
        return
    for fault in more_than_rows(tree, metric.expr):
        aggregated = "its inputs are aggregated already: use them as they are"
        yield replace(fault, hint=aggregated) if "aggregates" in fault.message else fault
    yield from changing(tree, metric.expr)
    odd = beyond_arithmetic(tree)
    if odd is not None and not any(more_than_rows(tree, metric.expr)) and not any(changing(tree, metric.expr)):
        yield Fault(
            f"cannot use {odd.sql(dialect='duckdb')!r}",
            *position(odd, metric.expr),
            f"a derived expr may use {IN_WORDS}",
        )
    names = [one.called for one in metric.inputs]
    for column in columns_used(tree):
        if column.table:
            yield Fault(
                f"uses '{column.sql()}'",
                *position(column, metric.expr),
                "a derived expr names its inputs, without a dot",
            )
        elif column.name.lower() not in names:
            near = did_you_mean(column.name.lower(), names)
            yield Fault(
                f"uses '{column.name}', which is none of its inputs",
                *position(column, metric.expr),
                near or f"its inputs are {listed(names)}; add it to 'input_metrics'",
            )


def _called_alike(project: Project, metric: Derived) -> Iterator[Problem]:
    for name, times in Counter(one.called for one in metric.inputs).items():
        if times > 1:
            yield Problem(
                f"Metric '{metric.name}' has {times} inputs called '{name}'.",
                project.place("metrics", metric.name, "input_metrics"),
                "give each its own 'alias' and use that in 'expr'",
            )
