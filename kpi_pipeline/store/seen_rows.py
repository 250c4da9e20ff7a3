"""Keys and values read from the warehouse a part at a time, as whole numbers wherever that is possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.sql_parts import sql_day
from kpi_pipeline.store.warehouse import Warehouse

WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
"""Types of keys that are used as they are."""
FEW = 1 << 16
"""So many combinations of dimension values have numbers of two bytes: every row has one."""


@dataclass(frozen=True, eq=False)
class SeenRows:
    """The rows of a query over the warehouse: `_day`, dimensions, `_key` or `_value`, and a column a measure.

    Combinations of dimension values leave the warehouse as the number of their row in `places`; keys that are whole
    numbers as they are, any other key as a number that is its own within a part. `refusal` says what to raise where the
    query cannot be carried out.
    """

    warehouse: Warehouse
    query: exp.Query
    dimensions: Sequence[str]
    places: pl.DataFrame
    days: pl.DataFrame
    refusal: Callable[[Exception], Exception]

    def by_key(self, at_most: int, spans: Sequence[tuple[date, date]]) -> Iterator[pl.DataFrame]:
        """The rows of some spans of days in parts of about that many, all rows of a key in one part."""
        inside = self._inside(spans)
        parts = max(-(-int(inside.get_column("rows").sum()) // at_most), 1)
        days = self._on_days(inside, len(spans))
        for part in range(parts):
            # NOTE: nothing here holds on to a part, so it is gone before the next one is read.
            yield self._with_whole_keys(self._read(exp.and_(days, self._in_part(part, parts)) if parts > 1 else days))

    def by_days(self, spans: Sequence[tuple[date, date]]) -> Iterator[pl.DataFrame]:
        """The rows of one span of days after the other."""
        for span in spans:
            yield self._read(self._on_days(self._inside([span]), 1))

    def _inside(self, spans: Sequence[tuple[date, date]]) -> pl.DataFrame:
        """The days of the spans that have rows."""
        return self.days.filter(pl.any_horizontal(pl.col("_day").is_between(*span) for span in spans))

    def _on_days(self, inside: pl.DataFrame, spans: int) -> exp.Expr:
        """Whether a row's day is among those of so many spans; nothing to ask where these are all days.

        NOTE: of many spans by looking the day up, which takes as long as comparing it with one of them.
        """
        if inside.is_empty():
            return exp.false()
        if inside.height == self.days.height:
            return exp.true()
        day, among = exp.column("_day"), [sql_day(one) for one in inside.get_column("_day")]
        between = day.between(among[0], among[-1])
        return between if spans == 1 else exp.and_(between, exp.In(this=day.copy(), expressions=among))

    def _in_part(self, part: int, parts: int) -> exp.Expr:
        """Whether a key belongs to a part.

        NOTE: by its hash, because numbers given out in steps may all leave the same when divided.
        """
        rest = exp.Mod(this=exp.func("HASH", exp.column("_key")), expression=exp.Literal.number(parts))
        return rest.eq(part)

    def _with_whole_keys(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows if self._is_whole else rows.with_columns(pl.col("_key").cast(pl.Categorical).to_physical())

    @cached_property
    def _is_whole(self) -> bool:
        return self._columns["_key"] in WHOLE

    @cached_property
    def _columns(self) -> dict[str, str]:
        with self._refused():
            return self.warehouse.columns(self.query)

    def _read(self, chosen: exp.Expr) -> pl.DataFrame:
        rows = exp.select().from_(self.query.subquery("seen"))
        for name, kind in self._columns.items():
            if name not in self.dimensions:
                rows = rows.select(exp.alias_(_compact(name, kind), name, quoted=True))
        rows = rows.where(chosen)
        with self._refused():
            if not self.dimensions:
                found = self.warehouse.fetch(rows)
                return found.with_columns(pl.lit(0, pl.Int32).alias("_place"))
            number = pl.UInt16 if self.places.height <= FEW else pl.Int32
            numbered = self.places.with_row_index("_place").with_columns(pl.col("_place").cast(number))
            with self.warehouse.lent(numbered) as lent:
                same = [
                    exp.NullSafeEQ(this=self._given(name), expression=_of("seen", name)) for name in self.dimensions
                ]
                places = exp.alias_(exp.to_table(lent), "places", table=True)
                return self.warehouse.fetch(rows.select(_of("places", "_place")).join(places, on=exp.and_(*same)))

    def _given(self, name: str) -> exp.Expr:
        """A dimension's value of a place, in the type that rows have it in."""
        kind = self._columns[name]
        return _of("places", name) if kind.startswith("ENUM") else exp.cast(_of("places", name), kind)

    @contextmanager
    def _refused(self) -> Iterator[None]:
        try:
            yield
        except self.warehouse.query_errors as problem:
            raise self.refusal(problem) from problem


def _compact(name: str, kind: str) -> exp.Expr:
    """Keys that are no numbers leave as text.

    NOTE: 0 is added to floating-point keys because there are two zeros that are one key and two texts.
    """
    column: exp.Expr = _of("seen", name)
    if name != "_key" or kind in WHOLE:
        return column
    if kind in {"DOUBLE", "FLOAT"}:
        column = exp.Add(this=column, expression=exp.Literal.number(0))
    return exp.cast(column, "VARCHAR")


def _of(table: str, name: str) -> exp.Column:
    return exp.column(name, table=table, quoted=True)
