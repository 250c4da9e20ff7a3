"""The plan: what has to be computed, as data, before anything is.

A metric becomes a tree of nodes. Its leaves are measures (one aggregate over one model's rows); measures that can share
a pass over a model are gathered into reductions. `explain` says all of it in words.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import Grain, Window

if TYPE_CHECKING:
    import polars as pl
    from sqlglot import expressions as exp


def fingerprint(*parts: object) -> str:
    """A short name for exactly these values: equal parts, equal fingerprint, in every process.

    >>> fingerprint("a", 1) == fingerprint("a", 1), fingerprint("a") == fingerprint("b")
    (True, False)
    """
    text = json.dumps(parts, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class Executor(Protocol):
    """Runs SQL trees where the rows are."""

    @property
    def dialect(self) -> str:
        """What sqlglot calls its SQL."""
        ...

    def run(self, statement: exp.Expr | str, parameters: Sequence[object] = ()) -> None:
        """Runs a statement for its effect."""
        ...

    def fetch(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> pl.DataFrame:
        """The rows of a query as a frame."""
        ...

    def rows(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a small query as tuples."""
        ...

    def columns(self, query: exp.Expr | str) -> dict[str, str]:
        """The names and types of a query's columns, without running it."""
        ...

    def table_columns(self, table: TableRef) -> dict[str, str]:
        """The names and types of a table's columns; empty where there is no such table."""
        ...

    def replace_table(self, table: TableRef, frame: pl.DataFrame) -> None:
        """Creates a table anew with the frame's rows."""
        ...

    def append(self, table: TableRef, frame: pl.DataFrame) -> None:
        """Adds the frame's rows to a table, column by name."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All of it or nothing."""
        ...


class Fold(StrEnum):
    """How a measure's partial results become the result of more rows."""

    sum = "sum"
    count = "count"  # type: ignore[assignment]  # a word like any other; nobody counts letters here
    min = "min"
    max = "max"
    distinct = "distinct"
    quantile = "quantile"


class Shape(StrEnum):
    """What a reduction leaves behind: one row of sums a day, the keys seen, or the values seen."""

    additive = "additive"
    distinct = "distinct"
    values = "values"


@dataclass(frozen=True)
class Measure:
    """One aggregate of an expression over those rows of a model that pass a filter, by one time column.

    `expr` and `filter` are canonical DuckDB SQL; an empty filter passes every row.
    """

    model: str
    time: str
    fold: Fold
    expr: str
    filter: str = ""
    quantile: float | None = None
    discrete: bool = False

    @property
    def shape(self) -> Shape:
        """The shape of partial result it needs."""
        return {Fold.distinct: Shape.distinct, Fold.quantile: Shape.values}.get(self.fold, Shape.additive)

    @property
    def column(self) -> str:
        """Its column in partial results: readable, and different for different measures.

        >>> Measure("lines", "sold_at", Fold.sum, "quantity * price").column.startswith("sum_quantity_price_")
        True
        """
        words = re.sub(r"[^a-z0-9]+", "_", self.expr.lower()).strip("_")[:24]
        return f"{self.fold}_{words}_{fingerprint(self.expr, self.filter)[:6]}"

    @property
    def rows(self) -> Measure:
        """The count of the rows behind it."""
        return Measure(self.model, self.time, Fold.count, "1", self.filter)

    @property
    def all_rows(self) -> Measure:
        """The count of all rows of its model."""
        return Measure(self.model, self.time, Fold.count, "1")

    def __str__(self) -> str:
        narrowed = f" where {self.filter}" if self.filter else ""
        what = {Fold.count: "rows" if self.expr == "1" else self.expr, Fold.quantile: f"{self.quantile} of {self.expr}"}
        return f"{self.fold} of {what.get(self.fold, self.expr)}{narrowed} in {self.model} by {self.time}"


@dataclass(frozen=True)
class Reach:
    """How far back a cumulative metric looks: a window, since a grain's period began, or everything before."""

    window: Window | None = None
    to_date: Grain | None = None
    period_agg: str = "last"

    def __str__(self) -> str:
        if self.window:
            return f"over the last {self.window}"
        return f"since the {self.to_date} began" if self.to_date else "since the beginning"


@dataclass(frozen=True)
class Leaf:
    """A measure's value in a period, perhaps cumulative, perhaps of an earlier period.

    `offsets` are moved through from left to right; `fill` is the value of a period without rows in the data's range.
    """

    measure: Measure
    fill: float | None = None
    reach: Reach | None = None
    offsets: tuple[Window, ...] = ()

    def __str__(self) -> str:
        cumulative = f", {self.reach} ({self.reach.period_agg} day of the period)" if self.reach else ""
        earlier = "".join(f", {window} earlier" for window in self.offsets)
        return f"{self.measure}{cumulative}{earlier}"


@dataclass(frozen=True)
class Quotient:
    """Numerator by denominator; no value where the denominator is zero or missing."""

    numerator: Node
    denominator: Node


@dataclass(frozen=True)
class Arithmetic:
    """An expression over named inputs; no value where an input has none."""

    expr: str
    inputs: tuple[tuple[str, Node], ...]


@dataclass(frozen=True)
class Filled:
    """A node whose missing values are replaced by a number."""

    node: Node
    value: float


Node = Leaf | Quotient | Arithmetic | Filled


def leaves(node: Node) -> Iterator[Leaf]:
    """Every leaf below a node, in the order of its formula."""
    match node:
        case Leaf():
            yield node
        case Quotient(numerator, denominator):
            yield from leaves(numerator)
            yield from leaves(denominator)
        case Arithmetic(_, inputs):
            for _, one in inputs:
                yield from leaves(one)
        case Filled(inner, _):
            yield from leaves(inner)


