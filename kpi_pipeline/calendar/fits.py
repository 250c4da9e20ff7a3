"""Which lengths of time are whole numbers of periods."""

from __future__ import annotations

from kpi_pipeline.periods import Grain, Window

MONTHS_IN = {Grain.month: 1, Grain.quarter: 3, Grain.year: 12}


def fits(grain: Grain, window: Window) -> bool:
    """Whether every period of a grain has one that lies the window before it.

    >>> fits(Grain.week, Window(1, Grain.year)), fits(Grain.week, Window(28, Grain.day))
    (True, True)
    >>> fits(Grain.month, Window(28, Grain.day))
    False
    >>> fits(Grain.quarter, Window(3, Grain.month)), fits(Grain.quarter, Window(1, Grain.month))
    (True, False)
    """
    if grain is Grain.week and window.grain is Grain.day:
        return window.count % 7 == 0
    if grain in MONTHS_IN and window.grain in MONTHS_IN:
        return window.count * MONTHS_IN[window.grain] % MONTHS_IN[grain] == 0
    return window.grain.rank >= grain.rank
