"""Where the periods in progress of all KPIs will end: what is known of them is put on boards, and these are projected.

A board is of one grain and one point in time, so that every KPI on it is looked at as it stood at the same point of all
its earlier periods. What it stood at is computed as any value is, in a calendar whose periods end at that point.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive import Partials
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.pipeline.adding_up import adds_up
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.holiday_days import holiday_days
from kpi_pipeline.pipeline.leaders import leader_values, leaders_of
from kpi_pipeline.pipeline.stood import Asked, Known, Point, Results, point_of, stood_at
from kpi_pipeline.plan import Coverage, Derivation, Filled, Fold, Leaf, Matching, Node, Series, leaves
from kpi_pipeline.project import Project
from kpi_pipeline.projection import Board, Clock, Part, Projected
from kpi_pipeline.projection import project as projected
from kpi_pipeline.projection.choice import FEWEST
from kpi_pipeline.projection.nouns import METHODS, Flags, Numbers, Places, Stage
from kpi_pipeline.publish.projection_table import PROJECTION_TABLE
from kpi_pipeline.segments import TOTAL, breakdown_name, segment_name

LONGEST = {Grain.day: 400, Grain.week: 160, Grain.month: 84, Grain.quarter: 40, Grain.year: 30}
"""How many periods back the past is looked at."""
MOST_WAITING = 12
"""At most so many periods are projected that are over, but whose events may still follow."""
SEASONS = {Grain.day: Window(7, Grain.day), Grain.week: Window(1, Grain.year), Grain.month: Window(1, Grain.year),
           Grain.quarter: Window(1, Grain.year)}  # fmt: skip
"""How long before a period the same one of the season before is."""

SCHEMA = PROJECTION_TABLE.schema


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a board that one series fills: a row a segment."""

    kpi: str
    breakdown: str
    segments: tuple[str, ...]
    upper: Part
    lower: Part
    is_ratio: bool
    grows: Flags
    now: Numbers


@dataclass(frozen=True, eq=False)
class Placed:
    """A board, what it is about, its periods, and which of its rows each series fills."""

    asked: Asked
    periods: pl.DataFrame
    rows: tuple[Rows, ...]
    board: Board


def boards(
    context: Context,
    kpis: Collection[str],
    derivations: Mapping[str, Derivation],
    results: Results,
    partials: Partials,
    calendar: Calendar,
    coverage: Mapping[str, Coverage],
) -> tuple[Placed, ...]:
    """What is known of the periods in progress of a run's KPIs."""
    named = holiday_days(context.project, context.warehouse)
    holidays = frozenset() if named is None else frozenset(named.get_column("day"))
    return boards_of(context.project, kpis, Known(derivations, results, partials, calendar, coverage, holidays))


def boards_of(project: Project, kpis: Collection[str], known: Known) -> tuple[Placed, ...]:
    """The boards of KPIs: one for each grain and point in time."""
    together: dict[Asked, list[Kpi]] = defaultdict(list)
    for name in sorted(kpis):
        for asked in asked_of(project.kpis[name], known):
            together[asked].append(project.kpis[name])
    return placed_on(together, known)


def placed_on(boards: Mapping[Asked, Sequence[Kpi]], known: Known) -> tuple[Placed, ...]:
    """The boards of KPIs by what they are about."""
    laid = [_laid_out(asked, kpis, known) for asked, kpis in boards.items()]
    return tuple(_placed_on(one, [other for other in laid if _follows(one, other)], known) for one in laid)


def projections(
    project: Project, placed: Sequence[Placed], evidence: pl.DataFrame, results: Results, calendar: Calendar
) -> pl.DataFrame:
    """A row a KPI, segment and period in progress, as in the table `kpi_projection`.

    `evidence` says which leaders are confirmed: what they say by now counts.
    """
    told = leaders_of(evidence)
    frames = []
    for one in placed:
        said = [
            leader_values(project, told, kpi, one.asked, one.periods, results) if segment == TOTAL else None
            for kpi, _, segment in _named(one.rows)
        ]
        nothing = np.full(one.periods.height, np.nan)
        leader = np.stack([nothing if values is None else values for values in said])
        board = replace(one.board, leader=leader)
        table = _table(one.asked, one.rows, board, projected(board))
        frames.append(calendar.named(table, one.asked.grain).select(SCHEMA.names()))
    return pl.concat([pl.DataFrame(schema=SCHEMA), *frames])


