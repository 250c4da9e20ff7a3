"""Rows on their way from a source that is no file: batches of them, and what is told of their columns and number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import polars as pl

Moment = datetime | date | int | float | Decimal | str
"""A value of a cursor."""


@dataclass(frozen=True)
class Since:
    """From where on rows are asked for: the cursor's column, its first value, and its type in the raw table."""

    column: str
    value: Moment
    kind: str
    or_unknown: bool = True
    """Whether rows without a cursor are asked for, too: nothing says that they are old."""


@dataclass(frozen=True)
class Told:
    """What a connector says of a column of its batches.

    as_it_comes: the type it arrives with. decimal: an exact number written as text, with `digits` and `places` where
    the source limits them. values: text whose type its values say, or only whether it is a time.
    """

    name: str
    read_as: Literal["as_it_comes", "decimal", "values", "times"] = "as_it_comes"
    digits: int | None = None
    places: int | None = None
    has_odd: bool = False
    """Whether another column of the batch holds the text of values that this one cannot hold, such as infinity."""


@dataclass(frozen=True)
class Arriving:
    """Rows as they come.

    Where a connector tells of its columns, those of a batch are called c0, c1, ..., and o3 is where the odd values of
    c3 are. Where it does not, they have their own names, and batches may bring new ones.
    """

    name: str
    """What lineage and quarantine call it, such as `database:public.invoices`."""
    told: Sequence[Told] | None
    batches: Iterator[pl.DataFrame]
    counted: Callable[[], int | None]
    """How many rows the source itself says there are, in the same moment as the batches; None where it cannot say."""
    remembered: Callable[[], str | None] = lambda: None
    """What the connector wants to be told at the next load, once the batches are read."""
    keys: Callable[[], Arriving] | None = None
    """The keys of all rows that are there at that moment; None where the source cannot list them."""
    covers: Literal["all", "since", "new"] = "all"
    """All rows there are; those from the value of the cursor on that was asked for; or those not given before."""
    may_leave_out: bool = False
    """Whether rows name a column only where they have a value for it, as dicts may."""
