"""What a contestant computed, and the table that answers are compared in.

NOTE: peers run in environments of their own, so nothing but the standard library and pyarrow is imported here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    [
        ("metric", pa.string()),
        ("grain", pa.string()),
        ("breakdown", pa.string()),
        ("segment", pa.string()),
        ("period_start", pa.date32()),
        ("value", pa.float64()),
    ]
)


NOTHING = 1e-9
"""Sliding sums of floats leave less than that behind where there was nothing; amounts are at least a cent."""


@dataclass(frozen=True)
class Answer:
    """Some metrics at one grain and breakdown: columns period_start, segment (unless it is the total), the metrics."""

    grain: str
    breakdown: str
    table: Any
    """A pyarrow table."""

    def long(self) -> Iterable[Any]:
        """One row a value, a table a metric."""
        rows = self.table.num_rows
        segment = self.table["segment"] if self.breakdown else _repeated("", rows)
        period = pc.cast(self.table["period_start"], pa.date32())
        for metric in self.table.column_names:
            if metric not in ("period_start", "segment"):
                value = pc.cast(self.table[metric], pa.float64())
                same = (_repeated(one, rows) for one in (metric, self.grain, self.breakdown))
                yield pa.table([*same, pc.cast(segment, pa.string()), period, value], schema=SCHEMA)


def write_answers(answers: Sequence[Answer], file: Path) -> None:
    """Writes all values but zeros: where nothing happened some engines give a row and some do not."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(file, SCHEMA) as writer:
        for answer in answers:
            for table in answer.long():
                writer.write_table(table.filter(pc.greater(pc.abs(table["value"]), NOTHING)))


def _repeated(word: str, rows: int) -> Any:
    return pa.repeat(pa.scalar(word, pa.string()), rows)
