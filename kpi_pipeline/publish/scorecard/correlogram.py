"""The correlation of two KPIs at each lag as a drawing: a bar a lag, and the band that chance stays within."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.kpis import MINUS
from kpi_pipeline.publish.scorecard.chart import Tick, round_steps

WIDTH, HEIGHT = 1000.0, 216.0
TOP, BOTTOM = 14.0, 178.0
EDGE = 14.0
MOST_WORDS = 13
"""So many lags at most are written below."""


@dataclass(frozen=True)
class Correlogram:
    """The drawing in a box of `width` x `height`, and the same in words."""

    bars: str
    """The bars of all lags but the one measured, as one path."""
    measured: str
    """The bar of the lag with the highest correlation."""
    band: tuple[float, float] | None
    """From where to where a single correlation of unrelated series lies, as top and height."""
    search: str
    """The two lines that the highest of all lags searched stays between."""
    grid: str
    zero: float
    middle: float
    """Where lag 0 is: right of it the leader comes first."""
    scale: tuple[Tick, ...]
    lags: tuple[Tick, ...]
    bar_width: float
    summary: str
    width: float = WIDTH
    height: float = HEIGHT

    @property
    def widest(self) -> str:
        """The longest text of the scale, which says how much room it needs."""
        return max((tick.text for tick in self.scale), key=len, default="")


def correlogram_of(
    correlations: Sequence[tuple[int, float]],
    *,
    measured: int | None,
    band: float | None,
    search: float | None,
    grain: str,
) -> Correlogram | None:
    """The drawing of correlations by lag; None where there are none.

    Args:
        correlations: lag and correlation; a positive lag means that the leader comes first.
        measured: the lag at which it is highest, looking ahead.
        band: what a single correlation of unrelated series stays within.
        search: what the highest of all lags searched stays within.
        grain: what a lag is counted in.
    """
    if not correlations:
        return None
    pairs = sorted(correlations)
    highest = max(abs(one) for one in (*(value for _, value in pairs), band or 0, search or 0, 0.1))
    steps = round_steps(-highest, highest)
    low, high = steps[0], steps[-1]
    first, last = pairs[0][0], pairs[-1][0]
    step = (WIDTH - 2 * EDGE) / max(last - first + 1, 1)

    def x(lag: int) -> float:
        return round(EDGE + (lag - first + 0.5) * step, 1)

    def y(value: float) -> float:
        return round(BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP), 1)

    wide = round(min(step * 0.62, 26.0), 1)

    def bar(lag: int, value: float) -> str:
        return f"M{x(lag) - wide / 2:g} {y(0):g}V{y(value):g}h{wide:g}V{y(0):g}z"

    every = -(-len(pairs) // MOST_WORDS)
    return Correlogram(
        bars="".join(bar(lag, value) for lag, value in pairs if lag != measured),
        measured="".join(bar(lag, value) for lag, value in pairs if lag == measured),
        band=(y(band), round(y(-band) - y(band), 1)) if band else None,
        search=f"M0 {y(search):g}H{WIDTH:g}M0 {y(-search):g}H{WIDTH:g}" if search else "",
        grid="".join(f"M0 {y(tick):g}H{WIDTH:g}" for tick in steps),
        zero=y(0),
        middle=x(0),
        scale=tuple(Tick(y(tick), f"{tick:g}".replace("-", MINUS)) for tick in steps),
        lags=tuple(Tick(x(lag), f"{lag}".replace("-", MINUS)) for lag, _ in pairs if lag % every == 0),
        bar_width=wide,
        summary=_summary(pairs, measured, band, grain),
    )


def _summary(pairs: Sequence[tuple[int, float]], measured: int | None, band: float | None, grain: str) -> str:
    """What the drawing shows, as sentences."""
    known = dict(pairs)
    told = [f"Correlation at {len(pairs)} lags, from {pairs[0][0]} to {pairs[-1][0]} {grain}s."]
    if measured in known:
        told.append(f"Highest looking ahead: {known[measured]:.2f} at lag {measured}.")
    if band:
        outside = [str(lag) for lag, value in pairs if abs(value) > band]
        lags = f"lag{'' if len(outside) == 1 else 's'} {', '.join(outside)}" if outside else "no lag"
        told.append(f"Chance alone stays within plus or minus {band:.2f}; outside of it: {lags}.")
    return " ".join(told).replace("-", MINUS)
