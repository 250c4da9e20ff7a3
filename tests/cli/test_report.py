"""`kpi report`: pages, Markdown and pictures of what was published."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import duckdb
import pytest

from tests.project import Shop


def test_the_page_asked_for_is_written_and_named(ran: Shop) -> None:
    folder = ran.root / "out/scorecard"
    for file in folder.rglob("*.html"):
        file.unlink()
    said = ran.kpi("report", "weekly_revenue")
    assert said.code == 0, said
    assert Path(said.out.strip()) == folder / "kpi/weekly_revenue.html"
    assert "Weekly revenue" in (folder / "kpi/weekly_revenue.html").read_text(encoding="utf-8")
    assert Path(ran.kpi("report").out.strip()) == folder / "index.html"
    assert (folder / "index.html").exists()


def test_a_run_and_a_report_write_the_same_pages(ran: Shop) -> None:
    folder = ran.root / "out/scorecard"
    before = {file: file.read_bytes() for file in folder.rglob("*.html")}
    ran.kpi("report")
    assert {file: file.read_bytes() for file in folder.rglob("*.html")} == before


def test_goals_and_teams_have_pages_and_a_word_says_which_is_meant(ran: Shop) -> None:
    for asked in ("goal:grow", "grow"):
        assert ran.kpi("report", asked).out.strip().endswith("out/scorecard/goal/grow.html")
    assert ran.kpi("report", "company").out.strip().endswith("out/scorecard/team/company.html")


def test_it_is_opened_where_there_is_a_browser(ran: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    assert ran.kpi("report", "weekly_revenue", "--open").code == 0
    assert [url.startswith("file://") and url.endswith("kpi/weekly_revenue.html") for url in opened] == [True]


def test_markdown_is_printed_and_nothing_else(ran: Shop) -> None:
    said = ran.kpi("report", "weekly_revenue", "--markdown")
    assert said.out.startswith("### Weekly revenue\n") and "✗ Off track, 38" in said.out
    assert ran.kpi("report", "--markdown").out.startswith("## ")
    assert ran.kpi("report", "grow", "--markdown").out.startswith("### Grow")


def test_a_picture_is_drawn(ran: Shop) -> None:
    pytest.importorskip("resvg_py")
    file = ran.root / "revenue.png"
    assert ran.kpi("report", "weekly_revenue", "--png", str(file)).code == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    assert ran.kpi("report", "weekly_revenue", "--png", str(file.with_suffix(".svg"))).code == 0
    assert file.with_suffix(".svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["weekly_revenu"], "did you mean 'weekly_revenue'"),
        (["team:grow"], "No KPI, goal or team named 'team:grow' was published."),
        (["--png", "a.png"], "A picture is of a KPI or a goal."),
        (["weekly_revenue", "--png", "nowhere/a.svg"], "The picture could not be written to nowhere/a.svg"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_way_out(ran: Shop, arguments: list[str], said: str) -> None:
    answer = ran.kpi("report", *arguments)
    assert answer.code != 0 and said in answer.err and "Hint:" in answer.err


def test_before_the_first_run_it_says_what_to_do(shop: Shop) -> None:
    answer = shop.kpi("report")
    assert answer.code != 0 and "`kpi run` publishes it" in answer.err


def test_tables_of_an_earlier_version_are_refused_with_a_way_out(ran: Shop) -> None:
    with duckdb.connect(str(ran.published)) as connection:
        connection.sql("ALTER TABLE person DROP COLUMN manager")
    answer = ran.kpi("report")
    assert answer.code != 0 and "Hint: `kpi run --full` publishes them anew." in answer.err
