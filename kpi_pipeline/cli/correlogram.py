"""The correlation of two KPIs at each lag, as a small plot for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

HEIGHT = 13
WIDTH = 100
TICKS = 9
"""So many lags at most are written below."""


def correlogram(correlations: Sequence[tuple[int, float]], band: float | None, *, width: int) -> str:
    """A line up or down for each lag; the dotted lines are what chance alone stays within.

    Args:
        correlations: lag and correlation, by lag; a positive lag means that the leader comes first.
        band: a single correlation of unrelated series stays within plus or minus this in 95 of 100 cases.
        width: how many characters there are.
    """
    import plotext

    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(min(width, WIDTH), HEIGHT)
    figure.legend(active=False)
    first, last = correlations[0][0], correlations[-1][0]
    for height, marker in ((0.0, "─"), *(((-band, "┈"), (band, "┈")) if band else ())):
        figure.draw(figure.segment([first, last], [height, height], marker=marker))
    for lag, correlation in correlations:
        figure.draw(figure.segment([lag, lag], [0, correlation], marker="┃"))
    highest = max(abs(one) for one in (*(correlation for _, correlation in correlations), band or 0))
    marks = [round(highest * share, 2) for share in (-1, -0.5, 0, 0.5, 1)]
    figure.ruler("y").lim(-highest, highest)
    figure.ruler("y").ticks(marks, [f"{mark + 0:.2f}" for mark in marks])
    lags = [lag for lag, _ in correlations]
    step = -(-len(lags) // TICKS)
    ticks = [lag for lag in lags if lag % step == 0]
    figure.ruler("x").ticks(ticks, [str(lag) for lag in ticks])
    return str(figure.build())
