"""S, the yardstick: one scan of the facts, twelve sums and counts by day, channel and country."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contestants.sql_text import ADDITIVE, opened

if TYPE_CHECKING:
    from benchmarks.answers import Answer
    from benchmarks.process import Clock


def compute(data: Path, clock: Clock) -> list[Answer]:
    """Nothing to compare: it is the least that anybody has to do."""
    aggregates = ", ".join(f"{sql} AS {name}" for name, sql in ADDITIVE.items())
    with opened(data) as connection:
        clock.mark("opened")
        connection.sql(
            f"SELECT ts::DATE AS day, channel, country, {aggregates} FROM orders GROUP BY ALL"
        ).to_arrow_table()
    return []
