"""Keys and values that are the model's rows over again are read where they are; other partial results are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from kpi_pipeline.store.seen_rows import SeenRows
from tests.conftest import prepared
from tests.project import SALES_HEADER, Shop, csv

pytestmark = pytest.mark.xdist_group("counted")
LINES = """\
  - {name: amounts, type: simple, model: sale, agg: count_distinct, expr: CAST(amount AS INTEGER), unit: count}
  - {name: middle, type: simple, model: sale, agg: median, expr: amount, unit: currency}
"""
KPI = """\
  - name: weekly_{metric}
    metric: {metric}
    goal: grow
    team: commercial
    owner: ana
    direction: up
    grain: week
    breakdowns: [[], [country]]
    scorecards: [company]
"""
SQL = "      FROM raw.sales\n"
FIRST_OF_EACH = "      FROM raw.sales QUALIFY row_number() OVER (PARTITION BY invoice ORDER BY sold_at) = 1\n"
OF_ROWS, KEPT = "VIEW", "BASE TABLE"


@pytest.fixture(scope="module")
def _run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with metrics about buyers (texts), amounts (whole numbers) and their median."""
    with prepared(tmp_path_factory.mktemp("counted")) as shop:
        shop.edit("definitions/metrics.yaml", "metrics:\n", "metrics:\n" + LINES)
        more = "".join(KPI.format(metric=one) for one in ("buyers", "amounts", "middle"))
        shop.edit("definitions/kpis.yaml", "kpis:\n", "kpis:\n" + more)
        shop.run()
    return shop.root


@pytest.fixture
def shop(ran: Shop) -> Shop:
    return ran


def _kinds(shop: Shop) -> dict[str, str]:
    """What the passes over sales are kept as, by what they count."""
    found = shop.look(
        "SELECT table_name, table_type, (SELECT string_agg(column_name) FROM information_schema.columns c "
        "WHERE c.table_name = t.table_name) FROM information_schema.tables t "
        "WHERE table_schema = 'partial' AND table_name LIKE 'sale\\_\\_%' ESCAPE '\\' AND table_name NOT LIKE '%keys'"
    ).rows()
    words = {"customer": "buyers", "cast": "amounts", "quantile": "middle", "sum": "sums"}
    return {meant: kind for _, kind, columns in found for word, meant in words.items() if word in columns}


def test_rows_that_stand_for_themselves_are_not_copied(shop: Shop) -> None:
    assert _kinds(shop) == {"buyers": KEPT, "amounts": OF_ROWS, "middle": OF_ROWS, "sums": KEPT}


def test_what_follows_from_several_rows_is_kept(shop: Shop) -> None:
    shop.edit("definitions/models.yaml", SQL, FIRST_OF_EACH)
    shop.run()
    assert set(_kinds(shop).values()) == {KEPT}
    shop.edit("definitions/models.yaml", "  - name: sale\n", "  - name: sale\n    materialized: table\n")
    shop.run()
    assert _kinds(shop)["amounts"] == OF_ROWS
    shop.edit("definitions/models.yaml", "    materialized: table\n", "")
    shop.edit("definitions/models.yaml", FIRST_OF_EACH, SQL)
    shop.run()
    assert _kinds(shop)["middle"] == OF_ROWS
    incremental = shop.hashes()
    shop.run(full=True)
    assert shop.hashes() == incremental


def test_only_days_of_spans_that_changed_are_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[date, date]] = []
    honest = SeenRows.by_key

    def watching(self: SeenRows, at_most: int, spans: Sequence[tuple[date, date]]) -> Iterator[pl.DataFrame]:
        read.extend(spans)
        return honest(self, at_most, spans)

    monkeypatch.setattr(SeenRows, "by_key", watching)
    shop.write("data/sales/late.csv", csv(SALES_HEADER, ["L1,c1,2024-01-10 10:00:00,France,1,100.00"]))
    shop.run()
    what_the_week_stood_at = (date(2024, 1, 8), date(2024, 1, 10))  # at the point that a projection compares with
    assert set(read) == {(date(2024, 1, 1), date(2024, 1, 31)), what_the_week_stood_at}
    late = shop.hashes()
    shop.run(full=True)
    assert shop.hashes() == late


def test_what_cannot_be_computed_of_a_row_is_said_of_the_model(shop: Shop) -> None:
    shop.edit("definitions/metrics.yaml", "agg: median, expr: amount", "agg: median, expr: CAST(customer AS DOUBLE)")
    said = shop.kpi("run")
    said.refuses(3, "Model 'sale' cannot be reduced", "kpi explain METRIC")
