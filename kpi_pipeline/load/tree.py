"""What a definition file says, as a tree in which everything knows where it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kpi_pipeline.errors import Place

TEXT = "text"
"""The further key under which `places_below` gives the place where a value's text begins."""


@dataclass(frozen=True)
class Scalar:
    """A single value, as the text somebody wrote; None where nothing was (`null`, `~`, or empty)."""

    text: str | None
    place: Place
    text_place: Place | None = None
    """Where the text itself begins (after a quote, below `|`); None where its lines were folded into one."""
    quoted: bool = False
    written: str = ""
    """The text before values of the environment were put in, so that messages about its form show no secret."""


@dataclass(frozen=True)
class Items:
    """A list."""

    members: tuple[Written, ...]
    place: Place


@dataclass(frozen=True)
class Key:
    """A key and where it stands."""

    text: str
    place: Place


@dataclass(frozen=True)
class Fields:
    """Keys with their values, in the order of the file."""

    entries: tuple[tuple[Key, Written], ...]
    place: Place

    def get(self, key: str) -> Written | None:
        """The value of a key, if it is written."""
        return next((value for one, value in self.entries if one.text == key), None)

    def key(self, key: str) -> Key | None:
        """The key as written, with its place."""
        return next((one for one, _ in self.entries if one.text == key), None)

    def text(self, key: str) -> str | None:
        """The text of a key, if it has one."""
        value = self.get(key)
        return value.text if isinstance(value, Scalar) else None


Written = Scalar | Items | Fields


def places_below(node: Written, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Place]]:
    """Every path at and below a node with its place; members of a list are numbered from 0.

    Where the text of a value begins at a known place of its own, it is given under the further key TEXT.
    """
    yield path, node.place
    if isinstance(node, Scalar):
        if node.text_place:
            yield (*path, TEXT), node.text_place
    elif isinstance(node, Items):
        for number, member in enumerate(node.members):
            yield from places_below(member, (*path, str(number)))
    else:
        for key, value in node.entries:
            yield from places_below(value, (*path, key.text))
