"""Rows that were not let in, from the terminal and from Python: listed, explained, tried again, dropped."""

from __future__ import annotations

import json

import pytest

from kpi_pipeline.errors import DefinitionError
from tests.project import SALES_HEADER, Shop, csv, sales

COUNTRIES = """\
  - name: countries
    connector: {type: file, path: data/countries.csv}
  - name: tickets"""
KNOWN = """name: invoice_given}
      - {type: relationships, column: country, to: countries, severity: quarantine, name: country_known}"""


def with_countries(shop: Shop, *names: str) -> Shop:
    shop.edit("definitions/sources.yaml", "  - name: tickets", COUNTRIES)
    shop.edit("definitions/sources.yaml", "name: invoice_given}", KNOWN)
    shop.edit("definitions/sources.yaml", "    personal: [customer]\n", "")
    shop.write("data/countries.csv", "\n".join(["country", *names]) + "\n")
    return shop


def test_rows_wait_for_their_key_and_come_in_with_it(shop: Shop) -> None:
    with_countries(shop, "France", "Spain")
    report = shop.run()
    found = next(one for one in report.checks if one.check_name == "country_known")
    assert (found.passed, found.severity) == (True, "warn")
    assert found.observed.startswith("20 of 60 rows read fail it and are set aside")
    assert report.kpi_values.height
    listed = json.loads(shop.kpi("quarantine", "--json").out)
    assert [(one["source"], one["check"], one["rows"]) for one in listed] == [("sales", "country_known", 20)]
    shown = shop.kpi("quarantine", "sales", "--limit", "1").out
    assert "data/sales/first.csv     4  country  Chile" in shown
    assert "19 more rows" in shown
    explained = shop.kpi("quarantine", "explain", "sales").out
    assert "definitions/sources.yaml:10" in explained
    assert "20 rows" in explained
    assert "Of 20 rows in quarantine 0 were loaded, 20 stay." in shop.kpi("quarantine", "replay", "sales").out
    shop.kpi("quarantine", "drop", "sales", "--note", "x").refuses(2, "Which rows")
    shop.kpi("quarantine", "sale").refuses(2, "no source 'sale'", "sales")
    for option, name, near in (
        ("--check", "country_know", "country_known"),
        ("--column", "contry", "country"),
        ("--file", "first.csv", "data/sales/first.csv"),
    ):
        said = (f"has {option[2:]} '{name}'", f"'{near}'")
        shop.kpi("quarantine", "drop", "sales", option, name, "--note", "x").refuses(2, *said)
    dropped = shop.kpi("quarantine", "drop", "sales", "--line", "4", "--note", "ana: test sale")
    assert "1 row of 'sales' dropped" in dropped.out
    shop.write("data/countries.csv", "country\nFrance\nSpain\nChile\n")
    after = shop.run(now=None)
    assert {one.asset for one in after.assets if one.changed} >= {"raw/countries", "raw/sales"}
    revenue = "SELECT sum(quantity * price) FROM raw.sales WHERE _source_file = 'data/sales/first.csv'"
    total = "SELECT sum(value) FROM metric_value WHERE metric = 'revenue' AND grain = 'week' AND segment = 'all'"
    assert shop.ask(total).item() == pytest.approx(float(shop.look(revenue).item()))
    assert shop.look("SELECT count(*) FROM raw.sales").item() == 59
    rows = shop.load().quarantined("sales")
    assert rows.select("line", "status", "status_note").rows() == [(4, "dropped", "ana: test sale")]


def test_more_than_is_tolerated_is_refused_and_examples_are_kept(shop: Shop) -> None:
    with_countries(shop, "France", "Spain")
    shop.edit("definitions/sources.yaml", "severity: quarantine", "severity: quarantine, tolerate: 10%")
    report = shop.run()
    assert "20 of 60 rows read fail it, 33.3%; tolerated are 10%" in report.blocked["kpi/weekly_revenue"]
    loaded = shop.load()
    assert loaded.quarantined("sales").is_empty()
    refused = loaded.refused_rows("sales")
    assert refused.height == 20
    assert json.loads(refused["fields"][0])["reason"] == "\"Chile\" is not found in 'country' of countries"
    assert "was refused" in shop.kpi("quarantine", "sales").out


def test_of_a_refused_load_nothing_is_said_to_be_in_quarantine(shop: Shop) -> None:
    lines = ["I7,C1,2024-01-03 10:00:00,France,many,3.00", ",C1,2024-01-03 10:00:00,France,2,3.00"]
    shop.write("data/sales/second.csv", csv(SALES_HEADER, [*sales([10]), *lines]))
    said = shop.kpi("run")
    assert "raw/sales was not let in, nothing of it" in said.err
    assert "1 row would have gone to quarantine, had it been let in; `kpi quarantine sales` says which" in said.err
    shown = shop.kpi("quarantine", "sales").out
    assert "its type: {" in shown
    assert "many" in shown


def test_rows_are_compared_with_sources_only(shop: Shop) -> None:
    with_countries(shop, "France")
    shop.edit("definitions/sources.yaml", "to: countries", "to: sale")
    with pytest.raises(DefinitionError, match="severity: quarantine.*not defined as a source"):
        shop.load()
