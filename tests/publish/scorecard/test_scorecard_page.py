"""What the page says, and from which rows."""

from __future__ import annotations

import polars as pl
import pytest

from kpi_pipeline.errors import InternalError
from kpi_pipeline.publish.scorecard import book_of
from kpi_pipeline.publish.scorecard.company_page import CompanyPage, company_page, data_through
from kpi_pipeline.publish.scorecard.page import KpiCard

Tables = dict[str, pl.DataFrame]


def page_of(tables: Tables) -> CompanyPage:
    return company_page(book_of(tables))


@pytest.fixture(scope="module")
def page(tables: Tables) -> CompanyPage:
    return page_of(tables)


@pytest.fixture(scope="module")
def cards(page: CompanyPage) -> dict[str, KpiCard]:
    return {card.name: card for _, cards in page.groups for card in cards}


def facts(card: KpiCard) -> dict[str, str]:
    return dict(card.facts)


def test_every_kpi_stands_on_the_page_once(page: CompanyPage, tables: Tables) -> None:
    shown = [card.name for _, cards in page.groups for card in cards]
    assert sorted(shown) == sorted(tables["kpi"]["kpi"])


def test_the_tally_counts_every_kpi_once_and_names_every_status(page: CompanyPage) -> None:
    assert {status.key: count for status, count in page.tally} == {
        "on_track": 5, "at_risk": 4, "off_track": 2, "in_progress": 0, "no_target": 2, "no_data": 1,
    }  # fmt: skip


def test_data_through_is_the_last_day_that_is_complete(tables: Tables) -> None:
    assert data_through(book_of(tables)) == "13\xa0December 2010"


def test_goals_stand_before_those_that_serve_them_in_the_order_of_perspectives(page: CompanyPage) -> None:
    assert [goal.name for goal in page.goals] == ["profit", "repeat", "empty", "service_level", "calm_desk"]
    assert [goal.part_of for goal in page.goals][1] == "A profitable company"


def test_a_goal_says_who_wants_what_until_when(page: CompanyPage) -> None:
    assert page.goals[3].facts == (
        "Objectives and key results",
        "Service desk, Service Manager",
        "1\xa0January to 31\xa0December 2010",
        "Ambition 7 of 10",
    )


def test_a_kpi_of_two_goals_is_shown_under_the_primary_and_named_under_the_other(page: CompanyPage) -> None:
    profit, repeat = page.goals[:2]
    assert "repeat_rate" in [card.name for card in repeat.kpis]
    assert [(other.kpi, other.remark) for other in profit.also] == [("repeat_rate", "Customers who come back")]


def test_kpis_without_a_goal_come_last(page: CompanyPage) -> None:
    assert page.groups[-1][0] == "Not tied to a goal"
    assert [card.name for card in page.loose] == ["training_hours"]


def test_the_value_is_that_of_the_latest_complete_period(cards: dict[str, KpiCard]) -> None:
    card = cards["net_sales"]
    assert (card.period, card.value, card.status.word) == ("Week\xa049, 2010", "£262,454", "On track")
    assert (card.target, card.attainment and card.attainment.text) == ("at least £190,000", "138\xa0%")


def test_the_period_in_progress_stands_apart(cards: dict[str, KpiCard]) -> None:
    unfinished = cards["net_sales"].unfinished
    assert unfinished is not None
    assert (unfinished.period, unfinished.value) == ("Week\xa050, 2010", "£131,693")


def test_periods_that_stragglers_open_long_after_are_left_out(tables: Tables) -> None:
    """Of a source that was complete through week 20 and has single rows for months to come, week 21 is in progress."""
    early = pl.col("period_start") < pl.date(2010, 5, 24)
    values = tables["kpi_value"].with_columns(is_complete=pl.col("is_complete") & early)
    card = next(card for card in page_of({**tables, "kpi_value": values}).goals[0].kpis if card.name == "net_sales")
    assert card.period == "Week\xa020, 2010"
    assert card.unfinished and card.unfinished.period == "Week\xa021, 2010"
    assert card.trend and card.trend.last_label == "Week\xa021, 2010"


def test_the_projection_is_told_with_its_interval(tables: Tables) -> None:
    projected = pl.when(~pl.col("is_complete") & (pl.col("kpi") == "net_sales"))
    values = tables["kpi_value"].with_columns(
        projected.then(240_000.0).alias("projected_value"),
        projected.then(221_000.0).alias("projected_low"),
        projected.then(262_000.0).alias("projected_high"),
        projected.then(pl.lit("at_risk")).alias("projected_status"),
    )
    page = page_of({**tables, "kpi_value": values})
    unfinished = next(card.unfinished for card in page.goals[0].kpis if card.name == "net_sales")
    assert unfinished and unfinished.projection == "heading for £240,000 (£221,000 to £262,000), at risk"


def test_changes_are_percentages_for_amounts_points_for_shares_differences_across_zero(
    cards: dict[str, KpiCard],
) -> None:
    told = {name: [(c.way, c.amount, c.against) for c in cards[name].changes] for name in cards}
    assert told["net_sales"] == [("up", "5.0\xa0%", "the week before"), ("up", "72.7\xa0%", "a year ago")]
    assert told["repeat_rate"][0] == ("down", "1.5\xa0points", "the week before")
    assert told["margin_change"][1] == ("up", "£11,004", "a year ago")


