"""Formulas mean what SQL means by them."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import polars as pl
import pytest

from kpi_pipeline import computing
from kpi_pipeline.arithmetic import PARTS
from kpi_pipeline.derive.formula import expression
from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.plan import Arithmetic, Fold, Leaf, Measure
from tests.engine import engine

INPUTS = [(a, b) for a in (None, -2.5, -1.0, 0.0, 0.5, 2.0, 2.5) for b in (None, -1.0, 0.0, 2.0)]


@pytest.mark.parametrize(
    "text",
    [
        "a + b * 2 - -a",
        "a / b",
        "(a - b) / (a + b)",
        "round(a)",
        "round(a * 10 + b, -1)",
        "round(a / 3, 2)",
        "coalesce(a, b, 7)",
        "nullif(a, b)",
        "greatest(a, b) + least(a, 1)",
        "CASE WHEN a > b THEN 1 WHEN a IS NULL THEN 2 WHEN NOT a = b THEN 3 END",
        "CASE a WHEN 2 THEN 1 WHEN b THEN 5 ELSE 0 END",
        "CASE WHEN a > 0 AND b > 0 THEN 1 WHEN a > 0 OR b > 0 THEN 2 ELSE 3 END",
        "CASE WHEN a IS NOT NULL AND b BETWEEN -1 AND 1 THEN a END",
        "if(a >= b, a, b)",
        "abs(a) + sign(b) + floor(a) + ceil(b)",
        "A + B",
        "CASE WHEN true THEN a ELSE NULL END",
        "exp(a) * power(abs(b), 2) + abs(a) ** 2",
        "a <> b AND a < 3",
    ],
)
def test_same_as_duckdb(text: str) -> None:
    with duckdb.connect() as sql:
        wanted = sql.execute(
            f"SELECT CAST({text} AS DOUBLE) FROM (SELECT unnest($1) AS a, unnest($2) AS b)",
            [*map(list, zip(*INPUTS, strict=True))],
        ).fetchall()
    for pair, got, (answer,) in zip(INPUTS, _computed(text), wanted, strict=True):
        expected = None if answer is None or not math.isfinite(answer) else answer
        assert got == (expected if expected is None else pytest.approx(expected)), (text, pair)


@pytest.mark.parametrize("text", ["sqrt(a)", "ln(a)", "coalesce(ln(b), 1)", "power(a, b)", "a * 1e308 * 1e308"])
def test_what_cannot_be_computed_has_no_value(text: str) -> None:
    assert all(value is None or math.isfinite(value) for value in _computed(text))


def test_root_of_a_negative_number_can_be_replaced() -> None:
    assert _computed("coalesce(sqrt(a), 9)")[INPUTS.index((-1.0, 0.0))] == 9


def test_every_part_that_is_let_through_can_be_computed() -> None:
    known = {*computing._PLAIN, *computing._SPECIAL, *computing._SEVERAL, *computing._BINARY, *computing._UNARY}
    assert {part.__name__ for part in PARTS} - {part.__name__ for part in known} == {"Column", "Identifier"}


@pytest.mark.parametrize(
    "text", ["strftime(a, '%Y')", "a || 'x'", "a % 2", "a IS TRUE", "a::INTEGER", "'5'", "a IN (1, 2)", "round(a, a)"]
)
def test_anything_else_is_refused_before_it_is_computed(text: str) -> None:
    metrics: list[dict[str, Any]] = [
        {"name": "a", "type": "simple", "model": "t", "agg": "count"},
        {"name": "odd", "type": "derived", "expr": text, "input_metrics": ["a"]},
    ]
    with (
        engine({"t": "day date\n2024-01-01"}, metrics=metrics) as on_rows,
        pytest.raises(DefinitionError, match="Metric 'odd': a derived 'expr' cannot use"),
    ):
        on_rows.query(["odd"])


@pytest.mark.parametrize("text", ["a / 7", "100 * a / 3 / b", "round(a, -2)"])
def test_a_value_ends_with_the_same_digit_beside_others_and_alone(text: str) -> None:
    """Else the second period of a metric would restate the first."""
    nodes = {name: Leaf(Measure("m", "day", Fold.sum, name)) for name in ("a", "b")}
    value = expression(Arithmetic(text, tuple(nodes.items())), lambda leaf: pl.col(leaf.measure.expr)).alias("value")
    several = pl.DataFrame({"a": [1.1 * one for one in range(1, 200)]}).with_columns(b=pl.lit(49.0))
    alone = pl.concat(several.slice(row, 1).select(value) for row in range(several.height))
    assert several.select(value).equals(alone)


def _computed(text: str) -> list[float | None]:
    nodes = {name: Leaf(Measure("m", "day", Fold.sum, name)) for name in ("a", "b")}
    frame = pl.DataFrame(INPUTS, schema={"a": pl.Float64, "b": pl.Float64}, orient="row")
    value = expression(Arithmetic(text, tuple(nodes.items())), lambda leaf: pl.col(leaf.measure.expr))
    return frame.select(value.alias("value"))["value"].to_list()
