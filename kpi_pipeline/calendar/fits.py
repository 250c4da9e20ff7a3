"""Which lengths of time are whole numbers of periods."""

from __future__ import annotations

from kpi_pipeline.periods import Grain, Shift, Window

MONTHS_IN = {Grain.month: 1, Grain.quarter: 3, Grain.year: 12}


def fits(grain: Grain, back: Shift) -> bool:
    """Whether every period of a grain has one that lies a length of time before it, or where a longer one began.

    >>> fits(Grain.week, Window(1, Grain.year)), fits(Grain.week, Window(28, Grain.day))
    (True, True)
    >>> fits(Grain.month, Window(28, Grain.day))
    False
    >>> fits(Grain.quarter, Window(3, Grain.month)), fits(Grain.quarter, Window(1, Grain.month))
    (True, False)
    >>> from kpi_pipeline.periods import ToGrain
    >>> fits(Grain.week, ToGrain(Grain.month)), fits(Grain.month, ToGrain(Grain.week))
    (True, False)
    """
    if isinstance(back, Window):
        if grain is Grain.week and back.grain is Grain.day:
            return back.count % 7 == 0
        if grain in MONTHS_IN and back.grain in MONTHS_IN:
            return back.count * MONTHS_IN[back.grain] % MONTHS_IN[grain] == 0
    return back.grain.rank >= grain.rank
