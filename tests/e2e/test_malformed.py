"""Malformed definitions, files, targets, variables and arguments, a few of each; `python -m reliability malformed`."""

from __future__ import annotations

import random
from itertools import chain

import pytest

from reliability import malformed
from reliability.malformed_inputs import KINDS, Input, inputs

SEED = 20


def few() -> list[Input]:
    """A mutation of each kind, and traps that once did harm."""
    chance = random.Random(SEED)
    known = {"json/empty key", "project/warehouse the published", "yaml/bomb", "yaml/deep", "csv/ragged"}
    drawn = [make(chance, f"{kind}/{SEED}") for kind, make in KINDS.items()]
    return [*drawn, *(one for one in inputs(300, SEED) if one.name in known)]


def test_each_ends_in_a_message_and_no_row_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = few()
    monkeypatch.setattr(malformed, "inputs", lambda *_: tried)
    tally = malformed.tried(len(tried), SEED)
    assert tally.faults == []
    assert sum(tally.kinds.values()) == len(tried) == len(KINDS) + 5
    assert set(tally.kinds) == set(KINDS)


def test_corpus_has_every_kind_and_no_input_twice() -> None:
    made = list(inputs(600, 1))
    assert len({one.name for one in made}) == len(made) == 600
    assert {one.kind for one in made} == set(KINDS)
    assert len({(*chain(one.files.items()), *one.environment.items(), one.arguments) for one in made}) > 560
    assert {"run", "query", "why", "explain", "check", "list", "review", "report"} <= {
        one.arguments[0] for one in made if one.kind == "arguments"
    }


def test_a_lost_row_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    one = next(one for one in inputs(300, 1) if one.name == "csv/windows")
    monkeypatch.setattr(malformed, "inputs", lambda *_: [one])
    monkeypatch.setattr(malformed, "_counted", lambda _path: 25)
    assert malformed.tried(1, 1).faults == ["csv/windows: 25 rows were delivered, 24 loaded and 0 set aside"]
