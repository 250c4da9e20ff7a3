"""Why a KPI changed between two periods: contributions of segments, parts and inputs that add up to the change.

The formulas stand in docs/explanation/why.md. What does not add up by itself is a row of its own, `remainder`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product
from math import factorial, fsum

import polars as pl
import sqlglot

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.computing import computed, finite
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Arithmetic, Leaf, Reach, SeriesKey
from kpi_pipeline.plan.parts import DAYS, DENOMINATOR, INPUT, NUMERATOR, Makeup, part_name
from kpi_pipeline.segments import TOTAL, breakdown_name, segment_name

DUST = 1e-9
"""A remainder below this share of what is added up is what rounding leaves."""
FEW_INPUTS = 8
"""Up to so many inputs every order in which they may change is averaged; of more, one order and its reverse."""
SIDES = ("from_value", "to_value")
KEY = ("breakdown", "segment")
EFFECTS = ("segment", "mix", "rate", "numerator", "denominator", "input", "entered", "left", "remainder")
"""In this order they are told."""
SCHEMA: dict[str, pl.DataType] = {
    "breakdown": pl.String(),
    "segment": pl.String(),
    "effect": pl.String(),
    "input": pl.String(),
    "contribution": pl.Float64(),
    "share_of_change": pl.Float64(),
    "from_value": pl.Float64(),
    "to_value": pl.Float64(),
}

Start = date | datetime
Results = Mapping[SeriesKey, pl.DataFrame]


@dataclass(frozen=True)
class Between:
    """The two periods of a metric that are compared: of a period in progress, the earlier one's same elapsed span.

    `column` holds the earlier value beside each value; without it the earlier period stands on its own.
    """

    metric: str
    grain: Grain
    earlier: Start
    later: Start
    column: str | None


@dataclass(frozen=True)
class Days:
    """The last days that a value reaches back from, in the earlier and the later period."""

    earlier: date
    later: date


def drivers(
    between: Between,
    made: Makeup,
    breakdowns: Sequence[tuple[str, ...]],
    results: Results,
    calendar: Calendar,
    days: Days | None = None,
) -> pl.DataFrame:
    """Every contribution to the change: breakdown, segment, effect, input, contribution, share, values before and now.

    No rows where either period has no value, for then there is no change.
    """
    total = _sides(between, (), results)
    if total.is_empty() or None in total.select(SIDES).row(0):
        return pl.DataFrame(schema=SCHEMA)
    before, now = total.select(SIDES).row(0)
    tables = [_of_total(total, made), _inputs(between, made, results)]
    if made.window and days and (part_name(between.metric, DAYS), Grain.day, ()) in results:
        tables.append(_entered_and_left(between, made.window, days, results, calendar))
    told = [one for one in breakdowns if one and not _hides_some(between, one, results)]
    tables += [_of_segments(_sides(between, one, results), total, made) for one in told]
    shown = [_with_remainder(one, before, now) for one in tables if one.height]
    if not shown:
        return pl.DataFrame(schema=SCHEMA)
    return _with_shares(pl.concat(shown), now - before, made)


def _hides_some(between: Between, breakdown: tuple[str, ...], results: Results) -> bool:
    """Whether some segment is too small a group to be shown: what the others contribute would tell what it does."""
    frame = results.get((between.metric, between.grain, breakdown))
    if frame is None or "sample_size" not in frame.columns:
        return False
    both = frame.filter(pl.col("period_start").is_in([between.earlier, between.later]))
    return both.get_column("sample_size").null_count() > 0


def _sides(between: Between, breakdown: tuple[str, ...], results: Results) -> pl.DataFrame:
    """Each segment's value before and now and, of a ratio, those of its numerator and denominator."""
    names = {"": "value", NUMERATOR: NUMERATOR, DENOMINATOR: DENOMINATOR}
    found: pl.DataFrame | None = None
    for part, name in names.items():
        metric = part_name(between.metric, part) if part else between.metric
        frame = results.get((metric, between.grain, breakdown))
        if frame is None:
            continue
        both = _both(frame, between, breakdown).rename({"before": f"from_{name}", "now": f"to_{name}"})
        found = both if found is None else found.join(both, on="segment", how="full", coalesce=True)
    if found is None:
        return pl.DataFrame(schema={"segment": pl.String, **dict.fromkeys(SIDES, pl.Float64)})
    return found.with_columns(breakdown=pl.lit(breakdown_name(breakdown)))


