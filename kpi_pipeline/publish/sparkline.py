"""A series as one line of text, for terminals and run metadata."""

from __future__ import annotations

from collections.abc import Iterable

BLOCKS = "▁▂▃▄▅▆▇█"
LEVEL = BLOCKS[3]


def sparkline_text(values: Iterable[float | None]) -> str:
    """The values as blocks from lowest to highest; a missing value is a gap, a flat series a level line.

    >>> sparkline_text([1, 2, 3, None, 5, 8])
    '▁▂▃ ▅█'
    >>> sparkline_text([4, 4, 4]), sparkline_text([None]), sparkline_text([])
    ('▄▄▄', ' ', '')
    """
    series = list(values)
    present = [value for value in series if value is not None]
    if not present:
        return " " * len(series)
    low, high = min(present), max(present)

    def block(value: float | None) -> str:
        if value is None:
            return " "
        if high == low:
            return LEVEL
        return BLOCKS[round((value - low) / (high - low) * (len(BLOCKS) - 1))]

    return "".join(block(value) for value in series)
