"""Stocks: what counts of a period for a measure that must not be added up over time."""

from __future__ import annotations

from dataclasses import dataclass, replace

_CHOSEN = {
    "last": "at the latest {}",
    "first": "at the earliest {}",
    "average": "averaged over every {}",
    "highest": "at the highest of every {}",
    "lowest": "at the lowest of every {}",
}


@dataclass(frozen=True)
class Snapshot:
    """Rows say how things stood at a moment: of each period one moment counts, or something of all its moments.

    `moment` is a time column, `groupings` are SQL. The moment is chosen for each combination of the groupings on its
    own. Where states are `carried`, one without a row in the period keeps its last row from before.
    """

    moment: str
    choice: str = "last"
    groupings: tuple[str, ...] = ()
    carried: bool = False

    @property
    def time(self) -> str:
        """The time column it looks at beside the one that says when a row counts."""
        return self.moment

    @property
    def kept(self) -> str:
        """Which moments of a day partial results need: the last, the first, or every one."""
        return self.choice if self.choice in ("last", "first") else "every"

    @property
    def about(self) -> str:
        """What a pass over the rows must keep for it."""
        return f"{self.kept} {self.moment} of {self.groupings}"

    @property
    def of_rows(self) -> Snapshot | None:
        """How rows are counted that say whether there is a value; of all moments of a period it is all rows."""
        return self if self.kept != "every" else None

    def __str__(self) -> str:
        of_each = f" of each {' and '.join(self.groupings)}" if self.groupings else ""
        return _CHOSEN[self.choice].format(self.moment) + of_each + (", carried forward" if self.carried else "")


@dataclass(frozen=True)
class Interval:
    """Rows count while they are active: from the measure's time column on, and before `until`; open where that is NULL.

    Of a longer period `choice` takes the last or first day, or the average, highest or lowest of its days. `begun`
    counts what has begun, active still or not.
    """

    until: str
    choice: str = "last"
    begun: bool = False

    @property
    def time(self) -> str:
        """The time column it looks at beside the one that says when a row counts."""
        return self.until

    @property
    def about(self) -> str:
        """What a pass over the rows must keep for it."""
        return f"until {self.until}"

    @property
    def of_rows(self) -> Interval:
        """How rows are counted that say whether there is a value: one has begun by the day looked at."""
        return replace(self, choice="highest" if self.choice == "lowest" else self.choice, begun=True)

    def __str__(self) -> str:
        return _CHOSEN[self.choice].format("day") + (", begun" if self.begun else f", active until {self.until}")
