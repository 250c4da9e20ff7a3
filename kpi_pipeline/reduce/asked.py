"""Questions about the keys and values of a pass, for an engine that answers them where the rows are.

The days and segments that are asked for lie beside the rows, as ASKED_DAYS and ASKED_SEGMENTS.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import expressions as exp

from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Fold, Measure
from kpi_pipeline.plan.matching import SEEN
from kpi_pipeline.sql_parts import sql_call, sql_table

ASKED_DAYS = TableRef("temp", "asked_day")
"""Which days are looked at: `_day`, and `_span` or `_leaves`."""
ASKED_SEGMENTS = TableRef("temp", "asked_segment")
"""The dimensions of a breakdown, and `_segment`."""
KNOWN_THEN = TableRef("temp", "known_then")
"""For each day of events which is the last whose news of them was known: `_day`, `_known`."""
NEVER = "9999-12-31"
ACCURACY = 10_000
"""One over the share of rows by which the place of an estimated percentile may be off."""
ROWS, DAYS, SEGMENTS, THEN = "_seen", "_days", "_segments", "_then"


def of_spans(rows: exp.Query, breakdown: Sequence[str], measures: Sequence[Measure]) -> exp.Select:
    """SELECT _span, _segment, _made_0, ...: of each measure the distinct count or percentile of a span."""
    if all(one.approximate and one.fold is Fold.distinct for one in measures):
        return _of_sketches(rows, breakdown, measures)
    query = _placed(rows, breakdown).select(exp.alias_(_of(DAYS, "_span"), "_span"), _segment(breakdown))
    query = query.select(*(exp.alias_(_made(one), f"_made_{place}") for place, one in enumerate(measures)))
    return query.group_by(exp.Literal.number(1), exp.Literal.number(2))


def _of_sketches(rows: exp.Query, breakdown: Sequence[str], measures: Sequence[Measure]) -> exp.Select:
    """The same distinct counts, estimated: a sketch a day and segment, and those of a span's days put together.

    HyperLogLog of Apache DataSketches with 2**14 registers; its standard error is 1.04 / sqrt(2**14), 0.8 %.
    """
    keys = [exp.alias_(_of(ROWS, "_day"), "_day"), _segment(breakdown)]
    each = _with_segments(exp.select(*keys).from_(rows.copy().subquery(ROWS)), breakdown)
    for place, one in enumerate(measures):
        key = exp.case().when(_of(ROWS, one.column), exp.cast(_of(ROWS, "_key"), "VARCHAR"))
        each = each.select(exp.alias_(sql_call("HLL_SKETCH_AGG", key, exp.Literal.number(14)), f"_sketch_{place}"))
    each = each.where(exp.In(this=_of(ROWS, "_day"), query=exp.select("_day").from_(sql_table(ASKED_DAYS)).subquery()))
    each = each.group_by(exp.Literal.number(1), exp.Literal.number(2))
    query = exp.select(exp.alias_(_of(DAYS, "_span"), "_span"), exp.alias_(_of(ROWS, "_segment"), "_segment"))
    for place in range(len(measures)):
        joined = sql_call("HLL_UNION_AGG", _of(ROWS, f"_sketch_{place}"))
        query = query.select(exp.alias_(sql_call("HLL_SKETCH_ESTIMATE", joined), f"_made_{place}"))
    same = exp.EQ(this=_of(ROWS, "_day"), expression=_of(DAYS, "_day"))
    query = query.from_(each.subquery(ROWS)).join(exp.alias_(sql_table(ASKED_DAYS), DAYS, table=True), on=same)
    return query.group_by(exp.Literal.number(1), exp.Literal.number(2))


def stays(rows: exp.Query, breakdown: Sequence[str], measures: Sequence[Measure]) -> exp.Select:
    """SELECT _measure, _segment, _day, _change: how many keys begin to be within reach on a day, less those that end.

    A visit begins a stay, or goes on with one; it ends when the key is seen again or when no window holds it any more,
    whichever comes first. So each visit is one stay, and stays of a key do not overlap.

    NOTE: the rows are read once: stays are counted by the days on which they begin and end before either is told. Of
    several visits on a day all but the last end as they begin, which changes nothing.
    """
    visits = [
        _placed(rows, breakdown)
        .select(exp.alias_(exp.Literal.number(place), "_measure"), _segment(breakdown), _of(ROWS, "_key"))
        .select(_of(ROWS, "_day"), exp.alias_(_of(DAYS, "_leaves"), "_leaves"))
        .where(_of(ROWS, one.column))
        for place, one in enumerate(measures)
    ]
    every: exp.Query = visits[0]
    for one in visits[1:]:
        every = exp.union(every, one, distinct=False)
    again = exp.Window(
        this=exp.func("LEAD", exp.column("_day")),
        partition_by=[exp.column(name) for name in ("_measure", "_segment", "_key")],
        order=exp.Order(expressions=[exp.Ordered(this=exp.column("_day"))]),
    )
    never = exp.cast(exp.Literal.string(NEVER), "DATE")
    ends = exp.func("LEAST", *(exp.func("COALESCE", one, never.copy()) for one in (again, exp.column("_leaves"))))
    kept = [exp.column(name) for name in ("_measure", "_segment", "_day")]
    each = exp.select(*kept, exp.alias_(ends, "_ends")).from_(every.subquery("_visits"))
    alike = exp.select(*(one.copy() for one in kept), exp.column("_ends"))
    alike = alike.select(exp.alias_(exp.Count(this=exp.Star()), "_stays")).from_(each.subquery("_each"))
    alike = alike.where(exp.NEQ(this=exp.column("_day"), expression=exp.column("_ends")))
    alike = alike.group_by(*(exp.Literal.number(one) for one in (1, 2, 3, 4)))
    is_begin = exp.EQ(this=exp.column("_one"), expression=exp.Literal.number(1))
    day = exp.case().when(is_begin, exp.column("_day")).else_(exp.column("_ends"))
    sides = exp.union(*(exp.select(exp.alias_(exp.Literal.number(one), "_one")) for one in (1, -1)), distinct=False)
    told = exp.select(exp.column("_measure"), exp.column("_segment"), exp.alias_(day, "_day"))
    told = told.select(exp.alias_(exp.Mul(this=exp.column("_one"), expression=exp.column("_stays")), "_changes"))
    told = told.from_(alike.subquery("_alike")).join(sides.subquery("_sides"), join_type="cross")
    total = exp.cast(exp.func("SUM", exp.column("_changes")), "BIGINT")
    query = exp.select(*(one.copy() for one in kept), exp.alias_(total, "_change")).from_(told.subquery("_told"))
    query = query.where(exp.LT(this=exp.column("_day"), expression=never.copy()))
    return query.group_by(*(exp.Literal.number(one) for one in (1, 2, 3)))


def known_then(rows: exp.Query) -> exp.Select:
    """The events that were known: those of which there was news by the day that KNOWN_THEN has for theirs."""
    known = exp.and_(
        exp.EQ(this=_of(ROWS, "_day"), expression=_of(THEN, "_day")),
        exp.LTE(this=_of(ROWS, SEEN), expression=_of(THEN, "_known")),
    )
    query = exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier(ROWS))).from_(rows.subquery(ROWS))
    return query.join(exp.alias_(sql_table(KNOWN_THEN), THEN, table=True), on=known)


def _placed(rows: exp.Query, breakdown: Sequence[str]) -> exp.Select:
    """FROM the rows on the days asked for, each with its segment."""
    same = exp.EQ(this=_of(ROWS, "_day"), expression=_of(DAYS, "_day"))
    query = exp.select().from_(rows.copy().subquery(ROWS))
    query = query.join(exp.alias_(sql_table(ASKED_DAYS), DAYS, table=True), on=same)
    return _with_segments(query, breakdown)


def _with_segments(query: exp.Select, breakdown: Sequence[str]) -> exp.Select:
    """The query with each row's segment."""
    if not breakdown:
        return query
    alike = [exp.NullSafeEQ(this=_of(ROWS, name), expression=_of(SEGMENTS, name)) for name in breakdown]
    return query.join(exp.alias_(sql_table(ASKED_SEGMENTS), SEGMENTS, table=True), on=exp.and_(*alike))


def _segment(breakdown: Sequence[str]) -> exp.Expr:
    return exp.alias_(_of(SEGMENTS, "_segment") if breakdown else exp.Literal.number(0), "_segment")


def _made(measure: Measure) -> exp.Expr:
    """What a measure makes of the rows that its filter lets through."""
    what = "_key" if measure.fold is Fold.distinct else "_value"
    passed = exp.case().when(_of(ROWS, measure.column), _of(ROWS, what))
    if measure.fold is Fold.distinct:
        return exp.Count(this=exp.Distinct(expressions=[passed]))
    share = exp.Literal.number(0.5 if measure.quantile is None else measure.quantile)
    if measure.approximate:
        return exp.cast(sql_call("APPROX_PERCENTILE", passed, share, exp.Literal.number(ACCURACY)), "DOUBLE")
    kind = exp.PercentileDisc if measure.discrete else exp.PercentileCont
    order = exp.Order(expressions=[exp.Ordered(this=passed)])
    return exp.cast(exp.WithinGroup(this=kind(this=share), expression=order), "DOUBLE")


def _of(table: str, name: str) -> exp.Column:
    return exp.column(name, table=table, quoted=True)
