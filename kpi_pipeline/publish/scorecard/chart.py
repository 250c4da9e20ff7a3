"""A KPI's history as a drawing: the line, what was wished, how each period stood, and what happened meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from kpi_pipeline.publish.scorecard.trend import Moment, Point, path, stairs, summary_of

PERIODS_DRAWN = {"hour": 120, "day": 120, "week": 104, "month": 60, "quarter": 40, "year": 30}
"""How many periods of a grain a drawing holds."""
HEIGHT = 264.0
TOP, BOTTOM = 26.0, 214.0
"""Where the plot begins and ends; annotations stand above it, the status of each period and the dates below."""
RIBBON = 236.0
"""The line that the marks of the periods' status stand on."""
EDGE = 10.0
TALL = {"on_track": 4, "at_risk": 9, "off_track": 14}
"""Worse is taller, so that colour is never all that tells."""


@dataclass(frozen=True)
class Instant:
    """One period of the history: what it was, what it should have been, and what is said of it."""

    label: str
    value: float | None
    target: float | None = None
    low: float | None = None
    high: float | None = None
    status: str | None = None
    complete: bool = True
    note: str = ""
    holidays: str = ""
    projected: float | None = None
    projected_low: float | None = None
    projected_high: float | None = None


@dataclass(frozen=True)
class Tick:
    """A place on an axis, and its words."""

    at: float
    text: str


@dataclass(frozen=True)
class Box:
    """A rectangle: what was wished during a stretch of periods."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Flag:
    """A numbered mark above a period in which something happened."""

    x: float
    number: int


@dataclass(frozen=True)
class Whisker:
    """Where the period in progress is expected to end, and between which values."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Chart:
    """The drawing in a box of `width` x `height`, and the same in words."""

    width: float
    height: float
    line: str
    pending: str
    target: str
    edges: str
    wished: tuple[Box, ...]
    ribbon: tuple[tuple[str, str], ...]
    grid: str
    zero: float | None
    scale: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    flags: tuple[Flag, ...]
    holidays: str
    last: Point | None
    so_far: Point | None
    projection: Whisker | None
    summary: str
    """What it shows, as sentences."""

    @property
    def widest(self) -> str:
        """The longest text of the scale, which says how much room it needs."""
        return max((tick.text for tick in self.scale), key=len, default="")


def chart_of(
    instants: Sequence[Instant], written: Callable[[float], str], grain: str, *, width: float = 1000.0
) -> Chart | None:
    """The drawing of a history, oldest first; None where no period has a value."""
    known = [value for one in instants for value in (one.value, one.projected) if value is not None]
    if not known:
        return None
    aims = [
        value
        for one in instants
        for value in (one.target, one.low, one.high, one.projected_low, one.projected_high)
        if value is not None
    ]
    steps = _with_room(round_steps(*_span([*known, *aims])), instants)
    low, high = steps[0], steps[-1]
    step = (width - 2 * EDGE) / max(len(instants) - 1, 1)

    def x(at: int) -> float:
        return round(EDGE + at * step if len(instants) > 1 else width / 2, 1)

    def y(value: float) -> float:
        return round(BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP), 1)

    def points(series: Iterable[float | None]) -> list[Point | None]:
        return [None if value is None else (x(at), y(value)) for at, value in enumerate(series)]

    dots = points(one.value for one in instants)
    done = 1 + max((at for at, one in enumerate(instants) if one.complete), default=-1)
    banded = not any(one.target is not None for one in instants)
    moments = [Moment(one.label, one.value, one.target, one.complete) for one in instants[:done]]
    return Chart(
        width=width,
        height=HEIGHT,
        line=path(dots[:done]),
        pending=path(dots[max(done - 1, 0) :]) if done < len(instants) else "",
        target=stairs(points(one.target for one in instants)),
        edges=(
            stairs(points(one.low for one in instants)) + stairs(points(one.high for one in instants)) if banded else ""
        ),
        wished=tuple(_wished(instants, x, y, step)),
        ribbon=tuple(_ribbon(instants, x, step)),
        grid="".join(f"M0 {y(tick):g}H{width:g}" for tick in steps),
        zero=y(0) if low < 0 < high else None,
        scale=tuple(Tick(y(tick), written(tick)) for tick in steps),
        dates=_dates(instants, x),
        flags=tuple(
            Flag(x(at), number)
            for number, (at, _) in enumerate(((at, one) for at, one in enumerate(instants) if one.note), start=1)
        ),
        holidays="".join(f"M{x(at):g} {BOTTOM:g}v-7" for at, one in enumerate(instants) if one.holidays),
        last=next((dot for dot in reversed(dots[:done]) if dot), None),
        so_far=next((dot for dot in reversed(dots[done:]) if dot), None),
        projection=_projection(instants, x, y),
        summary=_summary(moments, instants, written, grain),
    )


