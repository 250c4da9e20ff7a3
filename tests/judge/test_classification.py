"""Leading or lagging depends on who asks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from kpi_pipeline.goals import Goal
from kpi_pipeline.judge import classify, headline, verdicts_of
from kpi_pipeline.kpis import Classified, Kpi
from kpi_pipeline.links import Link
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.teams import Team

GOALS = {
    "profit": {"team": "board"},
    "demand": {"team": "demand_generation", "parent": "profit"},
    "deals": {"team": "sales", "parent": "profit"},
}
KPIS = {
    "leads": "demand",
    "invoices": "deals",
    "payments": "profit",
    "stationery": None,
}
LINKS = [("leads", "invoices", "4 weeks"), ("invoices", "payments", "30 days")]


def test_leads_are_lagging_for_demand_generation_and_leading_for_sales() -> None:
    seen = _classified()
    assert seen["leads", "demand_generation"].indicator == "lagging"
    assert seen["leads", "sales"].indicator == "leading"
    assert seen["leads", "sales"].outcome_kpi == "invoices"


def test_invoices_lead_payments_for_the_company_and_are_lagging_for_sales() -> None:
    seen = _classified()
    assert seen["invoices", "company"].indicator == "leading"
    assert seen["invoices", "company"].path == "invoices -> payments (30 days)"
    assert seen["payments", "company"].indicator == "lagging"
    assert seen["invoices", "sales"].indicator == "lagging"


def test_path_goes_through_every_step_to_the_nearest_outcome() -> None:
    one = _classified()["leads", "company"]
    assert (one.indicator, one.outcome_kpi) == ("leading", "payments")
    assert one.path == "leads -> invoices (4 weeks) -> payments (30 days)"
    assert "money follows" in one.reason


def test_outcome_behind_which_another_outcome_lies_is_leading() -> None:
    seen = _classified(kpis={**KPIS, "invoices": "profit"})
    assert seen["invoices", "company"].indicator == "leading"
    assert seen["payments", "company"].indicator == "lagging"


def test_what_nobody_answers_for_and_leads_nowhere_is_unclassified() -> None:
    seen = _classified()
    assert {seen["stationery", who].indicator for who in ("company", "sales", "board")} == {"unclassified"}
    assert seen["payments", "sales"].indicator == "unclassified"


def test_link_within_the_same_period_makes_it_coincident() -> None:
    one = _classified(links=[("invoices", "payments", "0")])["invoices", "company"]
    assert (one.indicator, one.path) == ("coincident", "invoices -> payments (same period)")


def test_shorter_path_is_told() -> None:
    one = _classified(links=[*LINKS, ("leads", "payments", "8 weeks")])["leads", "company"]
    assert one.path == "leads -> payments (8 weeks)"


def test_circle_of_links_ends() -> None:
    seen = _classified(links=[("leads", "invoices", "1 week"), ("invoices", "leads", "1 week")])
    assert seen["leads", "company"].indicator == "unclassified"
    assert seen["leads", "demand_generation"].indicator == "lagging"


def test_declared_indicator_overrules_for_every_viewpoint() -> None:
    seen = _classified(declared={"leads": "coincident"})
    assert {one.indicator for (kpi, _), one in seen.items() if kpi == "leads"} == {"coincident"}
    assert seen["leads", "company"].reason == "declared in the definition"


def test_evidence_of_the_same_period_makes_it_coincident() -> None:
    one = _classified(verdicts={("invoices", "payments"): "coincident"})["invoices", "company"]
    assert (one.indicator, one.path) == ("coincident", "invoices -> payments (30 days, coincident)")
    assert one.reason == (
        "claimed to lead Payments, an outcome of the company, but in the data they move in the same period"
    )


def test_one_step_ahead_on_the_way_is_leading() -> None:
    one = _classified(verdicts={("invoices", "payments"): "coincident"})["leads", "company"]
    assert (one.indicator, one.path) == (
        "leading", "leads -> invoices (4 weeks) -> payments (30 days, coincident)"
    )  # fmt: skip


def test_claim_that_the_data_does_not_support_is_still_one_and_says_so() -> None:
    seen = _classified(verdicts={("invoices", "payments"): "not_supported", ("leads", "invoices"): "confirmed"})
    one = seen["invoices", "company"]
    assert (one.indicator, one.reason) == (
        "leading",
        "claimed to lead Payments, an outcome of the company: money follows; but the data does not support it",
    )
    assert seen["leads", "company"].reason == (
        "claimed to lead Payments, an outcome of the company: money follows; but of Invoices -> Payments the data does "
        "not support it"
    )
    assert seen["leads", "sales"].reason == (
        "leads Invoices, an outcome of Sales, and the data confirms it: money follows"
    )


def test_verdicts_on_single_segments_and_those_of_tables_without_segments_do_not_count() -> None:
    rows = pl.DataFrame({"kpi": ["a"], "leads_kpi": ["b"], "segment": ["country=France"], "verdict": ["weak"]})
    assert verdicts_of(rows) == {}
    assert verdicts_of(rows.with_columns(segment=pl.lit("all"))) == {("a", "b"): "weak"}
    assert verdicts_of(rows.drop("segment")) == {}


def test_evidence_overrules_nothing_that_is_declared() -> None:
    seen = _classified(declared={"invoices": "leading"}, verdicts={("invoices", "payments"): "coincident"})
    assert (seen["invoices", "company"].indicator, seen["invoices", "company"].reason) == (
        "leading", "declared in the definition",
    )  # fmt: skip


def test_kpi_of_several_goals_is_an_outcome_of_each_team() -> None:
    project = _project(kpis={"leads": ["demand", "deals"]}, links=[])
    seen = {(one.kpi, one.viewpoint): one.indicator for one in classify(project)}
    assert (seen["leads", "sales"], seen["leads", "demand_generation"]) == ("lagging", "lagging")


def test_every_kpi_has_every_viewpoint() -> None:
    assert set(_classified()) == {
        (kpi, who) for kpi in KPIS for who in ("company", "board", "demand_generation", "sales")
    }


def test_headline_is_the_company_s_word_or_else_the_team_s() -> None:
    project = _project(kpis=KPIS, links=[])
    words = headline(project, classify(project))
    assert words == {"leads": "lagging", "invoices": "lagging", "payments": "lagging", "stationery": "unclassified"}


def _classified(
    *,
    kpis: Mapping[str, Any] = KPIS,
    links: list[tuple[str, str, str]] = LINKS,
    declared: Mapping[str, str] | None = None,
    verdicts: Mapping[tuple[str, str], str] | None = None,
) -> dict[tuple[str, str], Classified]:
    found = classify(_project(kpis=kpis, links=links, declared=declared or {}), verdicts or {})
    return {(one.kpi, one.viewpoint): one for one in found}


def _project(
    *, kpis: Mapping[str, Any], links: list[tuple[str, str, str]], declared: Mapping[str, str] | None = None
) -> Project:
    goals = {name: Goal(name=name, statement=name, **said) for name, said in GOALS.items()}
    teams = {str(one.team): Team(name=str(one.team)) for one in goals.values()}
    made = {}
    for name, goal in kpis.items():
        serves = {"goals": [{"goal": one} for one in goal]} if isinstance(goal, list) else {"goal": goal}
        team = goals[goal].team if isinstance(goal, str) else None
        said = {"indicator": declared[name]} if declared and name in declared else {}
        made[name] = Kpi.model_validate(
            {"name": name, "metric": name, "team": team, "direction": "up", "grain": "week", **serves, **said}
        )
    joined = tuple(
        Link.model_validate({"from": one, "to": other, "lag": lag, "because": "money follows"})
        for one, other, lag in links
    )
    return Project(Path(), Settings(name="shop"), teams=teams, goals=goals, kpis=made, links=joined)