def _named(rows: Sequence[Rows]) -> list[tuple[str, str, str]]:
    """The KPI, breakdown and segment of each row of a board."""
    return [(one.kpi, one.breakdown, segment) for one in rows for segment in one.segments]


def asked_of(kpi: Kpi, known: Known) -> Iterator[Asked]:
    """The periods of a KPI that are to be projected: the one its data has come to, and those that wait for events.

    NOTE: hours are over or not there yet.
    """
    coverage, derivation = known.coverage.get(kpi.metric), known.derivations.get(kpi.metric)
    total = next(_frames(kpi, known.results), None)
    if coverage is None or derivation is None or total is None or kpi.grain is Grain.hour:
        return
    starts = total[1].filter(~pl.col("is_complete")).get_column("period_start").sort().to_list()
    if not starts or not known.calendar.covers(coverage.complete_before):
        return
    filling = known.calendar.start_of(coverage.complete_before, kpi.grain)
    waiting = [one for one in starts if one < filling][:MOST_WAITING] if waits(derivation.node) else []
    order = {start: place for place, start in enumerate(known.calendar.of(kpi.grain).get_column("period_start").sort())}
    over = order[starts[0]] - 1
    for start in (*waiting, *(one for one in starts if one == filling)):
        yield Asked(kpi.grain, start, coverage.complete_before, order[start] - over, order[filling] - order[start])


def waits(node: Node) -> bool:
    """Whether numbers may still grow when their period is over."""
    return any(
        leaf.measure.ages is not None
        or (isinstance(leaf.measure.events, Matching) and leaf.measure.events.window is not None)
        for leaf in leaves(node)
    )


def _frames(kpi: Kpi, results: Results) -> Iterator[tuple[Series, pl.DataFrame]]:
    """The KPI's values, the total first."""
    known = {one.key: one for one in results}
    for breakdown in sorted(kpi.told_apart_by, key=lambda one: (len(one), one)):
        if series := known.get((kpi.metric, kpi.grain, breakdown)):
            yield series, results[series]


@dataclass(frozen=True, eq=False)
class _LaidOut:
    """How KPIs stood at a point of all periods."""

    asked: Asked
    periods: pl.DataFrame
    point: Point
    series: tuple[tuple[Kpi, Series, pl.DataFrame], ...]
    stood: Results


def _laid_out(asked: Asked, kpis: Sequence[Kpi], known: Known) -> _LaidOut:
    series = tuple((kpi, one, frame) for kpi in kpis for one, frame in _frames(kpi, known.results))
    metrics = dict.fromkeys(kpi.metric for kpi in kpis)
    periods = _periods(asked, min(known.coverage[metric].first_day for metric in metrics), known.calendar)
    point = point_of(asked, periods, metrics, known)
    stood = stood_at(asked, periods, point, {one for _, one, _ in series}, known)
    return _LaidOut(asked, periods, point, series, stood)


def _follows(one: _LaidOut, other: _LaidOut) -> bool:
    """Whether another board says how the periods of this one stood later: it is about older ones of the same KPIs."""
    same = (one.asked.grain, one.asked.through, one.asked.ahead + one.asked.waited)
    return other.asked.waited > one.asked.waited and same == (
        other.asked.grain, other.asked.through, other.asked.ahead + other.asked.waited
    )  # fmt: skip


