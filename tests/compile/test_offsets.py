"""Questions that look at periods which are not there are refused, with a way out."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.compile import compile_query
from kpi_pipeline.errors import QueryError
from kpi_pipeline.periods import Grain
from tests.engine import Table, project_of

SALES = {"sales": Table({"day": "date", "amount": "integer"}, [])}


def _metrics(**offset: str) -> list[dict[str, Any]]:
    return [
        {"name": "amount", "type": "simple", "model": "sales", "agg": "sum", "expr": "amount"},
        {"name": "begun", "type": "derived", "expr": "amount", "input_metrics": [{"name": "amount", **offset}]},
    ]


@pytest.mark.parametrize(
    ("grain", "message"),
    [
        (Grain.quarter, "looks at its value at the start of the month, which no quarter lies in"),
        (None, "compares periods, so it needs a grain"),
    ],
)
def test_a_longer_period_than_the_one_that_began(grain: Grain | None, message: str) -> None:
    project = project_of(SALES, metrics=_metrics(offset_to_grain="month"))
    with pytest.raises(QueryError, match=message) as raised:
        compile_query(project, ["begun"], by=(), grain=grain, where=None)
    assert "--grain month or a finer one" in str(raised.value)


def test_explained_in_words() -> None:
    project = project_of(SALES, metrics=_metrics(offset_to_grain="month"))
    node = compile_query(project, ["begun"], by=(), grain=Grain.day, where=None).derivations["begun"].node
    assert "in sales by day, at the start of the month" in str(node.inputs[0][1])  # type: ignore[union-attr]
