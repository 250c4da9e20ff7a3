"""Conversion events with the row of the base event that each belongs to.

Events of both kinds are put in one line of time for each key; every conversion looks back to the last base event before
it. So each row is read once and sorted once, however many events a key has, and no engine needs a join of its own kind
(an ASOF join, which Spark has not) or one that compares everything within the window with everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import expressions as exp

from kpi_pipeline.plan import Engine
from kpi_pipeline.plan.matching import EVENT, SEEN, Matching, Side
from kpi_pipeline.reduce.aggregate import parsed
from kpi_pipeline.reduce.day import business_day
from kpi_pipeline.reduce.moment import compared, time_type
from kpi_pipeline.reduce.side import as_struct, rows_of_side
from kpi_pipeline.sql_parts import sql_nothing

IS_CONVERSION = "_is_conversion"
AT = "_at"
UNTIL = "_until"
BASE = "_base"


def matched_events(matching: Matching, columns: Sequence[str], engine: Engine) -> exp.Select:
    """A row a conversion that belongs to a base event: the base row's columns, what it adds, and when it was known."""
    line = _line_of_time(matching, columns, engine)
    looked_back = (
        exp.select(*(exp.column(name, quoted=True) for name in (IS_CONVERSION, AT, EVENT, SEEN)))
        .select(exp.alias_(_last_base(matching, columns), BASE, quoted=True))
        .from_(line.subquery("line"))
    )
    found = exp.select(
        *(exp.alias_(_of_base(name), name, quoted=True) for name in columns),
        exp.column(EVENT, quoted=True),
        exp.column(SEEN, quoted=True),
    ).from_(looked_back.subquery("looked_back"))
    has_base = exp.column(BASE, quoted=True).is_(exp.null()).not_()
    found = found.where(exp.column(IS_CONVERSION, quoted=True).eq(1), has_base)
    if matching.window:
        found = found.where(exp.LT(this=exp.column(AT, quoted=True), expression=_of_base(UNTIL)))
    return found


def _line_of_time(matching: Matching, columns: Sequence[str], engine: Engine) -> exp.Query:
    """The events of both kinds, each with what the other lacks left empty."""
    kinds = (time_type(matching.base, engine), time_type(matching.conversion, engine))
    moments = compared(matching.base, matching.conversion, matching.window, kinds)
    at = moments.of(matching.base, kinds[0])
    seen = business_day(matching.conversion.model, matching.conversion.time, kinds[1])
    base = {AT: at, IS_CONVERSION: exp.Literal.number(0)}
    if matching.window:
        base[UNTIL] = moments.after(at.copy(), matching.window)
    base |= {name: parsed(tie) for name, tie in _ties(matching)}
    base |= {name: exp.column(name, quoted=True) for name in columns}
    later = {
        AT: moments.of(matching.conversion, kinds[1]),
        IS_CONVERSION: exp.Literal.number(1),
        EVENT: parsed(matching.expr),
        SEEN: seen,
    }
    lines = [_events(side, own[AT], engine, own) for side, own in ((matching.base, base), (matching.conversion, later))]
    known = {name: kind for line in lines for name, kind in engine.columns(line).items()}
    # NOTE: each in the type that the other side has it in; not every engine finds that out for a bare NULL.
    empty = {UNTIL: sql_nothing("DATE"), **{name: sql_nothing(kind) for name, kind in known.items()}}
    names = dict.fromkeys((AT, IS_CONVERSION, UNTIL, *base, *later))
    first, second = (
        _events(side, own[AT], engine, {name: own.get(name, empty[name]) for name in names})
        for side, own in ((matching.base, base), (matching.conversion, later))
    )
    return exp.union(first, second, distinct=False)


def _events(side: Side, at: exp.Expr, engine: Engine, selected: Mapping[str, exp.Expr]) -> exp.Select:
    """The events of a side: what is selected, and before it their keys."""
    keys = (exp.alias_(parsed(key), _key(number), quoted=True) for number, key in enumerate(side.keys))
    named = (exp.alias_(one, name, quoted=True) for name, one in selected.items())
    return rows_of_side(side, at, engine, *keys, *named)


def _last_base(matching: Matching, columns: Sequence[str]) -> exp.Expr:
    """The last base event so far. At one moment base events come first, so that an event may follow at once."""
    base_row = exp.case().when(exp.column(IS_CONVERSION, quoted=True).eq(0), as_struct((UNTIL, *columns)))
    order = [AT, IS_CONVERSION, *(name for name, _ in _ties(matching))]
    return exp.Window(
        this=exp.IgnoreNulls(this=exp.LastValue(this=base_row)),
        partition_by=[exp.column(_key(number), quoted=True) for number in range(len(matching.base.keys))],
        order=exp.Order(
            expressions=[exp.Ordered(this=exp.column(name, quoted=True), nulls_first=True) for name in order]
        ),
        spec=exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW"),
    )


def _ties(matching: Matching) -> list[tuple[str, str]]:
    return [(f"_tie_{number}", tie) for number, tie in enumerate(matching.ties)]


def _key(number: int) -> str:
    return f"_key_{number}"


def _of_base(name: str) -> exp.Expr:
    return exp.column(name, table=BASE, quoted=True)