def _both(frame: pl.DataFrame, between: Between, breakdown: tuple[str, ...]) -> pl.DataFrame:
    """Each segment before and now; one that is not there in a period has no value in it."""
    named = segment_name(breakdown)
    later = frame.filter(pl.col("period_start") == between.later)
    if between.column:
        return later.select(segment=named, before=between.column, now="value")
    earlier = frame.filter(pl.col("period_start") == between.earlier).select(segment=named, before="value")
    return earlier.join(later.select(segment=named, now="value"), on="segment", how="full", coalesce=True)


def _of_segments(segments: pl.DataFrame, total: pl.DataFrame, made: Makeup) -> pl.DataFrame:
    """What each segment contributes: of a ratio by mix and by rate, of everything else its own change."""
    if made.ratio and made.missing_is_nothing:
        return _mix_and_rate(segments, total)
    before, now = (pl.col(one).fill_null(0) if made.missing_is_nothing else pl.col(one) for one in SIDES)
    rows = segments.with_columns(effect=pl.lit("segment"), contribution=now - before)
    return rows.filter(_says_something()).select(*KEY, "effect", "contribution", *SIDES)


def _says_something() -> pl.Expr:
    """Not a segment that was nothing and is nothing."""
    return pl.any_horizontal(pl.col(one).fill_null(0) != 0 for one in (*SIDES, "contribution"))


def _mix_and_rate(segments: pl.DataFrame, total: pl.DataFrame) -> pl.DataFrame:
    """A segment's share of the denominator changes (mix), and so does its own ratio (rate).

    A segment without a denominator in one of the periods has no rate to compare: all it contributes is mix.
    """
    whole = total.select("from_numerator", "to_numerator", "from_denominator", "to_denominator").row(0)
    if None in whole or 0 in whole[2:]:
        return pl.DataFrame(schema={name: SCHEMA[name] for name in (*KEY, "effect", "contribution", *SIDES)})
    n0, n1, d0, d1 = whole
    mean = (n0 / d0 + n1 / d1) / 2
    numerators = [pl.col(f"{side}_numerator").fill_null(0) for side in ("from", "to")]
    denominators = [pl.col(f"{side}_denominator").fill_null(0) for side in ("from", "to")]
    known = (denominators[0] != 0) & (denominators[1] != 0)
    shares = (denominators[0] / d0, denominators[1] / d1)
    rates = (numerators[0] / denominators[0], numerators[1] / denominators[1])
    both = numerators[1] / d1 - numerators[0] / d0 - mean * (shares[1] - shares[0])
    rate = pl.when(known).then((shares[0] + shares[1]) / 2 * (rates[1] - rates[0])).otherwise(0.0)
    rows = segments.with_columns(rate=rate).with_columns(mix=both - pl.col("rate"))
    rows = rows.filter((denominators[0] != 0) | (denominators[1] != 0) | (numerators[0] != 0) | (numerators[1] != 0))
    return pl.concat(
        rows.select(*KEY, pl.lit(effect).alias("effect"), pl.col(effect).alias("contribution"), *SIDES)
        for effect in ("mix", "rate")
    )


