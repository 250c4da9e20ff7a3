"""The rows of one side of a matching, with what its filter looks up in other models."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import expressions as exp

from kpi_pipeline.plan import Engine, Reduction, Shape, Side
from kpi_pipeline.reduce.aggregate import parsed
from kpi_pipeline.reduce.rows import rows_of


def rows_of_side(side: Side, when: exp.Expr, engine: Engine, *selected: exp.Expr) -> exp.Select:
    """SELECT what is named from the rows that count: they pass the filter and have a time and every key."""
    reduction = Reduction(side.model.name, side.time, Shape.additive, (), (), joined=side.joined)
    query = exp.select(*selected).from_(rows_of(side.model, reduction, engine))
    present = [one.is_(exp.null()).not_() for one in (when.copy(), *map(parsed, side.keys))]
    query = query.where(*present)
    return query.where(parsed(side.filter)) if side.filter else query


def as_struct(columns: Sequence[str]) -> exp.Struct:
    """The columns of a row as one value, so that a window can look back to all of them at once."""
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=exp.column(name, quoted=True))
            for name in columns
        ]
    )
