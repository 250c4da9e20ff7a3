"""Visits sorted once answer every distinct count; with numba and without they answer the same."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from kpi_pipeline.derive import marks, visits
from kpi_pipeline.derive.marks import Found, Marks
from kpi_pipeline.derive.tally import Tally
from kpi_pipeline.derive.visits import sort_visits

DAYS, SEGMENTS, KEYS = 60, 4, 50
ROWS = 3000
SINCE = {
    "day": np.arange(DAYS),
    "week": np.arange(DAYS) // 7 * 7,
    "five days": np.maximum(np.arange(DAYS) - 4, 0),
    "ever": np.zeros(DAYS),
    "second week only": np.where((np.arange(DAYS) >= 7) & (np.arange(DAYS) < 14), 7, -1),
}
WINDOWS = ("day", "week", "five days", "ever")
MARKS = [(since.astype(np.int32), False) for since in SINCE.values()]
MARKS += [(SINCE[name].astype(np.int32), True) for name in WINDOWS]


def _drawn(low: int, high: int) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(7)
    key = random.integers(low, high, KEYS)[random.integers(0, KEYS, ROWS)]
    paid = random.random(ROWS) < 0.4
    return random.integers(0, SEGMENTS, ROWS), key, random.integers(0, DAYS, ROWS).astype(np.int32), paid


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1000), (-500, 500), (-(2**62), 2**62)], ids=["small", "negative", "large"]
)
@pytest.mark.parametrize("way", ["numpy", "numba", "many days", "many places"])
@pytest.mark.parametrize("column", [None, "paid"])
def test_marks_are_those_of_a_plain_reading(
    low: int, high: int, way: str, column: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "numba" and find_spec("numba") is None:
        pytest.skip("numba is not installed")
    monkeypatch.setattr(visits, "WORTH_IT", 0 if way == "numba" else 10**9)
    monkeypatch.setattr(visits, "AT_ONCE", 100)
    monkeypatch.setattr(marks, "LOOKED_UP", 0 if way == "many days" else 10**9)
    segment, key, day, paid = _drawn(low, high)
    (ordered,) = sort_visits(segment, key, day, {"paid": paid}, days=DAYS)
    asked = Marks.of(MARKS)
    tally = Tally(SEGMENTS * DAYS * asked.codes * (10**9 if way == "many places" else 1))
    ordered.tally(column, asked, tally)
    found = Found.of(asked, DAYS, tally)
    taken = paid if column else np.full(ROWS, True)
    seen = sorted({*zip(segment[taken].tolist(), key[taken].tolist(), day[taken].tolist(), strict=True)})
    for since, is_last in MARKS:
        counts = np.zeros(SEGMENTS * DAYS)
        counts[found.cell] = found.bearing(since, is_last=is_last)
        assert counts.tolist() == _plainly(seen, since, is_last)


def _plainly(seen: list[tuple[int, int, int]], since: np.ndarray, is_last: bool) -> list[float]:
    """The visits of each key one after the other."""
    counts = [0.0] * (SEGMENTS * DAYS)
    for place, (segment, key, day) in enumerate(seen):
        before = seen[place - 1] if place and seen[place - 1][:2] == (segment, key) else None
        if since[day] > (before[2] if before else -1):
            if not is_last:
                counts[segment * DAYS + day] += 1
            elif place:
                counts[seen[place - 1][0] * DAYS + seen[place - 1][2]] += 1
    if is_last:
        counts[seen[-1][0] * DAYS + seen[-1][2]] += 1
    return counts


def test_filters_beyond_the_bits_of_a_number_are_sorted_in_turns() -> None:
    segment, key, day, _ = _drawn(0, 2**45)
    random = np.random.default_rng(8)
    filters = {f"filter {n}": random.random(ROWS) < 0.5 for n in range(20)}
    found = sort_visits(segment, key, day, filters, days=DAYS)
    assert [name for one in found for name in one.filters] == list(filters)
    assert len(found) > 1
    inner = [one.packed[1:-1] for one in found]
    assert all(np.all(one[1:] >= one[:-1]) and one[0] >= 0 for one in inner)
