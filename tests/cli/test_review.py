"""Reviews at the command line: written down, and listed while they are overdue."""

from __future__ import annotations

import json

import pytest

from tests.project import Shop

NOTED = "review: {every: week, last: 2024-03-04}"
TOLD = "review: {every: week, last: 2024-02-20}"


@pytest.fixture
def agreed(ran: Shop) -> Shop:
    """The shop after its first run, its first KPI to be reviewed every week."""
    file = ran.root / "definitions" / "kpis.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(NOTED, TOLD, 1), encoding="utf-8")
    return ran


def test_a_review_is_written_listed_and_published(agreed: Shop) -> None:
    (overdue,) = json.loads(agreed.kpi("reviews", "--json").out)
    assert overdue["kpi"] == "weekly_revenue"
    assert (overdue["last"], overdue["due"], overdue["days_overdue"]) == ("2024-02-20", "2024-02-27", 6)
    assert "weekly_revenue" in agreed.kpi("reviews").out

    said = agreed.kpi(
        *("review", "weekly_revenue", "--decision", "Lower the price: 5 %", "--by", "somebody"),
        *("--action", "Print new lists; ana; 2024-03-31"),
    )
    assert said.code == 0, said
    assert "Written to reviews/weekly_revenue.yaml" in said.out
    assert "The next review is due by 2024-03-11" in said.out
    written = (agreed.root / "reviews" / "weekly_revenue.yaml").read_text(encoding="utf-8")
    assert "    on: 2024-03-04\n" in written
    assert "    status_then: off_track\n    value_then: 577" in written
    assert agreed.kpi("reviews").out.startswith("No review is overdue.")

    told = agreed.kpi("show", "weekly_revenue").out
    assert "every week, last 2024-03-04, due 2024-03-11" in told
    assert "Lower the price: 5 % (somebody, 2024-03-04)" in told

    assert agreed.run().status == "published"
    row = agreed.look("SELECT * FROM kpi.review WHERE decision IS NOT NULL").to_dicts()[0]
    assert (row["reviewer"], row["actions"]) == ("somebody", "Print new lists (ana, by 2024-03-31)")
    assert row["defined_in"] == "reviews/weekly_revenue.yaml:2"
    assert agreed.look(
        "SELECT last_reviewed::text, review_due::text FROM kpi.kpi WHERE kpi = 'weekly_revenue'"
    ).rows() == [("2024-03-04", "2024-03-11")]
    assert agreed.run().status == "unchanged"


def test_a_kpi_never_reviewed_is_listed_last(agreed: Shop) -> None:
    file = agreed.root / "definitions" / "kpis.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(TOLD, "review: {every: week}"), encoding="utf-8")
    (never,) = json.loads(agreed.kpi("reviews", "--json").out)
    assert (never["last"], never["due"], never["days_overdue"]) == (None, None, None)
    assert "never" in agreed.kpi("reviews").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["weekly_revenu"], "did you mean 'weekly_revenue'?"),
        (["grow"], "hold one of a KPI that serves it: weekly_revenue, weekly_average_sale"),
        (["weekly_revenue"], "say it with --decision"),
        (["weekly_revenue", "--decision", "go on"], "say it with --by"),
        (["weekly_revenue", "--decision", "x", "--by", "ann", "--on", "soon"], "'soon' (--on) names no day"),
        (["weekly_revenue", "--decision", "x", "--by", "ann", "--on", "2999-01-01"], "is yet to come"),
        (["weekly_revenue", "--decision", "x", "--by", "ann", "--action", "call"], "what, who and until when"),
    ],
    ids=str,
)
def test_what_is_missing_is_said(agreed: Shop, arguments: list[str], said: str) -> None:
    told = agreed.kpi("review", *arguments)
    assert told.code == 2
    assert said in told.err
    assert not (agreed.root / "reviews").exists()


def test_somebody_at_the_terminal_is_asked(agreed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["Go on", "ana", "Call them", "bob", "2024-04", ""])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))
    said = agreed.kpi("review", "weekly_revenue")
    assert said.code == 0, said
    assert "off track" in said.out
    written = (agreed.root / "reviews" / "weekly_revenue.yaml").read_text(encoding="utf-8")
    assert "by: ana\n    decision: Go on\n    actions:\n      - what: Call them\n        who: bob\n" in written


def test_a_review_of_an_earlier_day_notes_what_was_known_then(agreed: Shop) -> None:
    said = agreed.kpi("review", "weekly_tickets", "--decision", "Go on", "--by", "ana", "--on", "2024-01-20")
    assert said.code == 0, said
    value = agreed.look(
        "SELECT value FROM kpi.kpi_value WHERE kpi = 'weekly_tickets' AND period_label = '2024-W02'"
    ).item()
    written = (agreed.root / "reviews" / "weekly_tickets.yaml").read_text(encoding="utf-8")
    assert f"value_then: {value}\n" in written
    agreed.kpi("review", "weekly_tickets", "--decision", "Go on", "--by", "ana", "--on", "2023-12-20")
    assert "2023-12-20\n    by: ana\n    decision: Go on\n" in (agreed.root / "reviews/weekly_tickets.yaml").read_text(
        "utf-8"
    )
    assert (agreed.root / "reviews/weekly_tickets.yaml").read_text("utf-8").count("value_then") == 1
