"""The result of a check, as every room tells it: to the tables, to Dagster, to the terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MASK = "•••"
"""What stands in place of a personal value."""

UNABLE = "could not be checked"
"""How the observation of a check begins that could not be made, for reasons that may lie outside the data."""

LONGEST_SAMPLE = 20
"""How many failing rows a result shows at most."""


def without_quoted(text: str) -> str:
    """A message without what it quotes, which may be a personal value: from the first quote to the last one like it.

    >>> without_quoted("Could not convert string 'Maureen O'Hara' to INT32")
    'Could not convert string ••• to INT32'
    """
    return re.sub(r"(['\"]).*\1", MASK, text, flags=re.DOTALL)


@dataclass(frozen=True)
class CheckResult:
    """What a check found on an asset such as `raw/invoice_lines`: passed or not, and in plain words why.

    `failing_rows` counts the rows that fail; a check on the table as a whole (its newest row, its row count, its
    types) has none. `sample` holds some of the failing rows, personal values masked.
    """

    asset: str
    check_name: str
    severity: Literal["error", "warn"]
    passed: bool
    observed: str
    expected: str
    failing_rows: int
    checked_at: datetime
    sample: tuple[Mapping[str, str], ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether what depends on the asset must not be computed."""
        return not self.passed and self.severity == "error"

    @property
    def was_made(self) -> bool:
        """Whether the data was looked at; a check that could not be made fails, and is tried again next time."""
        return not self.observed.startswith(UNABLE)

    def __str__(self) -> str:
        return f"{self.asset}  {self.check_name}: expected {self.expected}; {self.observed}"