def _placed_on(laid: _LaidOut, later: Sequence[_LaidOut], known: Known) -> Placed:
    """What is known of KPIs at a point in time."""
    asked, periods, point = laid.asked, laid.periods, laid.point
    after = sorted(later, key=lambda one: one.asked.waited)
    rows = tuple(
        _rows(
            kpi,
            one,
            frame,
            (laid.stood.get(one), {other.asked.waited - asked.waited: other.stood.get(one) for other in after}),
            periods,
            known,
        )
        for kpi, one, frame in laid.series
    )
    ago, waits = _ago(asked.grain, periods, known.calendar), asked.ahead > 1 or asked.waited > 0
    clock = Clock(point.share, point.work, ago, asked.ahead, waits)
    return Placed(asked, periods, rows, _board(rows, clock))


def _periods(asked: Asked, first_day: date, calendar: Calendar) -> pl.DataFrame:
    """The periods that are looked at, the projected one last: period_start, period_end."""
    found = calendar.of(asked.grain).filter(
        (pl.col("period_start") <= asked.start) & (pl.col("period_end") > first_day)
    )
    return found.sort("period_start").tail(LONGEST[asked.grain] + 1).select("period_start", "period_end")


def _rows(
    kpi: Kpi,
    series: Series,
    frame: pl.DataFrame,
    stood: tuple[pl.DataFrame | None, Mapping[int, pl.DataFrame | None]],
    periods: pl.DataFrame,
    known: Known,
) -> Rows:
    """The rows of one series; `stood` is how it stood at the point and, by how many periods ago, at later ones."""
    derivation, first_day = known.derivations[kpi.metric], known.coverage[kpi.metric].first_day
    ratio = derivation.numerator is not None and derivation.denominator is not None
    names = ("numerator", "denominator") if ratio else ("value", "value")
    nodes = (derivation.numerator, derivation.denominator) if ratio else (derivation.node, derivation.node)
    placed = _placed(series, frame, periods)
    segments = tuple(placed.get_column("segment").unique().sort())
    # NOTE: a period in which the data begins is no whole one.
    over = placed.filter(pl.col("is_complete") & (pl.col("period_start") >= first_day))

    def at(rows: pl.DataFrame | None, name: str) -> Numbers:
        if rows is None:
            return np.full((len(segments), periods.height), np.nan)
        found = _placed(series, rows, periods).filter(pl.col("period_start") >= first_day)
        return _laid(found, name, segments, periods.height)

    def part(name: str, node: Node | None) -> Part:
        ends, so_far = _laid(over, name, segments, periods.height), at(stood[0], name)
        later = tuple(Stage(ahead, at(rows, name)) for ahead, rows in stood[1].items())
        return Part(ends, so_far, np.full(len(segments), node is not None and adds_up(node)), later)

    upper, lower = (part(name, node) for name, node in zip(names, nodes, strict=True))
    now = _laid(placed, "value", segments, periods.height)[:, -1]
    grows = np.zeros(len(segments), np.bool_) if ratio else _never_falls(derivation.node, upper)
    return Rows(kpi.name, breakdown_name(series.breakdown), segments, upper, lower, ratio, grows, now)


