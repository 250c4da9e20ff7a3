"""Two linked KPIs in one drawing: the leader moved by the lag, so that what belongs together lies above each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from kpi_pipeline.errors import counted
from kpi_pipeline.publish.scorecard.chart import Tick
from kpi_pipeline.publish.scorecard.trend import Point, path

WIDTH, HEIGHT = 1000.0, 232.0
TOP, BOTTOM = 12.0, 196.0
EDGE = 10.0


@dataclass(frozen=True)
class Beside:
    """A period of the follower, and what the leader was a lag before."""

    label: str
    follower: float | None
    leader: float | None
    leader_label: str = ""


@dataclass(frozen=True)
class Aligned:
    """The drawing: each series from its own lowest to its own highest value, the leader upside down where signs differ.

    Right of `now` the follower is not known yet, the leader is.
    """

    follower: str
    leader: str
    now: float | None
    last: Point | None
    dates: tuple[Tick, ...]
    rows: tuple[Beside, ...]
    upside_down: bool
    ahead: int
    """How many periods of the leader have no follower yet."""
    summary: str
    width: float = WIDTH
    height: float = HEIGHT


def aligned_of(
    leader: Sequence[tuple[str, float | None]],
    follower: Sequence[tuple[str, float | None]],
    lag: int,
    *,
    upside_down: bool,
    most: int,
    grain: str,
) -> Aligned | None:
    """The drawing of two series of periods and values, oldest first; None where they have too little in common.

    Args:
        leader: its complete periods, as their labels and values.
        follower: the same of the KPI that follows.
        lag: how many periods the leader is moved.
        upside_down: whether the one falls when the other rises.
        most: how many periods of the follower are drawn.
        grain: what a period is called.
    """
    rows = _beside(leader, follower, lag)[-(most + lag) :]
    followers = [row.follower for row in rows if row.follower is not None]
    leaders = [row.leader for row in rows if row.leader is not None]
    if sum(row.follower is not None and row.leader is not None for row in rows) < 2:
        return None
    step = (WIDTH - 2 * EDGE) / max(len(rows) - 1, 1)

    def points(values: Sequence[float | None], known: Sequence[float], *, flip: bool = False) -> list[Point | None]:
        low, high = min(known), max(known)

        def y(value: float) -> float:
            share = 0.5 if high == low else (value - low) / (high - low)
            return round(TOP + (share if flip else 1 - share) * (BOTTOM - TOP), 1)

        return [None if one is None else (round(EDGE + at * step, 1), y(one)) for at, one in enumerate(values)]

    dots = points([row.follower for row in rows], followers)
    ahead = sum(1 for row in rows if not row.label)
    known = len(rows) - ahead
    return Aligned(
        follower=path(dots),
        leader=path(points([row.leader for row in rows], leaders, flip=upside_down)),
        now=round(EDGE + (known - 0.5) * step, 1) if ahead else None,
        last=next((dot for dot in reversed(dots) if dot), None),
        dates=_dates(rows[:known], step),
        rows=tuple(rows),
        upside_down=upside_down,
        ahead=ahead,
        summary=_summary(rows[:known], ahead, lag, grain),
    )


def _beside(
    leader: Sequence[tuple[str, float | None]], follower: Sequence[tuple[str, float | None]], lag: int
) -> list[Beside]:
    """Each period of the follower with the leader's a lag before; then the periods that only the leader tells of.

    >>> weeks = [("W1", 1.0), ("W2", 2.0), ("W3", 3.0)]
    >>> [(row.label, row.follower, row.leader) for row in _beside(weeks, weeks[:2], 1)]
    [('W1', 1.0, None), ('W2', 2.0, 1.0), ('', None, 2.0)]
    """
    at_of = {label: at for at, (label, _) in enumerate(leader)}
    rows = []
    for label, value in follower:
        at = at_of.get(label)
        back = None if at is None or at < lag else leader[at - lag]
        rows.append(Beside(label, value, back[1] if back else None, back[0] if back else ""))
    last = at_of.get(follower[-1][0]) if follower else None
    if last is not None:
        rows += [Beside("", None, value, label) for label, value in leader[max(last - lag + 1, 0) : last + 1]]
    return rows


def _dates(rows: Sequence[Beside], step: float) -> tuple[Tick, ...]:
    """The first and the last period of the follower, and up to three between them."""
    last = len(rows) - 1
    places = sorted(
        {0, last} | ({last // 4, last // 2, 3 * last // 4} if last > 7 else {last // 2} if last > 3 else set())
    )
    return tuple(Tick(round(EDGE + at * step, 1), rows[at].label) for at in places)


def _summary(rows: Sequence[Beside], ahead: int, lag: int, grain: str) -> str:
    """What the drawing shows, as sentences: how often both moved the same way."""
    both = [(row.follower, row.leader) for row in rows if row.follower is not None and row.leader is not None]
    steps = [
        (later[0] - earlier[0]) * (later[1] - earlier[1])
        for earlier, later in pairwise(both)
        if later[0] != earlier[0] and later[1] != earlier[1]
    ]
    same = sum(1 for one in steps if one > 0)
    moved = f"moved {counted(lag, grain)} later" if lag else "as it is"
    told = [f"The leader {moved} beside the follower, {len(rows)} {grain}s from {rows[0].label} to {rows[-1].label}."]
    if steps:
        told.append(f"From {grain} to {grain} both went the same way in {same} of {len(steps)} cases.")
    if ahead:
        told.append(f"For {counted(ahead, grain)} to come the leader is known already.")
    return " ".join(told)
