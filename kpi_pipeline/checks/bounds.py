"""What every check with a least and a greatest value asks of the two."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar


class HasBounds(Protocol):
    """A check that says what is allowed at least and at most."""

    min: Any
    max: Any


C = TypeVar("C", bound=HasBounds)


def some_bound(check: C) -> C:
    """The check; without any bound it would allow everything.

    Raises:
        ValueError: neither is given.
    """
    if check.min is None and check.max is None:
        raise ValueError("give 'min', 'max' or both")
    return check