def _placed(series: Series, frame: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """The rows of the board's periods with the place of each period among them and the name of the segment."""
    # NOTE: the frame has a column a dimension, and a dimension may be called `place`; none begins with a line.
    places = periods.select("period_start", _place=pl.int_range(pl.len()))
    return frame.with_columns(segment=segment_name(series.breakdown)).join(places, on="period_start")


def _laid(rows: pl.DataFrame, name: str, segments: tuple[str, ...], periods: int) -> Numbers:
    """A column as segments by periods."""
    laid = np.full((len(segments), periods), np.nan)
    known = rows.filter(pl.col("segment").is_in(segments))
    row = np.searchsorted(np.array(segments, dtype=object), known.get_column("segment").to_numpy())
    laid[row, known.get_column("_place").to_numpy()] = known.get_column(name).fill_null(np.nan).to_numpy()
    return laid


def _board(rows: Sequence[Rows], clock: Clock) -> Board:
    upper, lower = (_part([getattr(one, part) for one in rows]) for part in ("upper", "lower"))
    is_ratio = np.concatenate([np.full(len(one.segments), one.is_ratio) for one in rows])
    grows, now = np.concatenate([one.grows for one in rows]), np.concatenate([one.now for one in rows])
    return Board(clock, upper, lower, is_ratio, grows, now, np.full_like(upper.ends, np.nan))


def _part(parts: Sequence[Part]) -> Part:
    ends, so_far, adds = (np.concatenate([getattr(one, name) for one in parts]) for name in ("ends", "so_far", "adds"))
    later = tuple(
        Stage(steps[0].ahead, np.concatenate([step.stood for step in steps]))
        for steps in zip(*(one.later for one in parts), strict=True)
    )
    return Part(ends, so_far, adds, later)


def _ago(grain: Grain, periods: pl.DataFrame, calendar: Calendar) -> Places:
    """The place of the same period of the season before; -1 where there is none."""
    starts = periods.select("period_start", place=pl.int_range(pl.len()))
    if grain not in SEASONS:
        return np.full(periods.height, -1)
    back = calendar.earlier(grain, SEASONS[grain]).join(
        starts.rename({"period_start": "source_start"}), on="source_start"
    )
    found = starts.select("period_start").join(back, on="period_start", how="left", maintain_order="left")
    return found.get_column("place").fill_null(-1).to_numpy()


def _table(asked: Asked, rows: Sequence[Rows], board: Board, found: Projected) -> pl.DataFrame:
    """What was found as rows of the table."""
    named = _named(rows)
    made = np.isfinite(found.value)
    method, reference = (np.where(one >= 0, one, -1) for one in (found.method, found.reference))
    every = np.arange(len(named))

    def error(places: Places) -> Numbers:
        return np.where(made & (places >= 0), found.errors[np.maximum(places, 0), every], np.nan)

    names = [*METHODS, None]
    columns: dict[str, object] = {
        "kpi": [kpi for kpi, _, _ in named],
        "grain": [asked.grain.value] * len(named),
        "breakdown": [breakdown for _, breakdown, _ in named],
        "segment": [segment for _, _, segment in named],
        "period_start": [asked.start] * len(named),
        "projected_value": found.value,
        "projected_low": found.low,
        "projected_high": found.high,
        "reason": [reason.value if reason else None for reason in found.reason],
        "method": [names[place] if is_made else None for place, is_made in zip(method, made, strict=True)],
        "reference_method": [names[place] if is_made else None for place, is_made in zip(reference, made, strict=True)],
        "elapsed_share": np.full(len(named), 1.0 if asked.waited else board.clock.share[-1]),
        "periods_ahead": [asked.ahead] * len(named),
        "origins": found.origins,
        "error_scale": ["relative" if one else "absolute" for one in found.relative],
        "error": error(method),
        "reference_error": error(reference),
        **{f"{name}_error": errors for name, errors in zip(METHODS, found.errors, strict=True)},
        "intervals_tried": found.tried,
        "intervals_held": found.covered,
    }
    numbers = pl.selectors.float()
    schema = {name: SCHEMA[name] for name in columns}
    return pl.DataFrame(columns, schema=schema).with_columns(pl.when(numbers.is_finite()).then(numbers))


def _never_falls(node: Node, part: Part) -> Flags:
    """Of which segments the value never falls while a period lasts: a count, or a sum that never did."""
    bare = node.node if isinstance(node, Filled) else node
    if not (isinstance(bare, Leaf) and adds_up(bare)):
        return np.zeros(len(part.ends), np.bool_)
    if bare.measure.fold in (Fold.count, Fold.distinct):
        return np.ones(len(part.ends), np.bool_)
    known = np.isfinite(part.ends) & np.isfinite(part.so_far)
    fell = known & ((part.so_far > part.ends) | (part.so_far < 0))
    found: Flags = (known.sum(axis=1) >= FEWEST) & np.logical_not(fell.any(axis=1))
    return found
