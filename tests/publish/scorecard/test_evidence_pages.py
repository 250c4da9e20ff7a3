"""What the pages of evidence say of the claims that one KPI leads another, and what they draw."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest

from kpi_pipeline.names import TableRef
from kpi_pipeline.publish.scorecard import COMPARED, Book, book_of, pages_of, values_compared
from kpi_pipeline.publish.scorecard.aligned import aligned_of
from kpi_pipeline.publish.scorecard.correlogram import correlogram_of
from kpi_pipeline.publish.scorecard.evidence_index import evidence_index
from kpi_pipeline.publish.scorecard.evidence_page import EvidencePage, evidence_page
from kpi_pipeline.publish.scorecard.kpi_page import kpi_page
from kpi_pipeline.store import Warehouse

Tables = Mapping[str, pl.DataFrame]


@pytest.fixture(scope="module")
def book(tables: Tables) -> Book:
    return book_of(tables)


@pytest.fixture(scope="module")
def confirmed(book: Book) -> EvidencePage:
    return evidence_page(book, "new_customers", "net_sales")


def test_what_the_data_says_stands_first_in_plain_words(confirmed: EvidencePage) -> None:
    assert (confirmed.verdict.words, confirmed.verdict.tone) == ("confirmed", "good")
    assert confirmed.sentence.startswith("Watch New customers to know Weekly net sales 3 weeks ahead: that cuts")
    assert confirmed.sentence.endswith("It is fading: the latest stretch of time no longer shows it.")
    assert confirmed.claimed == "after 4 weeks, both rise"
    assert confirmed.team and confirmed.team.kpi == "commercial"


def test_every_number_and_every_step_is_told(confirmed: EvidencePage) -> None:
    assert dict(confirmed.numbers)["p corrected"] == "0.012, for all claims of the project"
    assert "what Average order value may explain removed" in confirmed.done


def test_the_leader_is_moved_by_the_lag_that_was_measured(confirmed: EvidencePage, tables: Tables) -> None:
    """The newest week of the follower stands beside the leader of three weeks before, and three weeks are to come."""
    assert confirmed.aligned and confirmed.aligned.ahead == 3
    assert confirmed.aligned.now is not None and not confirmed.aligned.upside_down
    to_come, newest = confirmed.compared[:3], confirmed.compared[3]
    assert [line.follower for line in to_come] == ["not known yet"] * 3
    assert [line.leader_period for line in to_come] == ["Week\xa049, 2010", "Week\xa048, 2010", "Week\xa047, 2010"]
    assert (newest.period, newest.leader_period) == ("Week\xa049, 2010", "Week\xa046, 2010")
    leader = tables["metric_value"].filter(metric="new_customers").sort("period_start").get_column("value")
    assert newest.leader == f"{leader[-4]:,.0f}"


def test_the_correlation_at_each_lag_and_what_chance_does(confirmed: EvidencePage) -> None:
    drawn = confirmed.correlogram
    assert drawn and drawn.measured.count("M") == 1 and drawn.bars.count("M") == 16
    assert drawn.summary == (
        "Correlation at 17 lags, from −8 to 8 weeks. Highest looking ahead: 0.43 at lag 3. "
        "Chance alone stays within plus or minus 0.18; outside of it: lag 3."
    )
    assert [line.lag for line in confirmed.lags if line.outside] == [3]
    assert [tick.text for tick in drawn.lags] == ["−8", "−6", "−4", "−2", "0", "2", "4", "6", "8"]


def test_what_was_found_before_shows_where_it_changed(confirmed: EvidencePage) -> None:
    assert [(line.name, line.verdict.words, line.skill) for line in confirmed.history] == [
        ("1\xa0November 2010", "confirmed", "−18\xa0%"),
        ("1\xa0June 2010", "weak", "−2\xa0%"),
    ]
    assert [(line.holds, line.p_value) for line in confirmed.stretches] == [(True, "below 0.001"), (False, "0.410")]


def test_segments_are_told_beside_the_total(book: Book) -> None:
    found = evidence_page(book, "returns_rate", "net_sales")
    assert found.verdict.words == "not supported"
    assert [(line.name, line.verdict.words) for line in found.segments] == [("France", "confirmed")]
    assert found.aligned and found.aligned.upside_down


def test_a_claim_that_was_not_tested_says_so(book: Book) -> None:
    found = evidence_page(book, "average_order", "net_sales")
    assert found.sentence == "Whether Average order value comes before Weekly net sales was not tested yet."
    assert (found.correlogram, found.aligned, found.history, found.stretches) == (None, None, (), ())


def test_all_claims_on_a_page_those_confirmed_first(book: Book) -> None:
    page = evidence_index(book)
    assert [(line.verdict.words, line.fading) for line in page.lines] == [
        ("confirmed", True), ("not supported", False), ("not tested yet", False),
    ]  # fmt: skip
    assert page.counts == (("confirmed", 1), ("not supported", 1))
    assert page.lines[0].page == "evidence/new_customers.net_sales.html"


def test_a_kpi_leads_to_the_evidence(book: Book) -> None:
    causes = kpi_page(book, "net_sales").led_by
    assert {one.page for one in causes} == {line.page for line in evidence_index(book).lines}


def test_verdicts_and_drawings_are_on_the_pages(tables: Tables) -> None:
    pages = dict(pages_of(tables))
    html = pages["evidence/new_customers.net_sales.html"]
    assert '<span class="verdict good">Confirmed</span>' in html
    assert html.count('role="img"') == 2
    assert 'href="../evidence/new_customers.net_sales.html"' in pages["kpi/net_sales.html"]
    assert 'href="evidence/new_customers.net_sales.html"' in pages["balanced-scorecard.html"]
    assert 'href="evidence.html"' in pages["index.html"]


# The drawings by themselves


def test_bars_stand_on_the_line_of_nought_and_reach_their_height() -> None:
    drawn = correlogram_of([(-1, -0.5), (0, 0.0), (1, 0.5)], measured=1, band=0.25, search=None, grain="week")
    assert drawn and drawn.zero == 96
    assert drawn.measured.endswith("V14h26V96z")
    assert "V178h26V96z" in drawn.bars
    assert drawn.band == (55, 82)
    assert correlogram_of([], measured=None, band=None, search=None, grain="week") is None


@pytest.mark.parametrize("flipped", [True, False])
def test_both_lines_lie_upon_each_other_where_one_follows_the_other(flipped: bool) -> None:
    leader = [(f"W{at}", float(at % 5)) for at in range(30)]
    follower = [(label, (-10.0 if flipped else 10.0) * leader[at - 2][1]) for at, (label, _) in enumerate(leader)][2:]
    drawn = aligned_of(leader, follower, 2, upside_down=flipped, most=20, grain="week")
    assert drawn and drawn.ahead == 2
    assert drawn.leader.startswith(drawn.follower)
    told = "both went the same way in 0 of 19 cases" if flipped else "both went the same way in 19 of 19 cases"
    assert told in drawn.summary


def test_too_little_in_common_is_not_drawn() -> None:
    week = [("W1", 1.0), ("W2", 2.0), ("W3", None)]
    assert aligned_of(week, [], 1, upside_down=False, most=10, grain="week") is None
    assert aligned_of(week, week, 2, upside_down=False, most=10, grain="week") is None


def test_a_series_that_never_changes_is_a_line_in_the_middle() -> None:
    level = [(f"W{at}", 3.0) for at in range(5)]
    drawn = aligned_of(level, level, 0, upside_down=False, most=10, grain="week")
    assert drawn and drawn.follower == drawn.leader and drawn.now is None


def test_only_series_that_are_compared_are_read(tables: Tables) -> None:
    """Of KPIs that are linked, at the grain of their link, in total, complete, the newest of them."""
    with Warehouse.in_memory() as warehouse:
        values = tables["metric_value"]
        beside = [
            values.head(3).with_columns(segment=pl.lit("country=France")),
            values.head(3).with_columns(grain=pl.lit("month")),
            values.head(3).with_columns(is_complete=pl.lit(False)),
            values.head(3).with_columns(metric=pl.lit("training_hours")),
        ]
        for name, frame in (("metric_value", pl.concat([values, *beside])), ("kpi", tables["kpi"]),
                            ("kpi_evidence", tables["kpi_evidence"])):  # fmt: skip
            warehouse.replace_table(TableRef("kpi", name), frame)
        asked = values_compared("kpi")
        found = warehouse.fetch(asked, COMPARED)
        assert found.sort("metric", "period_start").equals(values.sort("metric", "period_start"))
        assert warehouse.fetch(asked, (COMPARED[0], 5)).height == 15
