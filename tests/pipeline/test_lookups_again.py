"""A run with KPIs by dimensions of another model: what is made again when rows of either of the two change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import prepared
from tests.project import SALES_HEADER, Shop, csv, sales

pytestmark = pytest.mark.xdist_group("joined")
CUSTOMERS = """\
sources:
  - name: customers
    connector: {type: file, path: data/customers.csv}
    load: {mode: full}
models:
  - name: customer
    table: raw.customers
    agg_time_dimension: since
    entities: [{name: customer, type: primary}]
    dimensions: [tier]
    checks: [{type: not_null, columns: [tier], name: tier_given}]
metrics:
  - name: gold_revenue
    type: simple
    model: sale
    agg: sum
    expr: amount
    unit: currency
    filter: customer__tier = 'gold'
kpis:
  - name: gold_weekly_revenue
    metric: gold_revenue
    direction: up
    grain: week
    breakdowns: [[], [customer__tier], [sold_at__extract_dow]]
"""
TIERS = "customer,since,tier\nc1,2023-01-01,gold\nc2,2023-01-01,iron\n"


@pytest.fixture(scope="module")
def _run_once(_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop with customers beside its sales."""
    with prepared(tmp_path_factory.mktemp("joined"), _run_once) as joined:
        joined.write("data/customers.csv", TIERS)
        joined.write("definitions/customers.yaml", CUSTOMERS)
        joined.edit(
            "definitions/models.yaml",
            "    agg_time_dimension: sold_at\n    dimensions: [country]\n",
            "    agg_time_dimension: sold_at\n    dimensions: [country]\n"
            "    entities: [{name: customer, type: foreign}]\n",
        )
        assert joined.run().status == "published"
    return joined.root


@pytest.fixture
def joined(ran: Shop) -> Shop:
    return ran


def test_new_rows_and_new_customers_equal_a_full_run(joined: Shop) -> None:
    joined.write("data/sales/second.csv", csv(SALES_HEADER, sales([9], first_invoice=500)))
    joined.run()
    appended = joined.hashes()
    joined.run(full=True)
    assert joined.hashes() == appended

    joined.write("data/customers.csv", TIERS.replace("iron", "gold"))
    joined.run()
    promoted = joined.hashes()
    assert promoted != appended
    joined.run(full=True)
    assert joined.hashes() == promoted

    joined.write("data/sales/third.csv", csv(SALES_HEADER, sales([9], first_invoice=900)))
    joined.write("data/customers.csv", TIERS.replace("gold", "iron"))
    joined.run()
    both = joined.hashes()
    assert both != promoted
    joined.run(full=True)
    assert joined.hashes() == both


def test_segments_of_the_other_model_are_published(joined: Shop) -> None:
    rows = joined.ask(
        "SELECT DISTINCT segment FROM kpi_value WHERE kpi = 'gold_weekly_revenue' AND breakdown <> '' ORDER BY 1"
    )
    found = rows.get_column("segment").to_list()
    assert "customer__tier=gold" in found
    assert any(one.startswith("sold_at__extract_dow=") for one in found)


def test_lineage_leads_to_the_model_looked_up_in(joined: Shop) -> None:
    found = joined.ask("SELECT downstream FROM lineage WHERE upstream LIKE '%customer' AND column_name = 'tier'")
    assert {one.rpartition("/")[2] for one in found.get_column("downstream")} == {"gold_revenue", "gold_weekly_revenue"}


def test_blocked_model_blocks_what_looks_something_up_in_it(joined: Shop) -> None:
    joined.write("data/customers.csv", TIERS + "c3,2023-01-01,\n")
    report = joined.run()
    assert report.status == "blocked"
    assert "kpi/gold_weekly_revenue" in report.blocked
    assert "model/customer fails 'tier_given'" in report.blocked["kpi/gold_weekly_revenue"]
    assert "kpi/weekly_tickets" not in report.blocked
