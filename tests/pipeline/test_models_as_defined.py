"""A question after a model was changed is answered by the model as it is defined now, or not at all."""

from __future__ import annotations

import pytest

from kpi_pipeline.errors import DataError
from tests.project import Shop


def _revenue(shop: Shop) -> object:
    return shop.load().query(["revenue"]).item()


def _twice_the_amount(shop: Shop) -> None:
    text = (shop.root / "definitions/models.yaml").read_text(encoding="utf-8")
    shop.write("definitions/models.yaml", text.replace("AS amount", "* 2 AS amount", 1))


def test_a_view_follows_its_definition(ran: Shop) -> None:
    before = _revenue(ran)
    _twice_the_amount(ran)
    assert isinstance(before, float)
    assert _revenue(ran) == 2 * before


def test_a_table_waits_for_a_run(ran: Shop) -> None:
    ran.edit("definitions/models.yaml", "  - name: sale\n", "  - name: sale\n    materialized: table\n")
    ran.run()
    before = _revenue(ran)
    _twice_the_amount(ran)
    with pytest.raises(DataError, match="Model 'sale' was changed since the last run, and it is kept as a table"):
        _revenue(ran)
    ran.run()
    assert isinstance(before, float)
    assert _revenue(ran) == 2 * before


def test_a_question_of_a_new_model_needs_no_run_where_its_source_is_loaded(ran: Shop) -> None:
    ran.write(
        "definitions/new.yaml",
        "models: [{name: again, sql: SELECT sold_at FROM raw.sales, agg_time_dimension: sold_at}]\n"
        "metrics: [{name: rows_again, type: simple, model: again, agg: count}]\n",
    )
    assert ran.load().query(["rows_again"]).item() == ran.look("SELECT count(*) FROM raw.sales").item()
