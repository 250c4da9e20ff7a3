"""Definitions that cannot be used: one message with file, line and a way out, before anything is read or written."""

from __future__ import annotations

import pytest

from tests.project import Shop

CYCLE = """\
metrics:
  - {name: chicken, type: derived, expr: egg + 1, input_metrics: [egg]}
  - {name: egg, type: derived, expr: chicken + 1, input_metrics: [chicken]}
"""


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("metrics", "agg: sum", "aggr: sum", ["definitions/metrics.yaml:2:", "aggr", "agg"]),
        ("metrics", "name: buyers", "name: sales", ["metrics.yaml:4:", "metrics.yaml:3:", "'sales'"]),
        ("kpis", "metric: revenue", "metric: revenu", ["definitions/kpis.yaml:11:", "'revenu'", "mean 'revenue'"]),
        ("sources", "type: file, path: data/tickets.csv", "type: fil, path: data/tickets.csv", ["sources.yaml:13:"]),
        ("metrics", "expr: amount", "expr: amoun", ["definitions/metrics.yaml:2:", "amoun", "did you mean amount"]),
        ("metrics", "expr: amount", "expr: sum(amount)", ["definitions/metrics.yaml:2:", "aggregate"]),
        ("models", "quantity * price", "quantity * * price", ["definitions/models.yaml:4:"]),
        ("models", "raw.tickets", "raw.ticket", ["definitions/models.yaml:11:", "raw.ticket", "raw.tickets"]),
        ("project", "currency: EUR", "currency: [EUR", ["definitions/project.yaml:"]),
    ],
    ids=[
        "unknown key", "duplicate name", "unknown metric", "unknown kind", "unknown column", "aggregate in expr",
        "broken sql", "unknown source", "broken yaml",
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["check", "run"])
def test_misfit_is_refused_with_its_place(
    shop: Shop, command: str, file: str, old: str, new: str, words: list[str]
) -> None:
    shop.edit(f"definitions/{file}.yaml", old, new)
    shop.kpi(command).refuses(2, *words)
    assert not shop.published.exists()
    assert not shop.warehouse.exists() or shop.look("FROM duckdb_tables() WHERE schema_name = 'raw'").is_empty()


def test_cycle_is_refused_with_its_way(shop: Shop) -> None:
    shop.write("definitions/circle.yaml", CYCLE)
    shop.kpi("check").refuses(2, "definitions/circle.yaml:2:", "chicken", "egg")


def test_all_problems_are_said_at_once(shop: Shop) -> None:
    shop.edit("definitions/metrics.yaml", "agg: sum", "aggr: sum")
    shop.edit("definitions/kpis.yaml", "metric: tickets", "metric: tickts")
    shop.kpi("run").refuses(2, "definitions/metrics.yaml:2:", "definitions/kpis.yaml:34:")


def test_broken_definitions_lose_nothing(ran: Shop) -> None:
    ran.edit("definitions/metrics.yaml", "expr: amount", "expr: amoun")
    with ran.nothing_lost():
        ran.kpi("run").refuses(2, "definitions/metrics.yaml:2:", "did you mean amount")


def test_unknown_column_of_a_source_is_said_once_its_columns_are_known(shop: Shop) -> None:
    shop.edit("definitions/models.yaml", "SELECT ticket, opened_at", "SELECT ticket, openedat AS opened_at")
    shop.kpi("run").refuses(2, "definitions/models.yaml:11:", "openedat", "opened_at")
    assert not shop.published.exists()
    shop.edit("definitions/models.yaml", "openedat AS opened_at", "opened_at")
    assert shop.kpi("run").code == 0
