"""A series as a small drawing: a line, its target, and a hollow dot for the period that is not over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kpi_pipeline.errors import counted

WIDTH = 320.0
HEIGHT = 76.0
EDGE = 7.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Moment:
    """One period of a series; `value` and `target` are None where there is none."""

    label: str
    value: float | None
    target: float | None = None
    complete: bool = True


@dataclass(frozen=True)
class Trend:
    """Lines as SVG path data in a box of WIDTH x HEIGHT, and the same in words for those who do not see them."""

    line: str
    target: str
    pending: str
    last: Point | None
    so_far: Point | None
    zero: float | None
    first_label: str
    last_label: str
    low: str
    high: str
    summary: str
    in_short: str
    """From the first value to the last, in words."""
    thumbnail: str
    """The line once more in a third of the size, in whole numbers, for tables with many of them."""
    width: float = WIDTH
    height: float = HEIGHT


def trend_of(moments: Sequence[Moment], written: Callable[[float], str], grain: str) -> Trend | None:
    """The drawing of a series, oldest first; None where no period has a value."""
    values = [moment.value for moment in moments if moment.value is not None]
    if not values:
        return None
    targets = [moment.target for moment in moments if moment.target is not None]
    low, high = min(values + targets), max(values + targets)
    step = (WIDTH - 2 * EDGE) / max(len(moments) - 1, 1)

    def y(value: float) -> float:
        share = 0.5 if high == low else (value - low) / (high - low)
        return round(HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE), 1)

    def points(series: Iterable[float | None]) -> list[Point | None]:
        return [None if value is None else (round(EDGE + at * step, 1), y(value)) for at, value in enumerate(series)]

    dots = points(moment.value for moment in moments)
    done = 1 + max((at for at, moment in enumerate(moments) if moment.complete), default=-1)
    pending = dots[max(done - 1, 0) :] if done < len(moments) else []
    settled = [moment.value for moment in moments[:done] if moment.value is not None] or values
    return Trend(
        line=path(dots[:done]),
        target=stairs(points(moment.target for moment in moments)),
        pending=path(pending),
        last=dots[done - 1] if done else None,
        so_far=next((point for point in reversed(dots[done:]) if point), None),
        zero=y(0) if low < 0 < high else None,
        first_label=moments[0].label,
        last_label=moments[-1].label,
        low=written(min(settled)),
        high=written(max(settled)),
        summary=summary_of(moments[:done], written, grain),
        in_short=_in_short(moments[:done], written, grain),
        thumbnail=path([dot and (round(dot[0] / 3), round(dot[1] / 3)) for dot in dots[:done]]),
    )


def path(points: Sequence[Point | None]) -> str:
    """SVG path data through the points; a missing one lifts the pen, a lonely one becomes a dot.

    >>> path([(0, 1), (2, 3), None, (6, 5)])
    'M0 1L2 3M6 5h0'
    """
    drawn: list[str] = []
    for at, point in enumerate(points):
        if point is None:
            continue
        down = at > 0 and points[at - 1] is not None
        lonely = not down and (at + 1 == len(points) or points[at + 1] is None)
        drawn.append(f"{'L' if down else 'M'}{point[0]:g} {point[1]:g}{'h0' if lonely else ''}")
    return "".join(drawn)


def stairs(points: Sequence[Point | None]) -> str:
    """The same for something that holds for a while and then changes at once, halfway between two points.

    >>> stairs([(0, 9), (2, 9), (4, 5), None, (8, 5)])
    'M0 9H2H3V5H4M8 5h0'
    """
    drawn: list[str] = []
    for at, point in enumerate(points):
        before = points[at - 1] if at else None
        if point is None:
            continue
        if before is None:
            lonely = at + 1 == len(points) or points[at + 1] is None
            drawn.append(f"M{point[0]:g} {point[1]:g}{'h0' if lonely else ''}")
        elif before[1] == point[1]:
            drawn.append(f"H{point[0]:g}")
        else:
            drawn.append(f"H{(before[0] + point[0]) / 2:g}V{point[1]:g}H{point[0]:g}")
    return "".join(drawn)


def summary_of(moments: Sequence[Moment], written: Callable[[float], str], grain: str) -> str:
    """What the drawing shows, as sentences.

    >>> week = [Moment("Week 1", 3.0, 4.0), Moment("Week 2", None, 4.0), Moment("Week 3", 5.0, 4.0)]
    >>> summary_of(week, lambda value: f"{value:.0f}", "week")
    'Trend over 3 weeks: 3 in Week 1, 5 in Week 3; lowest 3 in Week 1, highest 5 in Week 3; 1 without a value.'
    """
    known = [(moment.value, moment.label) for moment in moments if moment.value is not None]
    if not known:
        return f"No complete {grain} has a value yet."
    (first, first_label), (last, last_label) = known[0], known[-1]
    (low, low_label), (high, high_label) = min(known), max(known)
    gaps = len(moments) - len(known)
    many = counted(len(moments), grain)
    return (
        f"Trend over {many}: {written(first)} in {first_label}, {written(last)} in {last_label}; "
        f"lowest {written(low)} in {low_label}, highest {written(high)} in {high_label}"
        f"{f'; {gaps} without a value' if gaps else ''}."
    )


def _in_short(moments: Sequence[Moment], written: Callable[[float], str], grain: str) -> str:
    known = [written(moment.value) for moment in moments if moment.value is not None]
    return f"{counted(len(moments), grain)}: {known[0]} to {known[-1]}" if known else "no value"