def round_steps(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers at even distances, of which the first is not above `low` and the last not below `high`.

    >>> round_steps(3, 97), round_steps(0.61, 0.68)
    ([0.0, 25.0, 50.0, 75.0, 100.0], [0.6, 0.62, 0.64, 0.66, 0.68])
    >>> round_steps(5, 5)
    [4.0, 4.5, 5.0, 5.5, 6.0]
    """
    if high - low <= max(abs(low), abs(high)) * 1e-9:
        room = abs(low) * 0.2 or 1.0
        low, high = low - room, high + room
    rough = (high - low) / about
    tens = 10.0 ** math.floor(math.log10(rough))
    size = next(tens * one for one in (1, 2, 2.5, 5, 10) if tens * one >= rough * 0.999)
    first, last = math.floor(low / size + 1e-9), math.ceil(high / size - 1e-9)
    return [round(at * size, 12) + 0.0 for at in range(first, last + 1)]


def _span(values: Sequence[float]) -> tuple[float, float]:
    """From the lowest to the highest; from nothing, where the lowest is not far above it."""
    low, high = min(values), max(values)
    if 0 < low < high * 0.5:
        return 0.0, high
    return (low, 0.0) if low * 0.5 < high < 0 else (low, high)


def _with_room(steps: list[float], instants: Sequence[Instant]) -> list[float]:
    """One step more where all that is wished lies beyond the scale's end, so that it can be seen."""
    size = steps[1] - steps[0]
    above = [one.low for one in instants if one.low is not None and one.high is None]
    below = [one.high for one in instants if one.high is not None and one.low is None]
    if above and max(above) >= steps[-1]:
        steps = [*steps, round(steps[-1] + size, 12)]
    if below and min(below) <= steps[0] and steps[0] != 0:
        steps = [round(steps[0] - size, 12), *steps]
    return steps


def _wished(
    instants: Sequence[Instant], x: Callable[[int], float], y: Callable[[float], float], step: float
) -> Iterable[Box]:
    """The values that were as wished; one box for as long as that stayed the same."""
    for (low, high), stretch in groupby(enumerate(instants), key=lambda one: (one[1].low, one[1].high)):
        places = [at for at, _ in stretch]
        if low is None and high is None:
            continue
        top, bottom = TOP if high is None else y(high), BOTTOM if low is None else y(low)
        left = 0.0 if places[0] == 0 else round(x(places[0]) - step / 2)
        right = x(places[-1]) + EDGE if places[-1] + 1 == len(instants) else round(x(places[-1] + 1) - step / 2)
        yield Box(left, top, round(right - left, 1), round(max(bottom - top, 1.0), 1))


def _ribbon(instants: Sequence[Instant], x: Callable[[int], float], step: float) -> Iterable[tuple[str, str]]:
    """For each status the marks of its periods, as one path."""
    wide = round(min(max(step * 0.6, 1.0), 14.0), 1)
    for status, tall in TALL.items():
        marks = [
            f"M{x(at) - wide / 2:g} {RIBBON:g}v{-tall}h{wide:g}v{tall}z"
            for at, one in enumerate(instants)
            if one.status == status
        ]
        if marks:
            yield status, "".join(marks)


def _dates(instants: Sequence[Instant], x: Callable[[int], float]) -> tuple[Tick, ...]:
    """The first and the last period, and up to three between them."""
    last = len(instants) - 1
    places = sorted(
        {0, last} | ({last // 4, last // 2, 3 * last // 4} if last > 7 else {last // 2} if last > 3 else set())
    )
    return tuple(Tick(x(at), instants[at].label) for at in places)


def _projection(instants: Sequence[Instant], x: Callable[[int], float], y: Callable[[float], float]) -> Whisker | None:
    for at, one in reversed(list(enumerate(instants))):
        if one.projected is not None and not one.complete:
            low = one.projected if one.projected_low is None else one.projected_low
            high = one.projected if one.projected_high is None else one.projected_high
            return Whisker(x(at), y(one.projected), y(low), y(high))
    return None


def _summary(
    moments: Sequence[Moment], instants: Sequence[Instant], written: Callable[[float], str], grain: str
) -> str:
    """The trend, how often each status was, the latest target, and what is not over yet."""
    told = [summary_of(moments, written, grain)]
    counts = {status: sum(one.status == status for one in instants) for status in TALL}
    if sum(counts.values()):
        told.append(
            ", ".join(
                f"{status.replace('_', ' ')} {'once' if count == 1 else f'{count} times'}"
                for status, count in counts.items()
                if count
            )
        )
        told[-1] = f"{told[-1].capitalize()}."
    aim = next((one for one in reversed(instants) if one.low is not None or one.high is not None), None)
    if aim is not None:
        ends = [
            f"{word} {written(value)}"
            for word, value in (("at least", aim.low), ("at most", aim.high))
            if value is not None
        ]
        told.append(f"Wished in {aim.label}: {' and '.join(ends)}.")
    so_far = next((one for one in reversed(instants) if not one.complete and one.value is not None), None)
    if so_far is not None and so_far.value is not None:
        told.append(f"{so_far.label} is not over: {written(so_far.value)} so far.")
    ending = next((one for one in reversed(instants) if not one.complete and one.projected is not None), None)
    if ending is not None and ending.projected is not None:
        between = (
            f", between {written(ending.projected_low)} and {written(ending.projected_high)}"
            if ending.projected_low is not None and ending.projected_high is not None
            else ""
        )
        told.append(f"{ending.label} is expected to end at {written(ending.projected)}{between}.")
    return " ".join(told)
