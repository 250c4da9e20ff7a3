"""Of every kind of metric: what it does not rest on may change without anything of it being computed again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from kpi_pipeline.compile import compile_project
from kpi_pipeline.ingest import SourceState
from kpi_pipeline.pipeline.load_sources import Loaded
from kpi_pipeline.pipeline.make_models import Models
from kpi_pipeline.pipeline.reduce_models import reduce_models
from kpi_pipeline.plan import Plan
from reliability.history_projects import METRICS, MODELS
from tests.engine import NOW, Engine, Table, engine, project_of

pytestmark = pytest.mark.xdist_group("only what changed")
TABLES = {
    "sales": Table.drawn("""
    at timestamp        | customer varchar | product integer | country varchar | amount decimal(9,2) | code varchar | units integer | weight double | paid date  | id integer
    2024-01-01 10:00:00 | ann              | 1               | FR              | 10.00               | USD          | 1             | 0.1           | 2024-01-05 | 1
    2024-02-08 23:30:00 | bob              | 2               |                 |                     | EUR          | 0             | 2e9           |            | 2
"""),
    "visits": Table.drawn("""
    day date   | customer varchar | channel varchar | pages integer
    2024-01-01 | ann              | web             | 3
    2024-02-07 | ann              | app             | 1
"""),
    "tickets": Table.drawn("""
    opened timestamp    | closed timestamp    | customer varchar | team varchar | hours double
    2024-01-02 09:00:00 | 2024-01-20 10:00:00 | ann              | red          | 1.5
"""),
    "stock": Table.drawn("""
    day date   | shelf varchar | product integer | units integer
    2024-01-31 | a             | 1               | 5
"""),
    "customers": Table.drawn("""
    customer varchar | region integer | name varchar | since date
    ann              | 1              | Ann          | 2020-01-01
"""),
    "regions": Table.drawn("""
    region integer | label varchar
    1              | north
"""),
    "tiers": Table.drawn("""
    customer varchar | tier varchar | since date
    ann              | gold         | 2020-01-01
"""),
    "products": Table.drawn("""
    product integer | kind varchar | cost decimal(9,2)
    1               | tea          | 2.00
"""),
    "rates": Table.drawn("""
    day date   | currency varchar | rate decimal(18,9)
    2023-12-01 | USD              | 0.9
"""),
}  # fmt: skip
RESTS_ON = {
    "revenue": {"sales"}, "buyers": {"sales"}, "median_amount": {"sales"}, "paid": {"sales"}, "lightest": {"sales"},
    "regulars": {"sales"}, "margin": {"sales", "products"}, "northern": {"sales", "customers", "regions"},
    "euros": {"sales", "rates"}, "together": {"sales", "visits"}, "sold_a_visit": {"sales", "visits"},
    "growth": {"sales"}, "buyers_14d": {"sales"}, "held": {"tickets"}, "owing": {"sales"}, "units_last": {"stock"},
    "units_kept": {"stock"}, "visit_buys": {"visits", "sales"}, "back_in_a_month": {"visits"},
}  # fmt: skip
"""Metrics of every kind with the sources that they rest on, by hand."""
FIRST, LATER = NOW, NOW + timedelta(hours=1)


@pytest.fixture(scope="module")
def shop() -> Iterator[Engine]:
    with engine(TABLES, models=list(MODELS.values()), metrics=list(METRICS.values())) as found:
        yield found


def _made(shop: Engine, plan: Plan, changed: Collection[str]) -> set[str]:
    """The models of the reductions that are made again when the rows of some sources changed."""

    def reduced(number: str, later: Collection[str]) -> dict[str, object]:
        states = {
            name: SourceState(name, number if name in later else "1", 0, None, None, "f", NOW, "r") for name in TABLES
        }
        loaded = Loaded(states, dict.fromkeys(later, ("1", None)), {}, (), (), 0, 0)
        context = replace(shop.context(), now=FIRST if number == "1" else LATER)
        found = reduce_models(context, plan, loaded, Models({}, {}, (), ()))
        return {one.model: entry.made_at for one, entry in found.entries.items()}

    reduced("1", ())
    return {model for model, at in reduced("2", changed).items() if at == LATER}


@pytest.mark.parametrize("metric", RESTS_ON)
def test_rows_of_other_sources_make_nothing_again(shop: Engine, metric: str) -> None:
    plan = compile_project(shop.project, kpis=frozenset(), metrics=frozenset({metric}))
    assert plan.reductions
    shop.warehouse.run("DELETE FROM state.reduction")
    assert _made(shop, plan, set(TABLES) - RESTS_ON[metric]) == set()
    for source in RESTS_ON[metric]:
        shop.warehouse.run("DELETE FROM state.reduction")
        assert _made(shop, plan, {source}), source


def test_another_definition_makes_only_its_models_again(shop: Engine) -> None:
    """A filter on visits: what counts visits is made again, and what meets them with sales; sales alone are not."""
    shop.warehouse.run("DELETE FROM state.reduction")
    _made(shop, compile_project(shop.project), ())
    known = {name for (name,) in shop.warehouse.rows("SELECT reduction FROM state.reduction")}
    changed = [one | {"filter": "channel = 'web'"} if one["name"] == "seen" else one for one in METRICS.values()]
    project = project_of(TABLES, models=list(MODELS.values()), metrics=changed)
    plan = compile_project(project)
    states = {name: SourceState(name, "1", 0, None, None, "f", NOW, "r") for name in TABLES}
    context = replace(shop.context(), project=project, now=LATER)
    found = reduce_models(context, plan, Loaded(states, {}, {}, (), (), 0, 0), Models({}, {}, (), ()))
    again = {one.model for one, entry in found.entries.items() if entry.made_at == LATER}
    assert again == {"visits"}
    assert {one.table.name for one, entry in found.entries.items() if entry.made_at != LATER} <= known