def _of_total(total: pl.DataFrame, made: Makeup) -> pl.DataFrame:
    """What numerator and denominator contribute to a ratio's change, each with the other at the mean of both orders."""
    if made.ratio is None or made.formula:
        return pl.DataFrame(schema=SCHEMA)
    n0, n1, d0, d1 = total.select("from_numerator", "to_numerator", "from_denominator", "to_denominator").row(0)
    if None in (n0, n1, d0, d1) or 0 in (d0, d1):
        return pl.DataFrame(schema=SCHEMA)
    rows = [
        ("numerator", (n1 - n0) * (1 / d0 + 1 / d1) / 2, n0, n1),
        ("denominator", (n0 + n1) / 2 * (1 / d1 - 1 / d0), d0, d1),
    ]
    return _rows_of_total([(effect, None, *rest) for effect, *rest in rows])


def _inputs(between: Between, made: Makeup, results: Results) -> pl.DataFrame:
    """What each input of a formula contributes: the mean over the orders in which the inputs may have changed."""
    if made.formula is None:
        return pl.DataFrame(schema=SCHEMA)
    sides: dict[str, tuple[float | None, float | None]] = {}
    for name, _ in made.formula.inputs:
        frame = results.get((part_name(between.metric, f"{INPUT}{name}"), between.grain, ()))
        both = None if frame is None else _both(frame, between, ())
        sides[name] = (None, None) if both is None or both.is_empty() else both.select("before", "now").row(0)
    shares = shapley(made.formula, sides)
    if shares is None:
        return pl.DataFrame(schema=SCHEMA)
    return _rows_of_total([("input", name, shares[name], *sides[name]) for name in sides])


def shapley(formula: Arithmetic, sides: Mapping[str, tuple[float | None, float | None]]) -> dict[str, float] | None:
    """Each input's contribution to the change of a formula; None where it cannot be computed halfway."""
    names = list(sides)
    orders = len(names)
    moved = [name for name in names if sides[name][0] != sides[name][1]]
    nothing = dict.fromkeys(names, 0.0)
    if not moved:
        return nothing
    subsets = list(product((False, True), repeat=len(moved))) if len(moved) <= FEW_INPUTS else _one_by_one(len(moved))
    corners = pl.DataFrame(
        {
            name: [sides[name][subset[moved.index(name)] if name in moved else 0] for subset in subsets]
            for name in names
        },
        schema=dict.fromkeys(names, pl.Float64),
    )
    tree = sqlglot.parse_one(formula.expr, read="duckdb")
    named = {name.lower(): pl.col(name) for name in names}
    values = corners.select(value=finite(computed(tree, named).cast(pl.Float64))).get_column("value").to_list()
    worth = dict(zip(subsets, values, strict=True))
    if None in values or not orders:
        return None
    weighed = _all_orders if len(moved) <= FEW_INPUTS else _two_orders
    return nothing | {name: weighed(place, worth) for place, name in enumerate(moved)}


Subset = tuple[bool, ...]


def _all_orders(place: int, worth: Mapping[Subset, float]) -> float:
    """The mean over all orders of what changes when one input does."""
    count = len(next(iter(worth)))
    found = 0.0
    for subset, value in worth.items():
        if not subset[place]:
            others = sum(subset)
            weight = factorial(others) * factorial(count - others - 1) / factorial(count)
            found += weight * (worth[(*subset[:place], True, *subset[place + 1 :])] - value)
    return found


def _one_by_one(count: int) -> list[Subset]:
    """The first so many inputs changed, and the last so many."""
    first = [tuple(place < so_many for place in range(count)) for so_many in range(count + 1)]
    last = [tuple(place >= count - so_many for place in range(count)) for so_many in range(count + 1)]
    return list(dict.fromkeys([*first, *last]))


def _two_orders(place: int, worth: Mapping[Subset, float]) -> float:
    """The mean of what changes when one input does after all before it, and after all behind it."""
    count = len(next(iter(worth)))
    first = [tuple(one < so_many for one in range(count)) for so_many in (place, place + 1)]
    last = [tuple(one >= so_many for one in range(count)) for so_many in (place + 1, place)]
    return (worth[first[1]] - worth[first[0]] + worth[last[1]] - worth[last[0]]) / 2


