"""What an expression must be for what it is there for: a filter a condition, a sum's expression a number."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import expressions as exp

from kpi_pipeline.load.fault import Fault
from kpi_pipeline.load.sites import Site
from kpi_pipeline.metrics import Agg, Simple
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.project import Project

NOTHING = '"NULL"'
AMOUNTS = frozenset({
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
    "FLOAT", "DOUBLE", "DECIMAL",
})  # fmt: skip
TRUTHS = frozenset({"BOOLEAN", NOTHING})
NUMBERS = AMOUNTS | TRUTHS
TIMES = frozenset({
    "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
})  # fmt: skip
PLAIN = NUMBERS | TIMES | {"VARCHAR", "TIME", "UUID", "ENUM"}
"""The types that a number, a time, and a value to break down by may have."""


def base_type(kind: str) -> str:
    """A type without its length or its scale.

    >>> base_type("DECIMAL(9,2)"), base_type("DECIMAL(9,2)[]")
    ('DECIMAL', 'DECIMAL(9,2)[]')
    """
    return kind if kind.endswith("]") else kind.partition("(")[0]


def parts_looked_at(site: Site, tree: exp.Expr) -> tuple[exp.Expr, ...]:
    """The parts of an expression whose types matter: of a filter all that AND, OR and NOT join, else the whole."""
    return tuple(_conditions(tree)) if site.keys[-1] == "filter" else (tree,)


def _conditions(tree: exp.Expr) -> Iterator[exp.Expr]:
    match tree:
        case exp.And() | exp.Or():
            yield from _conditions(tree.this)
            yield from _conditions(tree.expression)
        case exp.Not() | exp.Paren():
            yield from _conditions(tree.this)
        case _:
            yield tree


def unfit(project: Project, site: Site, part: exp.Expr, kind: str) -> Fault | None:
    """What is wrong with the type of an expression, or of a part of a filter, for what it is there for."""
    base = base_type(kind)
    metric = project.metrics.get(site.name) if site.kind == "metrics" else None
    if site.keys[-1] == "filter":
        return None if base in TRUTHS else _no_condition(site, part, kind)
    if isinstance(metric, Simple):
        return _unfit_amount(metric, kind)
    if site.kind == "models" and site.keys[0] == "dimensions":
        declared = project.models[site.name].dimensions[int(site.keys[1])]
        if base not in (TIMES if declared.type == "time" else PLAIN):
            wanted = "a day or a moment" if declared.type == "time" else "a plain value"
            return Fault(f"is {kind}, not {wanted}", hint="cast it, or compute it in the model's SQL")
    return None


def _no_condition(site: Site, part: exp.Expr, kind: str) -> Fault:
    written = part.sql(dialect="duckdb")
    whole = len(written) >= len(site.text.strip())
    said = f"is {kind}" if whole else f"takes {written} for a condition, and it is {kind}"
    example = f"{written} <> 0" if base_type(kind) in AMOUNTS else "country = 'France'"
    return Fault(f"{said}, not a condition that is true or false", hint=f"write one like {example}")


def _unfit_amount(metric: Simple, kind: str) -> Fault | None:
    base = base_type(kind)
    if metric.agg is Agg.sum_boolean and base not in NUMBERS:
        return Fault(f"is {kind}, not true or false", hint="write a condition, or take 'agg: sum'")
    numbers = metric.agg not in (Agg.count, Agg.count_distinct, Agg.sum_boolean)
    if numbers and base not in NUMBERS:
        return Fault(
            f"is {kind}, so there is no {metric.agg} of it",
            hint="is it the right column? count and count_distinct take anything, and text that holds numbers can "
            "be cast in the model's SQL",
        )
    if numbers and metric.unit is Unit.currency and base == "BOOLEAN":
        return Fault("is BOOLEAN, and 'unit: currency' is for amounts of money", hint="leave the unit out")
    return None
