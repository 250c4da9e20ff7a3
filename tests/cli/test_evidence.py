"""`kpi evidence` and `kpi discover`, on the example whose claims hold, or do not."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.api import LoadedProject
from kpi_pipeline.load import load
from tests.project import Shop

pytestmark = pytest.mark.xdist_group("ad_spend")

HOLDS = ("weekly_market_share", "weekly_market_share_of_four_weeks")


@pytest.fixture
def example(ad_spend: LoadedProject) -> Shop:
    """The example after its run, to be asked and not changed."""
    return Shop(ad_spend.project.root)


@pytest.fixture
def changed(ad_spend: LoadedProject, tmp_path: Path) -> Shop:
    """A copy of it whose published file may be changed: it needs no warehouse to be read."""
    shutil.copytree(ad_spend.project.root / "definitions", tmp_path / "definitions")
    file = ad_spend.project.path(ad_spend.project.settings.publish.duckdb)
    (tmp_path / "data" / "published").mkdir(parents=True)
    shutil.copy(file, tmp_path / "data" / "published")
    return Shop(tmp_path)


def told(shop: Shop, *names: str) -> list[dict[str, Any]]:
    said = shop.kpi("evidence", *names, "--json")
    assert said.code == 0, said
    found: list[dict[str, Any]] = json.loads(said.out)
    return found


def test_all_claims_in_a_table(example: Shop) -> None:
    said = example.kpi("evidence").out
    assert said.count("after 1 week") >= 6
    for one in told(example):
        assert one["sentence"].endswith((".", ")."))
    assert "Confirmed means that the leader predicts, not that it causes." in " ".join(said.split())


def test_a_pair_with_every_number_and_a_plot(example: Shop) -> None:
    said = example.kpi("evidence", *HOLDS).out
    assert "Share of what both sold → Share of four weeks  confirmed" in said
    assert "Watch Share of what both sold to know Share of four weeks" in said
    assert "Claimed by brand: what is won" in said
    for number in ("p corrected", "Leader before follower", "Error of forecasts", "Stretches that agree", "208 weeks"):
        assert number in said
    assert "Done to the series" in said
    assert "┃" in said
    assert "┈┈┈" in said


def test_a_kpi_with_what_leads_it_and_what_it_leads(example: Shop) -> None:
    said = example.kpi("evidence", "weekly_revenue").out
    assert said.index("What is said to lead Revenue of the week") < said.index(
        "What Revenue of the week is said to lead"
    )
    assert said.count(" → Revenue of the week  ") == 6
    words = " ".join(said.split())
    assert (
        "No sign that a rise of Spend on posters raises Revenue of the week: 208 weeks looked at, in which a " in words
    )
    assert re.search(r"correlation above 0\.[23]\d would have stood out\.", words)
    assert "what Sales of the competitor may explain removed" in words


def test_all_that_was_found_as_json(example: Shop) -> None:
    (found,) = told(example, *HOLDS)
    assert found["verdict"] == "confirmed"
    at_lag = {one["lag"]: one["correlation"] for one in found["lags"]}
    assert at_lag[found["measured_lag"]] == pytest.approx(found["correlation"])
    assert set(at_lag) == set(range(-found["longest_lag"], found["longest_lag"] + 1))
    assert found["windows"]
    assert [one["verdict"] for one in found["history"]] == ["confirmed"]


def test_a_leader_that_fades_and_segments(changed: Shop) -> None:
    where = "WHERE kpi = 'weekly_market_share'"
    with duckdb.connect(str(changed.root / "data/published/kpi.duckdb")) as file:
        file.execute(f"UPDATE kpi_evidence SET verdict = 'weak', reason_code = 'no_skill', remarks = 'fading' {where}")
        file.execute(
            "INSERT INTO kpi_evidence_history BY NAME SELECT * REPLACE ('weak' AS verdict, "
            f"recorded_at + INTERVAL 40 DAY AS recorded_at) FROM kpi_evidence_history {where}"
        )
        file.execute(
            "INSERT INTO kpi_evidence BY NAME SELECT * REPLACE ('country' AS breakdown, 'country=France' AS segment, "
            f"'not_supported' AS verdict) FROM kpi_evidence {where}"
        )
    said = changed.kpi("evidence", *HOLDS).out
    assert "It is fading: the latest stretch of time no longer shows it." in " ".join(said.split())
    assert " confirmed → " in said
    assert said.rstrip().endswith(" weak")
    assert "France   not supported" in said


def test_names_of_nothing(example: Shop) -> None:
    example.kpi("evidence", "weekly_revenu").refuses(
        2, "no KPI named 'weekly_revenu'", "did you mean 'weekly_revenue'?"
    )
    example.kpi("evidence", "revenue").refuses(2, "'revenue' is a metric")
    example.kpi("evidence", "weekly_cost_per_click").refuses(2, "No claim speaks of KPI", "kpi discover")
    example.kpi("evidence", *reversed(HOLDS)).refuses(2, "the other way round", f"kpi evidence {HOLDS[0]}")
    example.kpi("evidence", "weekly_clicks", "weekly_newsletters").refuses(2, "Nobody claims", "an entry of `links:`")
    example.kpi("evidence", *HOLDS, "weekly_clicks").refuses(2, "Two KPIs at most")


def test_before_anything_was_published(shop: Shop) -> None:
    shop.kpi("evidence").refuses(3, "Nothing was published yet", "kpi run")
    shop.kpi("discover").refuses(3, "Nothing was published yet", "kpi run")


def test_a_project_without_claims(ran: Shop) -> None:
    ran.kpi("evidence").refuses(2, "Nobody claims yet that one KPI leads another.", "kpi discover")


def test_a_file_that_an_earlier_version_published(changed: Shop) -> None:
    with duckdb.connect(str(changed.root / "data/published/kpi.duckdb")) as file:
        file.execute("DROP TABLE kpi_evidence_lag")
    changed.kpi("evidence").refuses(3, "that of an earlier version", "kpi run")


def test_candidates_that_nobody_has_claimed(example: Shop) -> None:
    said = example.kpi("discover", "--limit", "1").out
    assert "pairs of 13 KPIs by week looked at up to 8 weeks ahead, " in said
    assert " of what was found is claimed already: " in said
    assert "weekly_market_share\n    to: weekly_market_share_of_four_weeks" not in said
    assert "Candidates, not verdicts: " in said


def test_what_is_claimed_is_found_where_nobody_claims_it(changed: Shop) -> None:
    """It comes with a link to paste that asks for its mechanism. No warehouse is needed."""
    claims = changed.root / "definitions/links/what_sells.yaml"
    claims.unlink()
    found = json.loads(changed.kpi("discover", "--json", "--limit", "50").out)
    (one,) = (one for one in found["candidates"] if (one["kpi"], one["leads_kpi"]) == HOLDS)
    assert one["lag"] >= 1
    assert one["sign"] == "positive"
    assert one["p_adjusted"] < 0.001
    assert one["made_of_the_same"] == ["both_sold", "revenue"]

    claims.write_text(f"links:\n{one['link']}\n")
    refused = changed.kpi("check", "--no-data")
    assert refused.code != 0
    assert "because" in refused.err

    claims.write_text(
        f"links:\n{one['link'].replace('because:', 'because: a week stays in the share for three more')}\n"
    )
    assert [link.to for link in load(changed.root / "definitions").links] == [HOLDS[1]]


def test_grains_of_which_there_is_nothing_to_compare(example: Shop) -> None:
    example.kpi("discover", "--grain", "fortnight").refuses(2, "'fortnight' is no grain", "week")
    example.kpi("discover", "--grain", "hour").refuses(2, "not two KPIs with published values by hour", "week, month")
    assert "KPIs by month looked at" in example.kpi("discover", "--grain", "month").out
