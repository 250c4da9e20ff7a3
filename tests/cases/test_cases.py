"""Metrics on a few rows, their answers written in SQL by a person who never saw the engine.

A file holds rows, definitions and questions. Each question is asked of every metric alone and of all at once, in one
batch with every other metric of the file; of the rows as they are, and of partial results that were stored and mended
while the rows arrived in three portions, some of them wrong at first; and of partial results that a run left behind,
without a look at the rows wherever that is promised. The answers must be the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from math import isclose
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from kpi_pipeline.compile import compile_query
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.kept import Kept, Scan
from kpi_pipeline.plan import Reduction
from tests.arrivals import Arriving, arriving
from tests.engine import Engine, Through, engine
from tests.kept import after_a_run, ways_of

HERE = Path(__file__).parent
DIGITS = 1e-11
BESIDE = (
    "value",
    "numerator",
    "denominator",
    "sample_size",
    "is_complete",
    "previous_value",
    "year_ago_value",
    "is_other",
)
Row = tuple[object, ...]


@dataclass(frozen=True)
class Case:
    """A question of a file."""

    file: Path
    said: Mapping[str, Any]
    question: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.file.parent.name}/{self.file.stem}: {self.question['name']}"

    @property
    def asks(self) -> dict[str, Any]:
        asks = dict(self.question.get("asks") or {})
        return {key: str(value) if isinstance(value, date) else value for key, value in asks.items()}

    @property
    def metrics(self) -> list[str]:
        return list(self.question.get("metrics") or [one["name"] for one in self.said["metrics"]])


def _cases() -> Iterator[Case]:
    for file in sorted(HERE.glob("*/*.yaml")):
        said = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
        for question in said["questions"]:
            yield Case(file, said, question)


CASES = list(_cases())


WORLD = ("rows", "models", "project", "sources", "through", "now", "arrives_whole")
"""What a file says for all of its questions, and a question may say otherwise for itself."""


@dataclass
class Worlds:
    """The engines of the file at hand, on its rows, on rows arriving, and after a run: each is made once."""

    file: Path | None = None
    stack: ExitStack = field(default_factory=ExitStack)
    made: dict[str, tuple[Engine, Arriving, Engine]] = field(default_factory=dict)

    def of(self, case: Case) -> tuple[Engine, Arriving, Engine]:
        """The engine on all rows, the one whose rows arrive in portions, and the one that a run has been through."""
        if case.file != self.file:
            self.close()
            self.file = case.file
        said = {key: value for key, value in {**case.said, **case.question}.items() if key in WORLD}
        key = repr(said)
        if key not in self.made:
            on_rows = self.stack.enter_context(_engine(case.said["metrics"], said))
            again = self.stack.enter_context(_engine(case.said["metrics"], said))
            asked = [(one.metrics, one.asks) for one in CASES if one.file == case.file]
            self.made[key] = (
                on_rows,
                arriving(on_rows, whole=said.get("arrives_whole", ())),
                after_a_run(again, asked),
            )
        return self.made[key]

    def close(self) -> None:
        self.stack.close()
        self.made.clear()


def _engine(metrics: Any, said: Mapping[str, Any]) -> Any:
    return engine(
        said["rows"],
        metrics=metrics,
        models=said.get("models", ()),
        settings=said.get("project"),
        sources=said.get("sources"),
        through={
            name: Through(one.get("newest"), one.get("complete_before"))
            for name, one in said.get("through", {}).items()
        },
        **({"now": said["now"]} if "now" in said else {}),
    )


@pytest.fixture(scope="module")
def worlds() -> Iterator[Worlds]:
    made = Worlds()
    yield made
    made.close()


@pytest.mark.parametrize(
    "case", [pytest.param(one, marks=pytest.mark.xdist_group(str(one.file))) for one in CASES], ids=str
)
def test_answer_is_that_of_plain_sql(case: Case, worlds: Worlds) -> None:
    on_rows, in_portions, after_run = worlds.of(case)
    wanted = on_rows.warehouse.fetch(case.question["answer"])
    asks = case.asks
    if asks.pop("as", "query") == "kpi_table":
        _compare_tables(on_rows, in_portions, case, asks, wanted)
    else:
        together = _compare_queries(on_rows, in_portions, case, asks, wanted)
        kept = after_run.query(case.metrics, **asks)
        assert kept.equals(together), "what a run kept gives other values"
        scanned = [str(way) for way in _ways(after_run, case.metrics, **asks).values() if isinstance(way, Scan)]
        assert not scanned or _must_be_scanned(case), scanned


def _ways(
    engine: Engine,
    metrics: list[str],
    *,
    by: Sequence[str] = (),
    grain: str | None = None,
    where: str | None = None,
    **_: object,
) -> dict[Reduction, Kept | Scan]:
    plan = compile_query(engine.project, metrics, by=by, grain=Grain(grain) if grain else None, where=where)
    return ways_of(engine, plan)


def _must_be_scanned(case: Case) -> bool:
    """Whether a question is about rows: a condition asks for a metric of each, or decides which state was the last."""
    where = str(case.asks.get("where", ""))
    return "metric" in where.lower() or (bool(where) and case.file.parent.name == "stocks")


def _compare_queries(
    on_rows: Engine, in_portions: Arriving, case: Case, asks: dict[str, Any], wanted: pl.DataFrame
) -> pl.DataFrame:
    """Compares the answer for all metrics, which it gives back, and that for each alone."""
    keys = _keys(asks)
    together = on_rows.query(case.metrics, **asks)
    arrived = in_portions.ask(lambda one: one.query(case.metrics, **asks))
    assert arrived.equals(together), "rows that came in portions give other values"
    _assert_equal(together.select(wanted.columns), wanted, keys)
    if {"order_by", "limit"} & asks.keys():
        assert together.select(keys).rows() == wanted.select(keys).rows()
        return together
    for metric in case.metrics:
        alone = on_rows.query([metric], **asks) if len(case.metrics) > 1 else together
        _assert_equal(alone, _rows_it_has(wanted.select(*keys, metric), alone, keys, metric), keys)
    return together


def _compare_tables(
    on_rows: Engine, in_portions: Arriving, case: Case, asks: dict[str, Any], wanted: pl.DataFrame
) -> None:
    keys = [*_keys(asks), *(["is_other"] if "is_other" in wanted.columns else [])]
    others = [name for name in (one["name"] for one in case.said["metrics"]) if on_rows.can_answer(name, **asks)]
    asks["compared"] = any(name in wanted.columns for name in ("previous_value", "year_ago_value"))
    together = on_rows.kpi_table(list(dict.fromkeys([*case.metrics, *others])), **asks)
    arrived = in_portions.ask(lambda one: one.kpi_table(case.metrics, **asks))
    for metric in case.metrics:
        alone = on_rows.kpi_table([metric], **asks)[metric]
        assert alone.equals(together[metric]), f"{metric} alone is not what it is among others"
        assert arrived[metric].equals(alone), f"{metric} is another one when rows come in portions"
        beside = [name for name in BESIDE if name in wanted.columns and name not in keys]
        answer = wanted.select(*keys, *beside) if beside else wanted.select(*keys, pl.col(metric).alias("value"))
        _assert_equal(alone.select(answer.columns), answer, keys)


def _keys(asks: Mapping[str, Any]) -> list[str]:
    return [*(["period_start"] if asks.get("grain") else []), *asks.get("by", [])]


def _rows_it_has(wanted: pl.DataFrame, alone: pl.DataFrame, keys: list[str], metric: str) -> pl.DataFrame:
    """Beside other metrics a row may be there in which this one has no value; alone it may be missing."""
    if not keys or wanted.is_empty():
        return wanted
    there = {tuple(map(str, row)) for row in alone.select(keys).iter_rows()}
    keep = [
        tuple(map(str, row[:-1])) in there or row[-1] is not None for row in wanted.select(*keys, metric).iter_rows()
    ]
    return wanted.filter(pl.Series(keep, dtype=pl.Boolean))


def _assert_equal(got: pl.DataFrame, wanted: pl.DataFrame, keys: list[str]) -> None:
    assert set(got.columns) == set(wanted.columns)
    columns = [*keys, *(name for name in wanted.columns if name not in keys)]
    left, right = _sorted(got.select(columns), len(keys)), _sorted(wanted.select(columns), len(keys))
    assert [row[: len(keys)] for row in left] == [row[: len(keys)] for row in right]
    for mine, answer in zip(left, right, strict=True):
        assert all(_same(a, b) for a, b in zip(mine, answer, strict=True)), f"{columns}\n got {mine}\nwant {answer}"


def _sorted(frame: pl.DataFrame, keys: int) -> list[Row]:
    rows = [tuple(_plain(value) for value in row) for row in frame.iter_rows()]
    return sorted(rows, key=lambda row: [(one is None, str(one)) for one in row[:keys]])


def _plain(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, datetime):
        return value.date() if value.time() == value.min.time() else value
    if isinstance(value, int | float | Decimal):
        return float(value)
    return value if isinstance(value, str | date) else str(value)


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=DIGITS, abs_tol=DIGITS)
    return one == other