def test_without_any_value_there_is_no_trend_and_no_zero(cards: dict[str, KpiCard]) -> None:
    card = cards["lost_series"]
    assert (card.value, card.status.word, card.trend, card.changes) == ("–", "No data", None, ())


def test_without_a_complete_period_a_kpi_is_in_progress(tables: Tables) -> None:
    begun = tables["kpi_value"].filter((pl.col("kpi") != "net_sales") | ~pl.col("is_complete"))
    page = page_of({**tables, "kpi_value": begun})
    card = next(card for card in page.goals[0].kpis if card.name == "net_sales")
    assert (card.status.word, card.value, card.period, card.segments) == ("In progress", "–", "", None)
    assert card.unfinished and card.unfinished.value == "£131,693"


def test_without_a_target_there_is_no_attainment(cards: dict[str, KpiCard]) -> None:
    card = cards["basket_size"]
    assert (card.target, card.attainment, card.status.word) == ("", None, "No target")


def test_a_target_that_should_not_be_passed_says_so(cards: dict[str, KpiCard]) -> None:
    assert cards["returns_rate"].target == "at most 2.0\xa0%"


def test_few_cases_are_pointed_out_where_a_ratio_rests_on_them(cards: dict[str, KpiCard]) -> None:
    assert cards["reopen_rate"].caution == "Rests on 17 cases only: read it with care."
    assert cards["sla_met"].caution == ""


def test_few_cases_of_nothing_are_not_pointed_out(tables: Tables) -> None:
    gone = pl.when(pl.col("kpi") == "reopen_rate").then(None).otherwise("value").alias("value")
    cards = page_of({**tables, "kpi_value": tables["kpi_value"].with_columns(gone)}).groups
    assert [card.caution for _, group in cards for card in group if card.name == "reopen_rate"] == [""]


def test_the_six_largest_segments_by_value_and_how_many_are_left_out(cards: dict[str, KpiCard]) -> None:
    segments = cards["net_sales"].segments
    assert segments is not None
    assert (segments.title, segments.more) == ("By country", 2)
    assert [share.label for share in segments.shares][:2] == ["United Kingdom", "EIRE"]
    assert segments.shares[0].length == 1


def test_segments_of_a_ratio_are_ordered_by_what_lies_behind_them(cards: dict[str, KpiCard]) -> None:
    segments = cards["sla_met"].segments
    assert segments is not None
    assert [share.label for share in segments.shares] == ["4 low", "3 moderate", "2 high", "1 critical"]


def test_a_segment_below_zero_is_told_from_one_above(cards: dict[str, KpiCard]) -> None:
    segments = cards["margin_change"].segments
    assert segments is not None
    assert [(share.below_zero, share.value[0]) for share in segments.shares[:2]] == [(False, "£"), (True, "−")]


def test_a_kpi_leads_for_one_viewpoint_and_lags_for_another(cards: dict[str, KpiCard]) -> None:
    leading, lagging = cards["new_customers"].roles
    assert (leading.indicator, leading.viewpoints, leading.outcome and leading.outcome.label) == (
        "leading", "the company", "Weekly net sales",
    )  # fmt: skip
    assert (lagging.indicator, lagging.viewpoints, lagging.outcome) == ("lagging", "Commercial", None)
    assert facts(cards["new_customers"])["Why leading"].startswith("is claimed to lead Weekly net sales")
    assert [(role.viewpoints, role.reason) for role in cards["net_sales"].roles] == [
        ("Commercial and the company", "a result they answer for"),
    ]
    assert [(role.indicator, role.viewpoints) for role in cards["training_hours"].roles] == [
        ("unclassified", "everybody")
    ]


def test_what_leads_a_kpi_is_told_with_what_the_data_says(cards: dict[str, KpiCard]) -> None:
    assert {leader.kpi: leader.remark for leader in cards["net_sales"].led_by} == {
        "average_order": "in the same week, not tested yet",
        "new_customers": "3 weeks ahead, confirmed by the data",
        "returns_rate": "1 week ahead, not supported by the data",
    }


def test_a_review_is_due_overdue_or_nobody_holds_one(cards: dict[str, KpiCard]) -> None:
    assert facts(cards["net_sales"])["Review"] == "every month, due 31\xa0December 2010"
    assert facts(cards["reopen_rate"])["Review"] == "every month, overdue since 30\xa0September 2010"
    assert facts(cards["training_hours"])["Review"] == "nobody has agreed to review it"


def test_what_happened_in_a_period_is_noted(cards: dict[str, KpiCard]) -> None:
    assert cards["net_sales"].notes == (
        "Week\xa038, 2010: Ash cloud over Europe: the warehouse was shut for three days.",
    )


def test_failed_checks_are_named_and_passed_ones_counted(page: CompanyPage) -> None:
    assert page.checks == 6
    assert [(check.asset, check.name, check.stops, check.observed) for check in page.failed] == [
        ("raw/deliveries", "recency arrived_at", True, "1 failing row"),
        ("raw/invoice_lines", "accepted_range Price", False, "3 rows below 0, the lowest -53594.36"),
    ]


def test_the_order_of_rows_does_not_matter(tables: Tables) -> None:
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=7) for name, frame in tables.items()}
    assert page_of(shuffled) == page_of(tables)


def test_a_table_that_is_missing_is_our_own_mistake(tables: Tables) -> None:
    with pytest.raises(InternalError, match="kpi_goal"):
        page_of({name: frame for name, frame in tables.items() if name != "kpi_goal"})
