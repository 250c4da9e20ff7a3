"""A metric as a tree: measures in periods as leaves, arithmetic above them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from kpi_pipeline.periods import Grain, Shift, Window
from kpi_pipeline.plan.measure import Measure


@dataclass(frozen=True)
class Reach:
    """How far back a cumulative metric looks: a window, since a grain's period began, or everything before."""

    window: Window | None = None
    to_date: Grain | None = None
    period_agg: str = "last"

    @property
    def of_rows(self) -> Reach:
        """The reach of the count of rows: the lowest of a period's days rests on rows where any of them does."""
        return Reach(self.window, self.to_date, "highest") if self.period_agg == "lowest" else self

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
    offsets: tuple[Shift, ...] = ()

    @property
    def rows(self) -> Leaf:
        """The count of the rows behind it: where that is missing or 0, it has no data."""
        return Leaf(self.measure.rows, 0, self.reach.of_rows if self.reach else None, self.offsets)

    @property
    def sampled(self) -> Leaf:
        """The count of the rows its value rests on."""
        return replace(self.rows, measure=self.measure.sampled)

    def at_each_age(self) -> Leaf:
        """The same leaf at every age of its cohorts, one by one."""
        ages = self.measure.ages
        return replace(self, measure=replace(self.measure, ages=ages.told_apart)) if ages else self

    def __str__(self) -> str:
        cumulative = f", {self.reach} ({_DAYS[self.reach.period_agg]} of the period)" if self.reach else ""
        earlier = "".join(f", {back} earlier" if isinstance(back, Window) else f", {back}" for back in self.offsets)
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


_DAYS = {
    "last": "last day",
    "first": "first day",
    "average": "average of the days",
    "highest": "highest of the days",
    "lowest": "lowest of the days",
}

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


def moved(node: Node, back: Shift) -> Node:
    """The same node as it was earlier."""
    return _with_leaves(node, lambda leaf: replace(leaf, offsets=(back, *leaf.offsets)))


def accumulated(node: Node, reach: Reach) -> Node:
    """The same node with every leaf reaching back; a ratio becomes the ratio of what was accumulated."""
    return _with_leaves(node, lambda leaf: replace(leaf, reach=reach))


def unfilled(node: Node) -> Node:
    """The same node without a value where it has no rows."""
    return _with_leaves(node, lambda leaf: replace(leaf, fill=None))


def at_each_age(node: Node) -> Node:
    """The same node at every age of its cohorts, one by one."""
    return _with_leaves(node, Leaf.at_each_age)


def _with_leaves(node: Node, changed: Callable[[Leaf], Leaf]) -> Node:
    """The same node with every leaf changed."""
    match node:
        case Leaf():
            return changed(node)
        case Quotient(numerator, denominator):
            return Quotient(_with_leaves(numerator, changed), _with_leaves(denominator, changed))
        case Arithmetic(expr, inputs):
            return Arithmetic(expr, tuple((name, _with_leaves(one, changed)) for name, one in inputs))
        case Filled(inner, value):
            return Filled(_with_leaves(inner, changed), value)


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