def _entered_and_left(between: Between, leaf: Leaf, days: Days, results: Results, calendar: Calendar) -> pl.DataFrame:
    """What came into the window with its later days, and what it left behind."""
    daily = results.get((part_name(between.metric, DAYS), Grain.day, ()))
    if daily is None or leaf.reach is None:
        return pl.DataFrame(schema=SCHEMA)
    earlier, later = (_span(leaf.reach, day, calendar) for day in (days.earlier, days.later))
    day = pl.col("period_start")
    in_earlier, in_later = day.is_between(*earlier), day.is_between(*later)
    entered, left = daily.select(
        entered=pl.col("value").filter(in_later & ~in_earlier).sum(),
        left=pl.col("value").filter(in_earlier & ~in_later).sum(),
    ).row(0)
    return _rows_of_total([("entered", None, entered, None, entered), ("left", None, -left, left, None)])


def _span(reach: Reach, day: date, calendar: Calendar) -> tuple[date, date]:
    """The first and the last day of the window that ends with a day."""
    if reach.window:
        first = calendar.trailing(reach.window).filter(pl.col("day") == day).get_column("begin")
        return (first.item() if first.len() else day), day
    return (calendar.start_of(day, reach.to_date) if reach.to_date else date.min), day


def _rows_of_total(rows: Sequence[tuple[str, str | None, float | None, float | None, float | None]]) -> pl.DataFrame:
    names = ("effect", "input", "contribution", *SIDES)
    table = pl.DataFrame(rows, schema={name: SCHEMA[name] for name in names}, orient="row")
    return table.with_columns(breakdown=pl.lit(TOTAL), segment=pl.lit(TOTAL))


def _with_remainder(rows: pl.DataFrame, before: float, now: float) -> pl.DataFrame:
    """The rows of one breakdown with what they leave of the change, where that is more than rounding."""
    rows = rows.select(pl.col(name) if name in rows.columns else pl.lit(None).alias(name) for name in SCHEMA)
    rows = rows.cast(pl.Schema(SCHEMA))
    added = rows.get_column("contribution").drop_nulls().to_list()
    rest = (now - before) - fsum(added)
    scale = max(abs(before), abs(now), fsum(map(abs, added)))
    if abs(rest) <= DUST * scale:
        return rows
    breakdown = rows.get_column("breakdown").item(0)
    said = {"breakdown": breakdown, "segment": TOTAL, "effect": "remainder", "contribution": rest}
    left = {name: said.get(name) for name in SCHEMA}
    return pl.concat([rows, pl.DataFrame([left], schema=SCHEMA)])


def _with_shares(rows: pl.DataFrame, change: float, made: Makeup) -> pl.DataFrame:
    """The contributions as shares of the change, where there is one and they are parts of it."""
    part = pl.lit(made.missing_is_nothing) | (pl.col("breakdown") == TOTAL)
    share = pl.when(part & (change != 0)).then(pl.col("contribution") / change)
    return rows.with_columns(share_of_change=pl.when(share.is_finite()).then(share))


def concentration(rows: pl.DataFrame) -> Iterator[tuple[str, float]]:
    """How much of a breakdown's contributions few segments make up, most first: from 0, all alike, to 1, one alone.

    The sum of the squared shares that segments have in all contributions taken without their sign (Herfindahl), between
    what it is where all are alike and 1. What does not add up counts as a segment of its own.
    """
    by_segment = (
        rows.filter((pl.col("breakdown") != TOTAL) & pl.col("contribution").is_not_null())
        .group_by(*KEY)
        .agg(size=pl.col("contribution").sum().abs())
    )
    measured = by_segment.group_by("breakdown").agg(
        count=pl.len(), squares=(pl.col("size") / pl.col("size").sum()).pow(2).sum()
    )
    even = 1 / pl.col("count")
    placed = (pl.col("squares") - even) / (1 - even)
    between = pl.when((pl.col("count") > 1) & placed.is_finite()).then(placed).otherwise(0.0)
    ranked = measured.select("breakdown", between=between).sort("between", "breakdown", descending=[True, False])
    yield from ranked.iter_rows()
