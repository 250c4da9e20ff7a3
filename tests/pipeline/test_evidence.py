"""Links are tested on what is published: the numbers can be found again, and nothing is tested twice."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kpi_pipeline.evidence import Claim
from kpi_pipeline.evidence.inputs import input_hash
from kpi_pipeline.evidence.protocol import test as measured_for
from kpi_pipeline.evidence.verdict import judge_all
from kpi_pipeline.pipeline import testing
from tests.by_hand import found_again
from tests.project import Shop

pytestmark = pytest.mark.xdist_group("adverts")
WEEKS = 130
MONDAY = date(2021, 1, 4)
DEFINITIONS = """\
project:
  name: adverts
  as_of: data
  warehouse: data/warehouse.duckdb
  publish: {duckdb: out/kpi.duckdb, scorecard: null}
sources:
  - {name: weeks, connector: {type: file, path: data/weeks.csv}}
  - {name: letters, connector: {type: file, path: data/letters.csv}}
models:
  - {name: week, table: raw.weeks, agg_time_dimension: day, dimensions: [country]}
  - {name: letter, table: raw.letters, agg_time_dimension: day}
metrics:
  - {name: spend, type: simple, model: week, agg: sum, expr: spend}
  - {name: orders, type: simple, model: week, agg: sum, expr: orders}
  - {name: warmth, type: simple, model: week, agg: sum, expr: warmth}
  - {name: ices, type: simple, model: week, agg: sum, expr: ices}
  - {name: swims, type: simple, model: week, agg: sum, expr: swims}
  - {name: letters, type: simple, model: letter, agg: sum, expr: letters}
  - {name: order_share, type: ratio, numerator: orders, denominator: spend}
kpis:
  - {name: weekly_spend, metric: spend, direction: up, grain: week}
  - {name: weekly_orders, metric: orders, direction: up, grain: week}
  - {name: weekly_letters, metric: letters, direction: up, grain: week}
  - {name: monthly_orders, metric: orders, direction: up, grain: month}
  - {name: weekly_warmth, metric: warmth, direction: up, grain: week}
  - {name: weekly_ices, metric: ices, direction: up, grain: week}
  - {name: weekly_swims, metric: swims, direction: up, grain: week}
  - {name: yearly_share, metric: order_share, direction: up, grain: year}
"""
LINKS = """\
links:
  - {from: weekly_spend, to: weekly_orders, lag: 3 weeks, by: [country], because: who sees it orders three weeks later}
  - {from: weekly_letters, to: weekly_orders, lag: 3 weeks, because: somebody believes it}
  - {from: weekly_spend, to: monthly_orders, lag: 3 weeks, because: who sees it orders three weeks later}
  - {from: weekly_ices, to: weekly_swims, lag: 2 weeks, because: ices make people want to swim}
  - {from: weekly_spend, to: yearly_share, lag: 1 year, because: it lasts}
