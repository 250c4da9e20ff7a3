"""Measures: one aggregate over one model's rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from kpi_pipeline.plan.cohorts import Ages, Cohorts
from kpi_pipeline.plan.fingerprints import fingerprint
from kpi_pipeline.plan.matching import Matching
from kpi_pipeline.plan.stock import Interval, Snapshot


class Fold(StrEnum):
    """How a measure's partial results become the result of more rows."""

    sum = "sum"
    count = "count"  # type: ignore[assignment]  # a word like any other; nobody counts letters here
    min = "min"
    max = "max"
    distinct = "distinct"
    quantile = "quantile"


class Shape(StrEnum):
    """What a reduction leaves behind.

    One row of sums a day, the keys seen, the values seen, the days of cohorts, states at moments, how long rows last.
    """

    additive = "additive"
    distinct = "distinct"
    values = "values"
    cohorts = "cohorts"
    states = "states"
    intervals = "intervals"


@dataclass(frozen=True)
class Measure:
    """One aggregate of an expression over those rows of a model that pass a filter, by one time column.

    `expr` and `filter` are canonical DuckDB SQL; an empty filter passes every row. With `events` it is over these in
    the place of the model's rows, of which each has one; of cohorts it counts those seen at some `ages`.
    """

    model: str
    time: str
    fold: Fold
    expr: str
    filter: str = ""
    quantile: float | None = None
    discrete: bool = False
    events: Matching | Cohorts | None = None
    ages: Ages | None = None
    stock: Snapshot | Interval | None = None
    approximate: bool = False
    """Whether an engine that would have to look at every key or value may estimate it."""

    @property
    def shape(self) -> Shape:
        """The shape of partial result it needs."""
        if isinstance(self.events, Cohorts):
            return Shape.cohorts
        if self.stock:
            return Shape.states if isinstance(self.stock, Snapshot) else Shape.intervals
        return {Fold.distinct: Shape.distinct, Fold.quantile: Shape.values}.get(self.fold, Shape.additive)

    @cached_property
    def about(self) -> str:
        """What a pass over the rows is about where not every measure can share it: the keys or values looked at."""
        if self.stock:
            key = f" {self.expr}" if self.fold is Fold.distinct else ""
            # NOTE: the moment is chosen among the rows that pass, so each filter has states of its own.
            return self.stock.about + (f" where {self.filter}" if isinstance(self.stock, Snapshot) else "") + key
        over = f" over {fingerprint(repr(self.events))}" if self.events else ""
        # NOTE: what is estimated is asked otherwise, so it has passes of its own.
        estimated = " approximately" if self.approximate else ""
        return over if self.shape is Shape.additive else self.expr + over + estimated

    @cached_property
    def column(self) -> str:
        """Its column in partial results: readable, and different for different measures.

        >>> Measure("lines", "sold_at", Fold.sum, "quantity * price").column.startswith("sum_quantity_price_")
        True
        """
        words = re.sub(r"[^a-z0-9]+", "_", self.expr.lower()).strip("_")[:24]
        over = [repr(one) for one in (self.events, self.ages, self.approximate) if one]
        return f"{self.fold}_{words}_{fingerprint(self.expr, self.filter, *over)[:6]}"

    @cached_property
    def rows(self) -> Measure:
        """The count of the rows behind it; of a cohort, its size."""
        ages = self.ages.everybody if self.ages else None
        stock = self.stock.of_rows if self.stock else None
        return Measure(self.model, self.time, Fold.count, "1", self.filter, events=self.events, ages=ages, stock=stock)

    @property
    def sampled(self) -> Measure:
        """The count of the rows its value rests on.

        Of what lasts those that are active, not all that have begun; of cohorts those that have come to the age.
        """
        if self.ages:
            return replace(self.rows, ages=replace(self.ages, whole=True))
        return replace(self.rows, stock=self.stock) if isinstance(self.stock, Interval) else self.rows

    @cached_property
    def stored(self) -> Measure:
        """The measure that partial results are kept of: ages are told apart later, so all of them share one."""
        return replace(self, ages=None) if self.ages else self

    @cached_property
    def all_rows(self) -> Measure:
        """The count of all rows of its model."""
        return Measure(self.model, self.time, Fold.count, "1")

    def __str__(self) -> str:
        narrowed = f" where {self.filter}" if self.filter else ""
        what = {Fold.count: "rows" if self.expr == "1" else self.expr, Fold.quantile: f"{self.quantile} of {self.expr}"}
        if isinstance(self.events, Cohorts) and self.ages:
            return f"entities {self.ages}{narrowed}, from the {self.events}"
        if self.events:
            return f"{self.fold} of {self.events}{narrowed}"
        stock = f", {self.stock}" if self.stock else ""
        stock += ", approximately" if self.approximate else ""
        return f"{self.fold} of {what.get(self.fold, self.expr)}{narrowed} in {self.model} by {self.time}{stock}"
