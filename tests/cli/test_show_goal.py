"""Goals at the command line: what their framework says of them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.arranged import arrange
from tests.conftest import prepared
from tests.project import Shop

pytestmark = pytest.mark.xdist_group("arranged")


@pytest.fixture(scope="module")
def _run_once(_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with prepared(tmp_path_factory.mktemp("arranged"), _run_once) as shop:
        arrange(shop).run()
    return shop.root


@pytest.fixture
def arranged(ran: Shop) -> Shop:
    return ran


def test_goals_say_what_their_framework_says_of_them(arranged: Shop) -> None:
    objective = arranged.kpi("show", "strong_january").out
    assert "Objectives and key results, ambition 7 of 10" in objective
    assert "grade 0.55, frozen on 2024-03-11" in objective
    assert "0.32 frozen" in objective
    assert "2024-01-01 to 2024-01-28" in objective

    agreement = arranged.kpi("show", "bobs_year").out
    assert "agreed by bob and ana on 2024-01-01; review due by 2025-01-01; score" in agreement
    assert (
        "focus on Weekly revenue, over: €535.00 in 2024-W05, €577.00 in 2024-W09"
        in arranged.kpi("show", "february_only").out
    )
    assert "Perspective" not in arranged.kpi("show", "grow").out

    listed = arranged.kpi("list", "goals").out
    for told in ("frozen on 2024-03-11", "agreed by bob and ana", "focus on Weekly", "score "):
        assert told in listed


def test_a_goal_stands_by_what_most_of_it_says(arranged: Shop) -> None:
    """A later score that rests on a third of its members' weight speaks for nobody."""
    with duckdb.connect(str(arranged.published)) as file:
        file.execute(
            "UPDATE goal_score SET score = 1, status = 'on_track', weight_counted = 0.3"
            " WHERE goal = 'grow' AND grain = 'month' AND period_label = '2024-03'"
        )
    said = arranged.kpi("show", "grow").out
    assert "off track, 35 % in February 2024" in said
    assert "2024-03" not in said


def test_a_goal_that_is_over_shows_its_kpis_as_they_were_then(arranged: Shop) -> None:
    """January's objective ended on the 28th: later weeks are no longer its own."""
    said = arranged.kpi("show", "strong_january").out
    assert "2024-W04" in said
    assert "2024-W05" not in said
    arranged.edit("definitions/frameworks.yaml", "framework: okr\n    ambition: 7\n", "framework: omtm\n")
    said = arranged.kpi("show", "strong_january").out
    assert "2024-W04" in said
    assert "2024-W05" not in said


def test_goals_are_listed_before_anything_was_published(shop: Shop) -> None:
    said = arrange(shop).kpi("list", "goals")

    assert said.code == 0, said
    assert "strong_january" in said.out
    shop.kpi("show", "strong_january").refuses(3, "Nothing was published yet")


def test_file_that_an_earlier_version_published(arranged: Shop) -> None:
    with duckdb.connect(str(arranged.published)) as file:
        for table in ("okr_objective", "okr_key_result", "mbo_agreement", "team_focus", "balanced_scorecard"):
            file.execute(f"DROP TABLE {table}")

    assert arranged.kpi("list", "goals").code == 0
    assert arranged.kpi("show", "strong_january").code == 0


def test_name_of_nothing(ran: Shop) -> None:
    ran.kpi("show", "gro").refuses(2, "There is no KPI and no goal named 'gro'.", "did you mean 'grow'?")