"""
FAILS = "{type: change_within, max: 0.1%}"


def weeks() -> Iterator[str]:
    """Orders follow spend by three weeks in each country; warmth brings ices at once and swims two weeks later."""
    chance = np.random.default_rng(7)
    warmth = 20 + _remembering(chance, 0.6)
    swims = 100 + 4 * np.roll(warmth, 2) + chance.normal(size=WEEKS)
    ices = 50 + 4 * warmth + chance.normal(size=WEEKS)
    for country in ("France", "Spain"):
        spend = 50 + 5 * _remembering(chance, 0.5)
        orders = 300 + 4 * np.roll(spend, 3) + 12 * chance.normal(size=WEEKS)
        for week in range(WEEKS):
            numbers = (spend[week], orders[week], warmth[week], ices[week], swims[week])
            yield f"{MONDAY + timedelta(weeks=week)},{country},{','.join(f'{one:.3f}' for one in numbers)}"


def letters() -> Iterator[str]:
    found = 100 + _remembering(np.random.default_rng(11), 0.5)
    for week in range(WEEKS):
        yield f"{MONDAY + timedelta(weeks=week)},{found[week]:.3f}"


def _remembering(chance: np.random.Generator, share: float) -> np.ndarray:
    found = chance.normal(size=WEEKS)
    for week in range(1, WEEKS):
        found[week] += share * found[week - 1]
    return found


@pytest.fixture(scope="module")
def _run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    adverts = Shop(tmp_path_factory.mktemp("adverts"))
    adverts.write("definitions/all.yaml", DEFINITIONS)
    adverts.write("definitions/links.yaml", LINKS)
    adverts.write("data/weeks.csv", "\n".join(["day,country,spend,orders,warmth,ices,swims", *weeks()]))
    adverts.write("data/letters.csv", "\n".join(["day,letters", *letters()]))
    assert adverts.run().status == "published"
    return adverts.root


@pytest.fixture
def adverts(_run_once: Path, tmp_path: Path) -> Shop:
    """The project after its first run."""
    shutil.copytree(_run_once, tmp_path, dirs_exist_ok=True)
    return Shop(tmp_path)


@pytest.fixture
def tested(monkeypatch: pytest.MonkeyPatch) -> list[Claim]:
    """The claims that are tested from now on."""
    seen: list[Claim] = []

    def noting(claim: Claim) -> Any:
        seen.append(claim)
        return measured_for(claim)

    monkeypatch.setattr("kpi_pipeline.evidence.protocol.test", noting)
    return seen


def evidence(adverts: Shop) -> dict[tuple[str, str, str], dict[str, Any]]:
    rows = adverts.ask("SELECT * FROM kpi_evidence").to_dicts()
    return {(row["kpi"], row["leads_kpi"], row["segment"]): row for row in rows}


def later(days: int) -> datetime:
    return datetime(2024, 3, 11, 7, tzinfo=UTC) + timedelta(days=days)


def test_what_the_data_says(adverts: Shop) -> None:
    found = evidence(adverts)
    said = {key: (row["verdict"], row["measured_lag"]) for key, row in found.items()}
    assert said["weekly_spend", "weekly_orders", "all"] == ("confirmed", 3)
    assert said["weekly_spend", "weekly_orders", "country=France"] == ("confirmed", 3)
    assert said["weekly_spend", "weekly_orders", "country=Spain"] == ("confirmed", 3)
    assert said["weekly_letters", "weekly_orders", "all"][0] == "not_supported"
    assert said["weekly_spend", "yearly_share", "all"][0] == "too_little_data"
    one = found["weekly_spend", "weekly_orders", "all"]
    assert (one["grain"], one["expected_lag"], one["breakdown"], one["periods"]) == ("week", 3, "all", WEEKS - 1)
    assert (one["measured_sign"], one["first_period"], one["tested_at"]) == ("positive", MONDAY, later(0))
    assert "3 weeks ahead" in one["reason"].replace("\xa0", " ")
    assert found["weekly_spend", "weekly_orders", "country=Spain"]["breakdown"] == "country"


def test_what_both_are_computed_from_is_told(adverts: Shop) -> None:
    """A number and its share of another one are tied by arithmetic; of what is below one metric only that is named."""
    found = evidence(adverts)
    told = {key[:2]: row["both_made_of"] for key, row in found.items()}
    assert told["weekly_spend", "yearly_share"] == "Spend"
    assert told["weekly_spend", "weekly_orders"] is None
    adverts.edit("definitions/links.yaml", "weekly_spend, to: monthly_orders", "weekly_orders, to: monthly_orders")
    adverts.run()
    row = evidence(adverts)["weekly_orders", "monthly_orders", "all"]
    assert (row["both_made_of"], row["verdict"]) == ("Orders", "coincident")
    assert "Both are computed from Orders, so part of this is arithmetic." in row["reason"]


def test_what_would_have_been_seen_is_told(adverts: Shop) -> None:
    row = evidence(adverts)["weekly_letters", "weekly_orders", "all"]
    assert abs(row["correlation"]) <= row["stands_out"] < 0.5
    assert f"a correlation above {row['stands_out']:.2f} would have stood out" in row["reason"]


def test_link_to_a_month_is_tested_by_the_grain_of_its_lag(adverts: Shop) -> None:
    row = evidence(adverts)["weekly_spend", "monthly_orders", "all"]
    assert (row["grain"], row["expected_lag"], row["verdict"]) == ("week", 3, "confirmed")


def test_common_cause_held_constant_is_not_taken_for_a_leader(adverts: Shop) -> None:
    assert evidence(adverts)["weekly_ices", "weekly_swims", "all"]["verdict"] in ("confirmed", "weak", "feedback")
    adverts.edit("definitions/links.yaml", "lag: 2 weeks", "lag: 2 weeks, control: [weekly_warmth]")
    adverts.run()
    row = evidence(adverts)["weekly_ices", "weekly_swims", "all"]
    assert (row["control"], row["verdict"]) == ("weekly_warmth", "not_supported")


@pytest.mark.parametrize("segment", ["all", "country=France"])
def test_numbers_are_found_again_from_the_published_values(adverts: Shop, segment: str) -> None:
    rows = adverts.ask(
        "SELECT leader.value, follower.value AS follower FROM metric_value AS leader JOIN metric_value AS follower "
        "USING (period_start_utc, grain, segment) WHERE leader.metric = 'spend' AND follower.metric = 'orders' "
        f"AND grain = 'week' AND segment = '{segment}' AND leader.is_complete AND follower.is_complete "
        "ORDER BY period_start_utc"
    )
    claim = Claim(
        leader=rows.get_column("value").to_numpy(),
        follower=rows.get_column("follower").to_numpy(),
        season=52,
        expected_lag=3,
        expected_sign=1,
        seed=zlib.crc32(b"spend->orders"),
    )
    row = evidence(adverts)["weekly_spend", "weekly_orders", segment]
    again = measured_for(claim)
    assert row["input_hash"] == input_hash(claim)
    for column, number in {
        "correlation": again.correlation, "p_value": again.p_value, "granger_p": again.granger_p,
        "reverse_p": again.reverse_p, "skill": again.skill, "skill_low": again.skill_low, "skill_p": again.skill_p,
        "stability": again.stability, "band": again.band, "search_band": again.search_band,
    }.items():  # fmt: skip
        assert row[column] == pytest.approx(number), column
    lags = adverts.ask(
        "SELECT at_lag, correlation FROM kpi_evidence_lag WHERE kpi = 'weekly_spend' AND leads_kpi = 'weekly_orders' "
        f"AND segment = '{segment}' ORDER BY at_lag"
    )
    assert tuple(lags.get_column("at_lag")) == again.lags
    assert lags.get_column("correlation").to_list() == pytest.approx(list(again.correlations))
    windows = adverts.ask(
        "SELECT correlation, holds FROM kpi_evidence_window WHERE leads_kpi = 'weekly_orders' "
        f"AND kpi = 'weekly_spend' AND segment = '{segment}' ORDER BY first_period"
    )
    assert windows.get_column("holds").to_list() == [one.holds for one in again.windows]
    assert windows.height > 1


def test_numbers_are_found_again_by_hand(adverts: Shop) -> None:
    """From the published tables and the page on evidence alone; p but for the chance that it is drawn by."""
    row = evidence(adverts)["weekly_spend", "weekly_orders", "all"]
    assert row["season"].startswith("cos 1/52, sin 1/52, cos 2/52, sin 2/52")
    assert len(row["season"].split(", ")) == row["season_terms"]
    rows = adverts.ask(
        "SELECT leader.value, follower.value AS follower FROM metric_value AS leader JOIN metric_value AS follower "
        "USING (period_start_utc, grain, segment) WHERE leader.metric = 'spend' AND follower.metric = 'orders' AND "
        f"grain = 'week' AND segment = 'all' AND leader.period_start BETWEEN '{row['first_period']}' AND "
        f"'{row['last_period']}' ORDER BY period_start_utc"
    )
    again = found_again(rows["value"].to_numpy(), rows["follower"].to_numpy(), row)
    for column in ("measured_lag", "correlation", "skill"):
        assert again[column] == pytest.approx(row[column], rel=1e-6), column
    assert again["p_value"] == pytest.approx(row["p_value"], abs=0.005)


def test_all_links_are_corrected_for_together(adverts: Shop) -> None:
    rows = adverts.ask("SELECT p_value, p_adjusted FROM kpi_evidence WHERE p_value IS NOT NULL ORDER BY p_value")
    p_values = rows.get_column("p_value").to_list()
    by_hand = [
        min(p * len(p_values) / rank for rank, p in enumerate(p_values[at:], at + 1)) for at in range(rows.height)
    ]
    assert rows.get_column("p_adjusted").to_list() == pytest.approx([min(p, 1.0) for p in by_hand])


def test_nothing_is_tested_again_that_has_not_changed(adverts: Shop, tested: list[Claim]) -> None:
    before = evidence(adverts)
    adverts.edit("definitions/all.yaml", "name: weekly_letters,", "name: weekly_letters, description: By post,")
    assert adverts.run(now=later(1)).status == "published"
    assert tested == []
    assert evidence(adverts) == before


def test_only_what_changed_is_tested_again(adverts: Shop, tested: list[Claim]) -> None:
    before = evidence(adverts)
    adverts.edit("data/letters.csv", f"{MONDAY},", f"{MONDAY},1")
    adverts.run(now=later(1))
    after = evidence(adverts)
    assert len(tested) == 1
    assert {key for key in after if after[key]["tested_at"] == later(1)} == {("weekly_letters", "weekly_orders", "all")}
    others = [key for key in before if key[0] != "weekly_letters"]
    assert [after[key]["input_hash"] for key in others] == [before[key]["input_hash"] for key in others]


def test_nothing_is_tested_twice_when_a_kpi_fails_its_checks(adverts: Shop, tested: list[Claim]) -> None:
    """Ices and swims are corrected; ices stay as they were, so only what swims are compared with is another claim."""
    adverts.edit("data/letters.csv", f"{MONDAY},", f"{MONDAY},1")
    first = next(weeks())
    adverts.edit("data/weeks.csv", first, f"{first.rsplit(',', 2)[0]},130,180")
    adverts.edit("definitions/all.yaml", "{name: weekly_ices,", "{name: weekly_ices, checks: [" + FAILS + "],")
    report = adverts.run(now=later(1))
    assert set(report.blocked) == {"kpi/weekly_ices"}
    assert len({input_hash(claim) for claim in tested}) == len(tested) == 3
    assert [stage.rows_out for stage in report.stages if stage.stage == "evidence"] == [3]
    new = {key[:2] for key, row in evidence(adverts).items() if row["tested_at"] == later(1)}
    assert new == {("weekly_letters", "weekly_orders"), ("weekly_ices", "weekly_swims")}


def test_history_gains_a_row_where_a_result_changed(adverts: Shop) -> None:
    first = adverts.ask("SELECT * FROM kpi_evidence_history")
    assert first.height == len(evidence(adverts))
    adverts.edit("data/letters.csv", f"{MONDAY},", f"{MONDAY},1")
    adverts.run(now=later(1))
    rows = adverts.ask(
        "SELECT recorded_at, superseded_at FROM kpi_evidence_history WHERE kpi = 'weekly_letters' ORDER BY 1"
    ).rows()
    assert rows == [(later(0), later(1)), (later(1), None)]
    assert adverts.ask("SELECT * FROM kpi_evidence_history").height == first.height + 1


def test_full_run_tests_again_and_says_the_same(adverts: Shop, tested: list[Claim]) -> None:
    before = adverts.hashes()
    adverts.run(full=True, now=later(1))
    after = adverts.hashes()
    assert len(tested) == len(evidence(adverts))
    assert {name for name in after if after[name] != before[name] and "evidence" in name} == set()
    assert adverts.look("SELECT count(*) FROM state.evidence").item() == len(tested)


def test_selection_keeps_what_is_known_of_the_others(adverts: Shop, tested: list[Claim]) -> None:
    before = evidence(adverts)
    adverts.edit("data/letters.csv", f"{MONDAY},", f"{MONDAY},1")
    adverts.run(select=["weekly_letters"], now=later(1))
    after = evidence(adverts)
    assert len(tested) == 1
    assert {key: row for key, row in after.items() if key[0] != "weekly_letters"}.keys() == {
        key for key in before if key[0] != "weekly_letters"
    }
    assert after["weekly_spend", "weekly_orders", "all"]["verdict"] == "confirmed"


def test_kpi_by_another_name_keeps_its_evidence(adverts: Shop, tested: list[Claim]) -> None:
    for name in ("all", "links"):
        path = adverts.root / f"definitions/{name}.yaml"
        path.write_text(path.read_text().replace("weekly_letters", "weekly_post"))
    adverts.edit("definitions/all.yaml", "name: weekly_post,", "name: weekly_post, formerly: [weekly_letters],")
    adverts.run(now=later(1))
    assert tested == []
    assert evidence(adverts)["weekly_post", "weekly_orders", "all"]["tested_at"] == later(0)
    history = "SELECT kpi, superseded_at FROM kpi_evidence_history WHERE kpi IN ('weekly_letters', 'weekly_post')"
    assert adverts.ask(history).rows() == [("weekly_post", None)]


def test_links_without_values_are_not_tested_yet(tmp_path: Path) -> None:
    adverts = Shop(tmp_path)
    adverts.write("definitions/all.yaml", DEFINITIONS)
    adverts.write("definitions/links.yaml", LINKS)
    adverts.write("data/weeks.csv", "\n".join(["day,country,spend,orders,warmth,ices,swims", *weeks()]))
    adverts.write("data/letters.csv", "\n".join(["day,letters", *letters()]))
    adverts.run(select=["weekly_letters"])
    rows = adverts.ask("SELECT DISTINCT verdict, tested_at, input_hash FROM kpi_evidence").rows()
    assert rows == [(None, None, None)]
    assert adverts.ask("SELECT * FROM kpi_evidence_history").is_empty()


def test_helpers_find_what_is_found_here(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(3)
    claims = [
        Claim(chance.normal(size=60).cumsum(), chance.normal(size=60).cumsum(), expected_lag=lag, seed=lag)
        for lag in (1, 2, 3)
    ]
    steps: list[None] = []
    here = testing.tested_claims(claims, lambda: None)
    monkeypatch.setattr(testing, "FEW", 1)
    assert testing.tested_claims(claims, lambda: steps.append(None)) == here
    assert len(steps) == len(claims)
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert testing.tested_claims(claims, lambda: None) == here
    assert [str(one.verdict) for one in judge_all(here)] == ["not_supported"] * 3


def test_empty_periods_and_gaps_are_passed_over(adverts: Shop) -> None:
    lines = (adverts.root / "data/letters.csv").read_text().splitlines()
    adverts.write("data/letters.csv", "\n".join([*lines[:101], f"{MONDAY + timedelta(weeks=100)},", *lines[102:]]))
    adverts.run(now=later(1))
    row = evidence(adverts)["weekly_letters", "weekly_orders", "all"]
    assert (row["verdict"], row["periods"], row["first_period"]) == ("not_supported", 100, MONDAY)
