"""Whether two contestants computed the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

RELATIVE = 1e-9


@dataclass(frozen=True)
class Difference:
    """A metric of which some values differ: how many, and one of them."""

    metric: str
    grain: str
    breakdown: str
    values: int
    example: str

    def __str__(self) -> str:
        by = f" by {self.breakdown}" if self.breakdown else ""
        return f"{self.metric} by {self.grain}{by}: {self.values} values, such as {self.example}"


def metrics_in(file: Path) -> frozenset[str]:
    """The metrics of which a contestant computed all four grains and three breakdowns, or as many as it has."""
    return frozenset(row[0] for row in _rows(f"SELECT DISTINCT metric FROM read_parquet('{file}')"))


def differences(reference: Path, file: Path) -> tuple[Difference, ...]:
    """Where a contestant differs from the reference by more than a billionth; metrics it lacks are left out."""
    query = f"""
        WITH theirs AS (FROM read_parquet('{file}')),
             ours AS (FROM read_parquet('{reference}') WHERE metric IN (SELECT metric FROM theirs)),
             pairs AS (
                 SELECT metric, grain, breakdown, segment, period_start, ours.value AS expected, theirs.value AS found
                 FROM ours FULL JOIN theirs USING (metric, grain, breakdown, segment, period_start)
             )
        SELECT metric, grain, breakdown, count(*),
               min_by(concat_ws(' ', period_start, segment, 'expected', coalesce(expected::VARCHAR, 'nothing'),
                                'found', coalesce(found::VARCHAR, 'nothing')), period_start)
        FROM pairs
        WHERE coalesce(abs(expected - found) > {RELATIVE} * greatest(abs(expected), abs(found)), true)
        GROUP BY ALL ORDER BY ALL
    """
    return tuple(Difference(*row) for row in _rows(query))


def _rows(query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()
