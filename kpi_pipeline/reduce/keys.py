"""Queries for the keys that would count rows twice: one that several rows have, or several at the same time."""

from __future__ import annotations

from sqlglot import expressions as exp

from kpi_pipeline.plan import Engine, Hop
from kpi_pipeline.reduce.rows import looked_up_rows


def repeated_key(hop: Hop, engine: Engine) -> exp.Select:
    """SELECT one key that more than one row has; with a validity one that more than one row has at a moment."""
    key = exp.column("_key", quoted=True)
    rows = exp.select("*").from_(looked_up_rows(hop, (), engine).subquery("_rows")).where(key.is_(exp.Null()).not_())
    if hop.validity is None:
        again = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
        return exp.select(key.copy()).from_(rows.subquery("_keys")).group_by(key.copy()).having(again).limit(1)
    since, until = exp.column("_from", quoted=True), exp.column("_until", quoted=True)
    following = exp.Window(
        this=exp.func("LEAD", since.copy()),
        partition_by=[key.copy()],
        order=exp.Order(expressions=[exp.Ordered(this=since.copy()), exp.Ordered(this=until.copy())]),
    )
    lasting = exp.select("*").from_(rows.subquery("_spans")).where(exp.LT(this=since, expression=until))
    after = exp.select("*", exp.alias_(following, "_next")).from_(lasting.subquery("_keys"))
    overlaps = exp.LT(this=exp.column("_next", quoted=True), expression=until.copy())
    return exp.select(key.copy()).from_(after.subquery("_after")).where(overlaps).limit(1)
