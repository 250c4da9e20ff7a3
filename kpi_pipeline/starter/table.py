"""What was seen in a file: its columns, how their text is to be read, and their values in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kpi_pipeline.periods import Grain
from kpi_pipeline.sources import Source

NUMBERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
)
FRACTIONS = ("DOUBLE", "FLOAT", "DECIMAL")


@dataclass(frozen=True)
class Column:
    """A column of the raw table, and what all its values together look like."""

    name: str
    type: str
    """DuckDB's type, once the source's contract was applied."""
    rows: int
    present: int
    distinct: int
    """About how many different values; exact where it equals the rows."""
    lowest: float | None = None
    highest: float | None = None
    places: int | None = None
    """Decimal places that hold every number exactly; None for fractions that go on."""
    longest: int = 0
    """Characters of the longest text."""
    first_day: date | None = None
    last_day: date | None = None
    future: int = 0
    """Rows later than today."""
    number_style: str = ""
    """Text that is a number in another notation: `comma` (1.234,56) or `point` (1,234.56)."""

    @property
    def is_time(self) -> bool:
        """Whether it holds days or moments."""
        return self.type == "DATE" or self.type.startswith("TIMESTAMP")

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, perhaps written for people."""
        return self.type in NUMBERS or self.type.startswith(FRACTIONS) or bool(self.number_style)

    @property
    def is_whole(self) -> bool:
        """Whether all of its numbers are whole."""
        return self.type in NUMBERS or (self.is_number and self.places == 0)

    @property
    def is_text(self) -> bool:
        """Whether it holds words."""
        return not self.number_style and (self.type == "VARCHAR" or self.type.startswith("ENUM"))

    @property
    def is_flag(self) -> bool:
        """Whether it holds true and false."""
        return self.type == "BOOLEAN"

    @property
    def is_complete(self) -> bool:
        """Whether every row has a value."""
        return self.present == self.rows

    @property
    def share_present(self) -> float:
        """The share of rows that have a value."""
        return self.present / self.rows if self.rows else 0.0

    @property
    def is_unique(self) -> bool:
        """Whether no two rows share a value."""
        return self.is_complete and self.distinct == self.rows


@dataclass(frozen=True)
class Table:
    """A file that was looked at."""

    file: Path
    name: str
    source: Source
    """How it is to be loaded: connector, words for unknown, contract."""
    rows: int
    columns: tuple[Column, ...]
    left_out: tuple[str, ...] = ()
    """Columns whose type or name cannot be used."""
    unreadable: int = 0
    """Rows that do not fit, and would go to quarantine."""
    doubtful_dates: tuple[str, ...] = ()
    """Columns whose dates could be read day first or month first."""

    def column(self, name: str) -> Column | None:
        """The column of that name, in capitals or not."""
        return next((one for one in self.columns if one.name.lower() == name.lower()), None)


@dataclass(frozen=True)
class Rhythm:
    """How the rows lie in time."""

    first_day: date
    last_day: date
    days: int
    """Different days that have rows."""
    cadence: Grain
    """How far apart dates usually are: day, or week, month, quarter, year where rows come that seldom."""
    weekday: int | None = None
    """The weekday that all dates share (0 is Monday), where they come weekly."""

    @property
    def span(self) -> int:
        """Days from the first to the last one."""
        return (self.last_day - self.first_day).days + 1
