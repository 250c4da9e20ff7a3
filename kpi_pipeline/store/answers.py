"""Answers about spans of days, kept beside the partial results they were made from."""

from __future__ import annotations

from datetime import date

import polars as pl

from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Reduction
from kpi_pipeline.store.warehouse import Warehouse, quoted

ANSWER = TableRef("partial", "answer")
"""Where they are kept."""
_SPAN = ["first_day", "last_day"]
_COLUMNS = "reduction VARCHAR, asked VARCHAR, first_day DATE, last_day DATE, segment VARCHAR, value DOUBLE"


class KeptAnswers:
    """What earlier runs found of spans of days; what this run finds is kept by `save`.

    Forgotten as soon as a row of one of their days may have changed: see `forget_answers`.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._known: dict[str, dict[str, pl.DataFrame]] = {}
        self._learnt: list[pl.DataFrame] = []

    def known(self, reduction: Reduction, key: str) -> pl.DataFrame:
        """first_day, last_day, segment, value; no segment where a span was looked at."""
        name = reduction.table.name
        if name not in self._known:
            self._known[name] = self._of(name)
        return self._known[name].get(key, _NOTHING)

    def learn(self, reduction: Reduction, key: str, rows: pl.DataFrame) -> None:
        """Takes what was found of spans that nothing was known of; several sheets may ask the same."""
        known = self.known(reduction, key)
        new = rows.select(_NOTHING.columns).join(known.select(_SPAN).unique(), on=_SPAN, how="anti")
        # NOTE: one answer a span and segment, whatever went wrong before: a second one would be a second row for ever.
        new = new.unique([*_SPAN, "segment"], keep="first", maintain_order=True)
        self._known[reduction.table.name][key] = pl.concat([known, new])
        self._learnt.append(
            new.select(pl.lit(reduction.table.name).alias("reduction"), pl.lit(key).alias("asked"), "*")
        )

    def save(self) -> None:
        """Keeps what was found."""
        if self._learnt:
            _prepare(self._warehouse)
            self._warehouse.append(ANSWER, pl.concat(self._learnt))
            self._learnt.clear()

    def _of(self, name: str) -> dict[str, pl.DataFrame]:
        if self._warehouse.table_kind(ANSWER) is None:
            return {}
        rows = self._warehouse.fetch(f"SELECT * EXCLUDE (reduction) FROM {quoted(ANSWER)} WHERE reduction = ?", [name])
        parts = rows.partition_by("asked", as_dict=True, include_key=False)
        return {str(key[0]): part for key, part in parts.items()}


_NOTHING = pl.DataFrame(schema={"first_day": pl.Date, "last_day": pl.Date, "segment": pl.String, "value": pl.Float64})


def forget_answers(warehouse: Warehouse, reduction: Reduction, days: tuple[date, date] | None) -> None:
    """Forgets what rests on days from one on and before another, or on any day."""
    _prepare(warehouse)
    forgotten = f"DELETE FROM {quoted(ANSWER)} WHERE reduction = ?"
    if days is None:
        warehouse.run(forgotten, [reduction.table.name])
    else:
        warehouse.run(f"{forgotten} AND last_day >= ? AND first_day < ?", [reduction.table.name, *days])


def _prepare(warehouse: Warehouse) -> None:
    warehouse.run(f"CREATE TABLE IF NOT EXISTS {quoted(ANSWER)} ({_COLUMNS})")