def moved(node: Node, window: Window) -> Node:
    """The same node a window earlier."""
    match node:
        case Leaf(measure, fill, reach, offsets):
            return Leaf(measure, fill, reach, (window, *offsets))
        case Quotient(numerator, denominator):
            return Quotient(moved(numerator, window), moved(denominator, window))
        case Arithmetic(expr, inputs):
            return Arithmetic(expr, tuple((name, moved(one, window)) for name, one in inputs))
        case Filled(inner, value):
            return Filled(moved(inner, window), value)


def accumulated(node: Node, reach: Reach) -> Node:
    """The same node with every leaf reaching back; a ratio becomes the ratio of what was accumulated."""
    match node:
        case Leaf(measure, fill, _, offsets):
            return Leaf(measure, fill, reach, offsets)
        case Quotient(numerator, denominator):
            return Quotient(accumulated(numerator, reach), accumulated(denominator, reach))
        case Arithmetic(expr, inputs):
            return Arithmetic(expr, tuple((name, accumulated(one, reach)) for name, one in inputs))
        case Filled(inner, value):
            return Filled(accumulated(inner, reach), value)


def described(node: Node, indent: str = "") -> str:
    """The node in words, a line a step, inputs indented."""
    match node:
        case Leaf():
            return f"{indent}{node}"
        case Quotient(numerator, denominator):
            below = indent + "  "
            return f"{indent}divide\n{described(numerator, below)}\n{indent}by\n{described(denominator, below)}"
        case Arithmetic(expr, inputs):
            named = "\n".join(f"{indent}  {name} =\n{described(one, indent + '    ')}" for name, one in inputs)
            return f"{indent}compute {expr}, where\n{named}"
        case Filled(inner, value):
            return f"{described(inner, indent)}\n{indent}with {value:g} where there is none"


@dataclass(frozen=True)
class ModelPlan:
    """A model ready to be made: its SQL, what it reads, and how its moments become business days."""

    name: str
    sql: str
    materialized: str
    sources: tuple[str, ...]
    models: tuple[str, ...]
    naive_zone: str
    project_zone: str
    dimensions: Mapping[str, str] = field(hash=False)
    """dimension name -> SQL over the model's columns"""
    row_local_cursor: str | None = None
    """The column of the only source that is the model's time column, where each row stands for itself."""
    row_local_time: str | None = None
    """The time column whose days are then those of the cursor; by another one a new row may belong to any day."""

    @property
    def table(self) -> TableRef:
        """The view or table it is made as."""
        return TableRef("model", self.name)

    @property
    def fingerprint(self) -> str:
        """Changes when what the model holds would change."""
        return fingerprint(
            self.name, self.sql, self.materialized, self.naive_zone, self.project_zone, dict(self.dimensions)
        )


@dataclass(frozen=True)
class Reduction:
    """One pass over a model's rows: the finest period (a business day), the dimensions asked for, and partial results.

    Additive: one row a day and segment, with a column a measure. Distinct: the keys seen. Values: the values seen.
    """

    model: str
    time: str
    shape: Shape
    dimensions: tuple[str, ...]
    measures: tuple[Measure, ...]
    where: str = ""

    @property
    def expr(self) -> str:
        """What is counted or collected by the shapes that look at one expression."""
        return self.measures[0].expr

    @property
    def table(self) -> TableRef:
        """Where its partial results are kept."""
        about = "" if self.shape is Shape.additive else f"__{fingerprint(self.expr)[:8]}"
        return TableRef("partial", f"{self.model}__{self.time}__{self.shape}{about}")

    @property
    def fingerprint(self) -> str:
        """Changes when its partial results would change."""
        parts = [(one.column, one.fold, one.expr, one.filter) for one in self.measures]
        return fingerprint(self.model, self.time, self.shape, self.dimensions, parts, self.where)


@dataclass(frozen=True)
class Derivation:
    """A metric as a tree over measures, and what its numbers rest on."""

    metric: str
    node: Node
    sample: Leaf
    sources: tuple[str, ...]
    fingerprint: str

    @property
    def numerator(self) -> Node | None:
        """What is divided, where the metric is a quotient."""
        return self.node.numerator if isinstance(self.node, Quotient) else None

    @property
    def denominator(self) -> Node | None:
        """What it is divided by, where the metric is a quotient."""
        return self.node.denominator if isinstance(self.node, Quotient) else None


@dataclass(frozen=True)
class Series:
    """A metric at a grain and a breakdown: one value a period and segment."""

    metric: str
    grain: Grain | None
    breakdown: tuple[str, ...] = ()
    at_most: int = 200
    compared: bool = False
    """Whether the previous period's and last year's values are wanted beside it."""


@dataclass(frozen=True)
class Coverage:
    """How far a metric's data goes: its first day, its newest day, and the day before which it is complete."""

    first_day: date
    newest_day: date
    complete_before: date


@dataclass(frozen=True)
class Plan:
    """Everything a run has to do, in order."""

    models: tuple[ModelPlan, ...]
    reductions: tuple[Reduction, ...]
    derivations: Mapping[str, Derivation]
    series: tuple[Series, ...]

    def model(self, name: str) -> ModelPlan:
        """The model of that name."""
        return next(one for one in self.models if one.name == name)

    def sources_of(self, model: str) -> tuple[str, ...]:
        """The sources below a model, also through other models."""
        plan = self.model(model)
        below = [source for inner in plan.models for source in self.sources_of(inner)]
        return tuple(dict.fromkeys([*plan.sources, *below]))
