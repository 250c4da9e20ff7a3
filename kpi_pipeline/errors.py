"""What can go wrong, sorted by who can mend it: the author of a definition, the data, or we.

Every message is for a person: where it is, what is wrong, and a way out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, order=True)
class Place:
    """Where in a definition file something is written; lines and columns count from 1.

    >>> str(Place("definitions/kpis/sales.yaml", 14, 5))
    'definitions/kpis/sales.yaml:14:5'
    """

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.in_file}:{self.column}"

    @property
    def in_file(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in the definitions, with the way out."""

    message: str
    place: Place | None = None
    hint: str | None = None

    def __str__(self) -> str:
        where = f"{self.place}  " if self.place else ""
        way_out = f"\nHint: {self.hint}" if self.hint else ""
        return f"{where}{self.message}{way_out}"


class KpiError(Exception):
    """The root of everything this package raises on purpose; its text is fit to be shown to a person."""

    exit_code = 1


class DefinitionError(KpiError):
    """The definitions cannot be used as they are; the author can fix every problem listed."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n\n".join(str(problem) for problem in self.problems))


class QueryError(KpiError):
    """A question that cannot be answered as asked: an unknown metric, dimension or grain."""

    exit_code = 2

    @classmethod
    def no_period(cls, option: str, text: str) -> QueryError:
        return cls(
            f"'{text}' ({option}) names no day and no period.\n"
            "Hint: write it like 2010-09-30, 2010-09, 2010-Q3, 2010-W39 or 2010."
        )


class DataError(KpiError):
    """The data did something that the definitions did not allow for."""

    exit_code = 3

    @classmethod
    def days_by_hour(cls, model: str, time: str) -> DataError:
        return cls(
            f"Model '{model}' cannot be asked by hour: its time column '{time}' holds days.\n"
            "Hint: ask with --grain day, or use a time column with the time of day (agg_time_dimension)."
        )


class WarehouseBusy(KpiError):
    """Another process is writing to the warehouse."""

    exit_code = 4

    @classmethod
    def held_by(cls, holder: str, path: str, waited: float) -> WarehouseBusy:
        return cls(
            f"The warehouse {path} is being written by {holder}; waited {waited:.0f} s.\n"
            "Hint: wait until it has ended, or give it longer with --wait SECONDS."
        )


class StorageError(KpiError):
    """Disk full, a folder that cannot be written, a warehouse of a newer version: nothing was published."""

    exit_code = 5

    @classmethod
    def not_written(cls, path: str, problem: OSError) -> StorageError:
        return cls(
            f"{path} cannot be written: {problem.strerror or problem}.\n"
            "Hint: is its folder there, may you write in it, and is there room on the disk?"
        )


class InternalError(KpiError):
    """Our own mistake: an invariant of the pipeline does not hold."""

    exit_code = 70


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The nearest known name, as a hint, or None when nothing is near.

    >>> did_you_mean("gros_margin", ["gross_margin", "orders"])
    "did you mean 'gross_margin'?"
    """
    nearest = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean '{nearest[0]}'?" if nearest else None


def counted(number: int, thing: str) -> str:
    """So many of a thing.

    >>> counted(1, "source"), counted(1200, "row")
    ('1 source', '1,200 rows')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def listed(names: Sequence[str], *, most: int = 12) -> str:
    """Names as one readable list, cut where it gets long.

    >>> listed(["a", "b"])
    "'a', 'b'"
    """
    shown = ", ".join(f"'{name}'" for name in names[:most])
    more = len(names) - most
    return f"{shown} and {more} more" if more > 0 else shown
