"""What the pages of a KPI, a goal and a team say, and from which rows."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from kpi_pipeline.publish.scorecard import Book, book_of
from kpi_pipeline.publish.scorecard.company_page import company_page
from kpi_pipeline.publish.scorecard.framework_pages import framework_pages
from kpi_pipeline.publish.scorecard.goal_page import goal_page
from kpi_pipeline.publish.scorecard.holidays import by_period
from kpi_pipeline.publish.scorecard.kpi_page import KpiPage, kpi_page
from kpi_pipeline.publish.scorecard.origin import Origin
from kpi_pipeline.publish.scorecard.team_page import team_page

Tables = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def book(tables: Tables) -> Book:
    return book_of(tables)


@pytest.fixture(scope="module")
def sales(book: Book) -> KpiPage:
    return kpi_page(book, "net_sales")


def test_the_numbers_are_those_of_the_drawing_newest_first(sales: KpiPage) -> None:
    assert len(sales.lines) == 53 and not sales.more_periods
    newest, latest = sales.lines[:2]
    assert (newest.period, newest.value, newest.status.word) == ("Week\xa050, 2010", "£131,693", "In progress")
    assert (latest.value, latest.target, latest.attainment) == ("£262,454", "at least £190,000", "138\xa0%")
    assert latest.change == "+£12,409"


def test_a_long_history_is_cut_and_says_so(book: Book, tables: Tables) -> None:
    hours = pl.when(pl.col("kpi") == "backlog").then(pl.lit("quarter")).otherwise("grain").alias("grain")
    many = {name: tables[name].with_columns(hours) for name in ("kpi", "kpi_value")}
    page = kpi_page(book_of({**tables, **many}), "backlog")
    assert (len(page.lines), page.more_periods) == (41, True)


def test_what_happened_has_the_number_of_its_flag(sales: KpiPage) -> None:
    assert [(number, period) for number, period, _ in sales.events] == [(1, "Week\xa038, 2010")]
    assert sales.chart and [flag.number for flag in sales.chart.flags] == [1]


def test_holidays_are_named_in_the_weeks_they_fall_in(sales: KpiPage) -> None:
    noted = {line.period: line.note for line in sales.lines if "April" in line.note or "May" in line.note}
    assert noted == {"Week\xa013, 2010": "2\xa0April 2010", "Week\xa018, 2010": "3\xa0May 2010"}
    assert sales.holidays


def test_holidays_of_longer_periods_are_named_where_they_are_few() -> None:
    easter = [(date(2010, 4, 2), "Good Friday"), (date(2010, 4, 5), "Easter Monday")]
    may = [(date(2010, 5, 3), "Early May bank holiday"), (date(2010, 5, 31), "Spring bank holiday")]
    april = period("month", date(2010, 4, 1), date(2010, 5, 1), "2010-04")
    spring = period("quarter", date(2010, 4, 1), date(2010, 7, 1), "2010-Q2")
    hour = period("hour", date(2010, 4, 2), date(2010, 4, 3), "2010-04-02 08:00")
    said = by_period([april, spring, hour], [*easter, *may])
    assert said == {"2010-04": "Good Friday, Easter Monday", "2010-Q2": "4 holidays"}


def period(grain: str, start: date, end: date, label: str) -> dict[str, object]:
    return {"grain": grain, "period_start": start, "period_end": end, "period_label": label}


def test_segments_are_told_largest_first_the_rest_last(sales: KpiPage) -> None:
    [table] = sales.segments
    assert (table.title, table.more, table.aimed) == ("By country", 0, False)
    assert [line.label for line in table.lines][:2] == ["United Kingdom", "EIRE"]
    assert table.lines[-1].label == "(other)"


def test_a_target_of_a_segment_is_shown_with_its_status(tables: Tables) -> None:
    france = pl.when(pl.col("segment") == "country=France")
    values = tables["kpi_value"].with_columns(
        france.then(9_000.0).otherwise("target").alias("target"),
        france.then(pl.lit("off_track")).otherwise("status").alias("status"),
    )
    [table] = kpi_page(book_of({**tables, "kpi_value": values}), "net_sales").segments
    line = next(line for line in table.lines if line.label == "France")
    assert table.aimed and (line.target, line.status.word) == ("at least £9,000", "Off track")


def test_targets_are_told_for_as_long_as_they_held(tables: Tables) -> None:
    raised = pl.when((pl.col("kpi") == "net_sales") & (pl.col("period_start") >= pl.date(2010, 6, 7)))
    values = tables["kpi_value"].with_columns(
        raised.then(200_000.0).otherwise("target").alias("target"),
        raised.then(pl.lit("board, June")).otherwise("target_provenance").alias("target_provenance"),
    )
    aims = kpi_page(book_of({**tables, "kpi_value": values}), "net_sales").aims
    assert [(aim.periods, aim.target, aim.provenance) for aim in aims] == [
        ("Week\xa023, 2010 to Week\xa050, 2010", "at least £200,000", "board, June"),
        ("Week\xa051, 2009 to Week\xa022, 2010", "at least £190,000", "budget 2010, agreed 14 December 2009"),
    ]


def test_restatements_leave_out_what_merely_grew(sales: KpiPage, tables: Tables) -> None:
    [change] = sales.restated
    assert (change.period, change.was, change.became, change.reason) == (
        "Week\xa048, 2010", "£250,000", "£262,000", "rows came late",
    )  # fmt: skip
    told = pl.col("value").replace(262_000.0, 250_000.0)
    aimed = tables["kpi_value_history"].with_columns(told, target=pl.col("value") / 2)
    [change] = kpi_page(book_of({**tables, "kpi_value_history": aimed}), "net_sales").restated
    assert (change.was, change.became) == ("target £125,000", "target £131,000")
    growing = tables["kpi_value_history"].with_columns(is_complete=False)
    assert not kpi_page(book_of({**tables, "kpi_value_history": growing}), "net_sales").restated


def test_reviews_are_told_with_what_was_decided(sales: KpiPage, book: Book) -> None:
    assert [(one.day, one.reviewer, one.decision) for one in sales.reviews] == [
        ("30\xa0November 2010", "", ""),
        ("29\xa0October 2010", "Head of Sales", "Call the ten largest accounts before Christmas."),
    ]
    assert not sales.overdue and kpi_page(book, "reopen_rate").overdue


def test_what_leads_a_kpi_stands_on_its_page_and_what_it_leads_on_the_other(sales: KpiPage, book: Book) -> None:
    assert [(one.other.kpi, one.lag, one.verdict) for one in sales.led_by] == [
        ("average_order", "in the same week", "not tested yet"),
        ("new_customers", "after 4 weeks", "confirmed by the data"),
        ("returns_rate", "after 1 week", "not supported by the data"),
    ]
    [led] = kpi_page(book, "new_customers").leads
    measured = "measured after 3 weeks, correlation 0.43, over 120 weeks"
    assert (led.other.kpi, led.measured, led.sign) == ("net_sales", measured, "both rise")


def test_why_a_link_is_believed_is_told_where_the_map_of_causes_was_published(tables: Tables) -> None:
    told = [one.because for one in kpi_page(book_of(tables), "net_sales").led_by]
    assert told == ["", "a new account places its second order within a month", ""]
    without = kpi_page(book_of({**tables, "strategy_link": tables["strategy_link"].clear()}), "net_sales")
    assert [one.because for one in without.led_by] == ["", "", ""]


def test_why_it_changed_adds_up_to_the_change_with_the_largest_first(sales: KpiPage) -> None:
    [reasons] = sales.reasons
    assert (reasons.change, reasons.against, reasons.earlier) == (
        "+£12,409", "the period before", "Week\xa048, 2010",
    )  # fmt: skip
    parts, countries = reasons.tables
    assert [(one.label, one.contribution) for one in parts.drivers] == [("Orders", "+£12,409")]
    assert [(one.label, one.contribution, one.remark) for one in countries.drivers] == [
        ("United Kingdom", "+£10,000", "its weight +£1,000, its own value +£9,000"),
        ("EIRE", "+£4,909", ""),
        ("France", "−£2,500", ""),
    ]
    assert [one.below_zero for one in countries.drivers] == [False, False, True]


def test_small_contributions_are_told_together(tables: Tables) -> None:
    france = tables["kpi_driver"].filter(segment="country=France")
    many = pl.concat(
        france.with_columns(pl.lit(f"country={name}").alias("segment"), contribution=pl.lit(10.0 + at))
        for at, name in enumerate(("United Kingdom", "EIRE", "Germany", "France", "Netherlands", "Spain", "(other)",
                                   "Channel Islands <b>"))
    )  # fmt: skip
    [table] = kpi_page(book_of({**tables, "kpi_driver": many}), "net_sales").reasons[0].tables
    assert len(table.drivers) == 7
    assert (table.drivers[-1].label, table.drivers[-1].contribution) == ("2 others together", "+£21.00")


def names_of(origin: Origin) -> list[str]:
    return [origin.key, *(name for one in origin.below for name in names_of(one))]


def test_the_way_from_the_sources_is_told_once_with_columns_and_checks(sales: KpiPage) -> None:
    assert sales.origin is not None
    assert names_of(sales.origin) == [
        "kpi/net_sales", "metric/net_sales", "model/order_lines", "model/countries", "raw/invoice_lines",
        "raw/invoice_lines",
    ]  # fmt: skip
    model = sales.origin.below[0].below[0]
    source, again = model.below[0].below[0], model.below[1]
    assert model.columns == "price, quantity"
    assert (source.checks, source.failed) == ("4 of 5 checks passed; failed: accepted_range Price", True)
    assert again.columns.endswith("and 3 more") and not again.below


def test_the_drawing_of_the_way_has_each_thing_once_and_leads_to_the_right(sales: KpiPage) -> None:
    drawn = sales.origin_map
    assert drawn is not None and len(drawn.stops) == 5
    assert [stop.text for stop in sorted(drawn.stops, key=lambda stop: -stop.x)] == [
        "net_sales", "net_sales", "order_lines", "countries", "invoice_lines",
    ]  # fmt: skip


def test_the_query_names_the_kpi_and_its_grain(sales: KpiPage) -> None:
    assert "WHERE kpi = 'net_sales' AND grain = 'week' AND segment = 'all'" in sales.query


def test_each_framework_tells_what_it_asks_of_a_goal(book: Book) -> None:
    okr, mbo, focus, scorecard = framework_pages(book)
    [objective] = okr.objectives
    assert (objective.grade, objective.frozen, objective.tied_to_pay) == ("0.70", "3\xa0December 2010, 00:00 UTC", True)
    [result] = objective.key_results
    assert (result.baseline, result.target, result.value, result.grade) == (
        "50.0\xa0%", "75.0\xa0%", "67.5\xa0%", "0.70",
    )  # fmt: skip
    assert result.remark.endswith("from the data of today it would be 0.65")
    [agreement] = mbo.agreements
    assert (agreement.person, agreement.manager, agreement.overdue) == ("Service Manager", "Managing Director", True)
    [one] = focus.focuses
    assert (one.before, one.latest, one.change, one.current) == ("420", "400", "−20", False)
    assert [(side.label, side.score) for side in scorecard.sides] == [
        ("Financial", "97\xa0%"), ("Learning and growth", ""),
    ]  # fmt: skip
    assert [goal.period for side in scorecard.sides for goal in side.goals] == ["November 2010", ""]
    assert scorecard.drawing.startswith("<svg") and 'href="kpi/net_sales.html"' in scorecard.drawing


def test_a_framework_nobody_uses_has_no_page(tables: Tables) -> None:
    unused = {name: tables[name].clear() for name in ("okr_objective", "mbo_agreement", "balanced_scorecard")}
    assert [page.kind for page in framework_pages(book_of({**tables, **unused}))] == ["omtm"]


def test_a_goal_stands_as_in_the_latest_period_that_most_of_it_could_be_scored_in(book: Book) -> None:
    standing = goal_page(book, "profit").standing
    assert standing is not None and standing.score is not None
    assert (standing.period, standing.score.text, standing.counted) == ("October 2010", "100\xa0%", "")
    chart = goal_page(book, "profit").chart
    assert chart is not None and [date.text for date in chart.dates][-1] == "October 2010"
    solved = goal_page(book, "service_level").standing
    assert solved is not None and solved.score is not None and solved.score.text == "102\xa0%"


def test_a_goal_without_any_score_says_so(book: Book) -> None:
    assert goal_page(book, "empty").standing is None
    calm = goal_page(book, "calm_desk")
    assert calm.standing is not None and (calm.standing.score, calm.standing.status.word) == (None, "In progress")
    assert calm.missing == ("Supplier punctuality: no value",)


def test_members_and_goals_below_share_the_weight(book: Book) -> None:
    page = goal_page(book, "profit")
    assert [(one.card.name, one.share) for one in page.members] == [
        ("repeat_rate", "33\xa0%"), ("average_order", "17\xa0%"), ("margin_change", "17\xa0%"), ("net_sales", "17\xa0%"),
    ]  # fmt: skip
    assert [(one.name, one.share) for one in page.below] == [("repeat", "17\xa0%")]


def test_a_team_has_its_kpis_goals_early_signs_and_overdue_reviews(book: Book) -> None:
    page = team_page(book, "service")
    assert [heading for heading, _ in page.groups] == [
        "A calm desk",
        "A service desk people rely on",
        "Not tied to a goal",
    ]
    assert sorted(goal.name for goal in page.goals) == ["calm_desk", "service_level"]
    assert [(sign.card.name, sign.outcome.kpi) for sign in page.signs] == [("backlog", "reopen_rate")]
    assert [(one.kpi.kpi, one.due) for one in page.overdue] == [("reopen_rate", "30\xa0September 2010")]
    assert page.above and page.above.kpi == "company"
    assert [team.kpi for team in team_page(book, "company").below] == ["commercial", "service"]


def test_what_turned_lately_tells_the_worse_first(book: Book) -> None:
    turns = company_page(book).turns
    assert turns and [turn.worse for turn in turns] == sorted((turn.worse for turn in turns), reverse=True)
    for turn in turns:
        assert turn.before != turn.card.status


def test_the_tree_of_goals_and_the_sides_of_the_scorecard(book: Book) -> None:
    page = company_page(book)
    assert [(one.name, [below.name for below in one.below]) for one in page.tree] == [
        ("profit", ["repeat"]), ("empty", []), ("service_level", ["calm_desk"]),
    ]  # fmt: skip
    assert [(side, [one.name for one in goals]) for side, goals in page.perspectives] == [
        ("Financial", ["profit"]), ("Customer", ["repeat"]), ("Learning and growth", ["empty"]),
    ]  # fmt: skip


def test_how_the_projection_is_known_is_said_beside_it(tables: Tables, sales: KpiPage) -> None:
    here = (pl.col("kpi") == "net_sales") & ~pl.col("is_complete")
    values = tables["kpi_value"].with_columns(pl.when(here).then(240_000.0).alias("projected_value"))
    [start] = values.filter(here & (pl.col("segment") == "all"))["period_start_utc"]
    how = {
        "kpi": "net_sales", "segment": "all", "period_start_utc": start, "method": "share_in", "reference_method": "naive",
        "error_scale": "relative", "error": 0.06, "reference_error": 0.2, "origins": 45, "intervals_tried": 39,
        "intervals_held": 31,
    }  # fmt: skip
    page = kpi_page(book_of({**tables, "kpi_value": values, "kpi_projection": pl.DataFrame([how])}), "net_sales")
    assert sales.projection == ""
    assert page.projection == (
        "The interval is meant to hold in four of five cases. Expected from what is in by now: 6.0\xa0% off on average at "
        "this point of 45 earlier weeks (as the week before ended: 20.0\xa0%); 31 of 39 intervals held."
    )
