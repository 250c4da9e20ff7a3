"""Closed books: values of closed periods stay as they were published, and it is told what they would be."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from kpi_pipeline.project import Project
from kpi_pipeline.segments import breakdown_name
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.differences import SAID
from kpi_pipeline.store.history import said_until

PART = ("kpi", "grain", "breakdown", "period_start_utc")
"""What is closed: all segments of a breakdown in a period."""


@dataclass(frozen=True)
class Frozen:
    """What was published of closed periods of some KPIs, and what the data says of them now; both with SAID."""

    said: pl.DataFrame
    would: pl.DataFrame

    def of(self, kpis: Collection[str]) -> Frozen:
        """That of some of the KPIs."""
        some = pl.col("kpi").is_in(sorted(kpis))
        return Frozen(self.said.filter(some), self.would.filter(some))

    @cached_property
    def moved(self) -> pl.DataFrame:
        """The rows of both that the other one does not have."""
        return pl.concat(
            one.join(other, on=SAID, how="anti", nulls_equal=True)
            for one, other in ((self.said, self.would), (self.would, self.said))
        )


Judged = Callable[[frozenset[str], pl.DataFrame], pl.DataFrame]


def hold(project: Project, warehouse: Warehouse, values: pl.DataFrame, judged: Judged) -> tuple[pl.DataFrame, Frozen]:
    """The values with those of closed periods as they were published.

    Args:
        project: says what is closed.
        warehouse: knows what was published.
        values: rows of `kpi_value` as the data has them now.
        judged: gives the rows of some KPIs, judged beside what was published of closed periods.
    """
    closed = _closed(project, values)
    of_closed = values.filter(pl.col("kpi").is_in(closed.get_column("kpi").unique().to_list()))
    texts = of_closed.select(SAID).cast({pl.Categorical: pl.String})
    if closed.is_empty():
        return values, Frozen(texts, texts)
    said = said_until(warehouse, closed, project.former_names).select(SAID).cast(texts.schema)
    said = said.join(_too_small_now(project, texts), on=PART, how="anti")
    frozen = Frozen(said, texts.join(said, on=PART, how="semi"))
    moved = frozenset(frozen.moved.get_column("kpi"))
    if moved:
        stay = values.filter(~pl.col("kpi").is_in(sorted(moved)))
        values = pl.concat([stay, judged(moved, said.filter(pl.col("kpi").is_in(sorted(moved))))])
    return values, frozen


def _closed(project: Project, values: pl.DataFrame) -> pl.DataFrame:
    """The KPIs and breakdowns of which something is closed, and through which day."""
    rows = [
        (kpi.name, kpi.grain.value, breakdown_name(breakdown), freeze.day)
        for name in values.get_column("kpi").unique()
        for kpi in [project.kpis[str(name)]]
        if (freeze := project.freeze_of(kpi.name)) is not None
        for breakdown in kpi.told_apart_by
    ]
    texts = dict.fromkeys(("kpi", "grain", "breakdown"), pl.String)
    return pl.DataFrame(rows, schema={**texts, "through": pl.Date}, orient="row")


def _too_small_now(project: Project, values: pl.DataFrame) -> pl.DataFrame:
    """The periods and breakdowns of which something is too small to be shown by now: this is no question of books."""
    guarded = [name for name in values.get_column("kpi").unique() if project.min_group_size(project.kpis[name].metric)]
    return values.filter(pl.col("kpi").is_in(guarded), pl.col("sample_size").is_null()).select(PART).unique()


def without_moved(drivers: pl.DataFrame, frozen: Frozen) -> pl.DataFrame:
    """Why KPIs changed, without changes from or to a closed period that would move: the parts are of other numbers."""
    moved = frozen.moved.select("kpi", "grain", "period_label").unique()
    for label in ("period_label", "against_label"):
        drivers = drivers.join(moved, left_on=["kpi", "grain", label], right_on=moved.columns, how="anti")
    return drivers
