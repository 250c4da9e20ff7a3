"""The same steps as a small drawing: sources on the left, the KPI on the right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kpi_pipeline.publish.scorecard.origin import Origin

WIDE, TALL = 168.0, 34.0
ACROSS, DOWN = 44.0, 12.0
MOST = 26
"""More things than this are a list and no drawing."""
LETTERS = 22


@dataclass(frozen=True)
class Stop:
    """A thing of the drawing, with its corner."""

    x: float
    y: float
    kind: str
    text: str
    title: str
    failed: bool


@dataclass(frozen=True)
class OriginMap:
    """Boxes and the lines between them, in a box of `width` x `height`."""

    width: float
    height: float
    stops: tuple[Stop, ...]
    lines: str
    summary: str


def origin_map(origin: Origin) -> OriginMap | None:
    """The drawing; None where there is too much or nothing to draw."""
    pairs = list(_pairs(origin))
    things = {one.key: one for one in _all(origin)}
    if not pairs or len(things) > MOST:
        return None
    ranks = _ranks(origin.key, pairs)
    deepest = max(ranks.values())
    columns: dict[int, list[str]] = {}
    for key in things:
        columns.setdefault(deepest - ranks[key], []).append(key)
    tallest = max(len(keys) for keys in columns.values())
    height = tallest * (TALL + DOWN) - DOWN
    corners: dict[str, tuple[float, float]] = {}
    for column, keys in columns.items():
        room = (height - len(keys) * (TALL + DOWN) + DOWN) / 2
        for place, key in enumerate(keys):
            corners[key] = (column * (WIDE + ACROSS), round(room + place * (TALL + DOWN), 1))
    sources = [one.name for one in things.values() if one.kind == "source"]
    return OriginMap(
        width=deepest * (WIDE + ACROSS) + WIDE,
        height=height,
        stops=tuple(
            Stop(*corners[key], one.kind, _short(one.name), f"{one.kind} {one.name}", one.failed)
            for key, one in things.items()
        ),
        lines="".join(_line(corners[up], corners[down]) for down, up in pairs),
        summary=f"{origin.name} is made from {', '.join(sources) or 'no source'} in {deepest} steps.",
    )


def _all(origin: Origin) -> Iterator[Origin]:
    if not origin.told_above:
        yield origin
    for one in origin.below:
        yield from _all(one)


def _pairs(origin: Origin) -> Iterator[tuple[str, str]]:
    """What is made from what, each pair once."""
    for one in origin.below:
        yield origin.key, one.key
        yield from _pairs(one)


def _ranks(root: str, pairs: list[tuple[str, str]]) -> dict[str, int]:
    """The most steps from a thing to the root, so that lines always lead to the right."""
    ranks = {root: 0}
    for _ in range(len(pairs) + 1):
        before = dict(ranks)
        for down, up in pairs:
            if down in ranks:
                ranks[up] = max(ranks.get(up, 0), ranks[down] + 1)
        if ranks == before:
            break
    return ranks


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    x, y = start[0] + WIDE, start[1] + TALL / 2
    to_x, to_y = end[0], end[1] + TALL / 2
    bend = (to_x - x) / 2
    return f"M{x:g} {y:g}C{x + bend:g} {y:g} {to_x - bend:g} {to_y:g} {to_x:g} {to_y:g}"


def _short(name: str) -> str:
    """A name that fits its box.

    >>> _short("a_name_that_is_much_too_long_for_a_box")
    'a_name_that_is_much_t…'
    """
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
