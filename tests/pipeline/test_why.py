"""`why`: the change of a KPI told by what the engine computes for it, and the same in every run for the latest period."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import fsum
from typing import Any

import polars as pl
import pytest

from kpi_pipeline.errors import QueryError
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.pipeline.why import why
from kpi_pipeline.why import Why
from tests.engine import Table, Through, engine
from tests.project import Shop

SALES = """\
day date | country varchar | customer varchar | amount integer | units integer
2024-01-03 | France | ann | 10 | 5
2024-01-20 | Spain | bob | 5 | 1
2024-02-02 | France | ann | 7 | 4
2024-02-10 | Chile | ann | 4 | 4
2024-02-11 | | cid | 2 | 2
2024-03-01 | France | ann | 1 | 1
"""
METRICS = [
    {"name": "sales", "type": "simple", "model": "sale", "agg": "sum", "expr": "amount"},
    {"name": "units", "type": "simple", "model": "sale", "agg": "sum", "expr": "units"},
    {"name": "customers", "type": "simple", "model": "sale", "agg": "count_distinct", "expr": "customer"},
    {"name": "middle", "type": "simple", "model": "sale", "agg": "median", "expr": "amount"},
    {"name": "price", "type": "ratio", "numerator": "sales", "denominator": "units"},
    {"name": "sales_2d", "type": "cumulative", "input_metric": "sales", "window": "2 days"},
    {"name": "sales_mtd", "type": "cumulative", "input_metric": "sales", "grain_to_date": "month"},
    {"name": "square", "type": "derived", "expr": "sales * units", "input_metrics": ["sales", "units"]},
    {
        "name": "growth",
        "type": "derived",
        "expr": "now / before - 1",
        "input_metrics": [
            {"name": "sales", "alias": "now"},
            {"name": "sales", "alias": "before", "offset_window": "1 month"},
        ],
    },
]


def explained(
    metric: str,
    *,
    rows: str = SALES,
    grain: str = "month",
    breakdowns: Sequence[Sequence[str]] = ((), ("country",)),
    through: Through | None = None,
    **asked: Any,
) -> Why:
    """What `why` says of a KPI on a metric over a few sales."""
    with engine({"sale": Table.drawn(rows)}, metrics=METRICS, through={"sale": through} if through else None) as made:
        kpi = Kpi.model_validate(
            {"name": "watched", "metric": metric, "direction": "up", "grain": grain, "breakdowns": breakdowns}
        )
        known = replace(made, project=replace(made.project, kpis={"watched": kpi}))
        return why(known.context(), "watched", **asked)


def told(found: Why, breakdown: str = "country") -> dict[tuple[str, str], float]:
    """Contributions by segment or input and effect."""
    rows = found.rows.filter(pl.col("breakdown") == breakdown)
    return {(row["input"] or row["segment"], row["effect"]): row["contribution"] for row in rows.to_dicts()}


def test_segments_that_appear_and_vanish_contribute_all_they_are() -> None:
    found = explained("sales", end="2024-02")
    assert (found.before, found.now) == (15, 13)
    assert told(found) == {
        ("country=France", "segment"): -3,
        ("country=Spain", "segment"): -5,
        ("country=Chile", "segment"): 4,
        ("country=(none)", "segment"): 2,
    }
    assert found.sentence == (
        "Watched fell by 2.0 (13.3\xa0%), from 15.0 in 2024-01 to 13.0 in 2024-02: "
        "Spain -5.0, Chile +4.0, France -3.0, (none) +2.0."
    )


def test_a_ratio_by_mix_and_rate_numerator_and_denominator() -> None:
    found = explained("price", end="2024-02")
    by_country = told(found)
    mean = (15 / 6 + 13 / 10) / 2
    assert by_country["country=France", "rate"] == pytest.approx((5 / 6 + 4 / 10) / 2 * (7 / 4 - 10 / 5))
    assert by_country["country=France", "mix"] == pytest.approx((4 / 10 - 5 / 6) * ((7 / 4 + 10 / 5) / 2 - mean))
    assert by_country["country=Spain", "mix"] == pytest.approx(-1 / 6 * (5 - mean))
    assert by_country["country=Chile", "mix"] == pytest.approx(4 / 10 * (1 - mean))
    assert fsum(by_country.values()) == pytest.approx(13 / 10 - 15 / 6)
    assert told(found, "all") == {
        ("all", "numerator"): pytest.approx(-2 * (1 / 6 + 1 / 10) / 2),
        ("all", "denominator"): pytest.approx(14 * (1 / 10 - 1 / 6)),
    }


def test_what_several_segments_share_is_an_overlap() -> None:
    """Ann bought in France and in Chile in February: three customers by country, two in all."""
    found = explained("customers", end="2024-02")
    assert (found.before, found.now) == (2, 2)
    assert told(found) == {
        ("country=France", "segment"): 0,
        ("country=Spain", "segment"): -1,
        ("country=Chile", "segment"): 1,
        ("country=(none)", "segment"): 1,
        ("all", "remainder"): -1,
    }
    assert found.remainder_words == "overlap: what is counted in several segments counts once in the total"


def test_medians_do_not_add_up_and_say_so() -> None:
    found = explained("middle", end="2024-02")
    assert (found.before, found.now) == (7.5, 4)
    by_country = told(found)
    assert by_country["country=France", "segment"] == -3
    assert by_country["country=Spain", "segment"] is None
    assert by_country["all", "remainder"] == -0.5
    assert "do not add up" in found.sentence
    assert found.rows.filter(pl.col("breakdown") == "country")["share_of_change"].null_count() == 5


def test_a_formula_by_its_inputs() -> None:
    found = explained("square", end="2024-02")
    assert found.change == 13 * 10 - 15 * 6
    assert told(found, "all") == {
        ("sales", "input"): pytest.approx(-2 * (6 + 10) / 2),
        ("units", "input"): pytest.approx(4 * (15 + 13) / 2),
    }
    assert fsum(told(found).values()) == pytest.approx(40)
    assert found.remainder_words == "not additive: the formula is no sum over segments"


def test_growth_is_told_by_mix_and_rate_of_the_period_before() -> None:
    rows = SALES.replace(
        "2024-03-01 | France | ann | 1 | 1", "2024-03-01 | France | ann | 20 | 1\n2024-04-01 | France | ann | 1 | 1"
    )
    found = explained("growth", rows=rows, end="2024-03")
    assert found.change == pytest.approx((20 / 13 - 1) - (13 / 15 - 1))
    assert fsum(told(found).values()) == pytest.approx(found.change)
    assert fsum(told(found, "all").values()) == pytest.approx(found.change)
    assert set(found.rows["effect"]) == {"mix", "rate", "input"}


def test_days_enter_and_leave_a_window() -> None:
    rows = "day date | country varchar | amount integer | units integer | customer varchar\n" + "\n".join(
        f"2024-01-0{day} | France | {amount} | 1 | ann" for day, amount in enumerate((5, 7, 1, 9), start=1)
    )
    found = explained("sales_2d", rows=rows, grain="day", end="2024-01-03")
    assert (found.before, found.now) == (12, 8)
    assert told(found, "all") == {("all", "entered"): 1, ("all", "left"): -5}
    whole = explained("sales_mtd", end="2024-02")
    assert told(whole, "all") == {("all", "entered"): 13, ("all", "left"): -15}


def test_a_period_in_progress_is_compared_with_the_same_elapsed_days() -> None:
    through = Through(date(2024, 2, 10), date(2024, 2, 11))
    found = explained("sales", through=through, end="2024-02")
    assert (found.before, found.now) == (10, 11)
    assert told(found) == {("country=France", "segment"): -3, ("country=Chile", "segment"): 4}
    assert found.notes == (
        "The later period is still in progress: it is compared with the same elapsed days of the earlier one.",
    )
    cumulated = explained("sales_mtd", through=through, end="2024-02")
    assert told(cumulated, "all") == {("all", "entered"): 11, ("all", "left"): -10}


def test_any_dimension_may_be_asked_and_two_together() -> None:
    found = explained("sales", breakdowns=((),), by=["customer", "country,customer"], end="2024-02")
    assert told(found, "customer") == {
        ("customer=ann", "segment"): 1,
        ("customer=bob", "segment"): -5,
        ("customer=cid", "segment"): 2,
    }
    assert told(found, "country|customer")["country=Chile|customer=ann", "segment"] == 4
    assert [name for name, _ in found.ranking] == ["customer", "country|customer"]


def test_exchanged_periods_change_the_sign() -> None:
    there = explained("sales", start="2024-01", end="2024-02")
    back = explained("sales", start="2024-02", end="2024-01")
    assert told(back) == {key: -one for key, one in told(there).items()}


def test_what_cannot_be_told_is_said() -> None:
    rows = SALES.replace("2024-01-03 | France | ann | 10 | 5", "2024-01-03 | France | ann | 10 | 0").replace(
        "2024-01-20 | Spain | bob | 5 | 1", "2024-01-20 | Spain | bob | 5 | 0"
    )
    found = explained("price", rows=rows, end="2024-02")
    assert found.change is None
    assert found.rows.is_empty()
    assert found.sentence == "Watched has no value in 2024-01, so there is no change to explain."


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"by": ["planet"]}, "cannot be asked by 'planet'"),
        ({"end": "2030-01"}, "has no month '2030-01'"),
        ({"start": "soon"}, "names no day and no period"),
        ({"start": "2024-02", "end": "2024-02"}, "the same one"),
        ({"start": "2024-01", "against": "year_ago"}, "both name the earlier period"),
    ],
)
def test_refused_with_a_way_out(asked: Mapping[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message) as problem:
        explained("sales", **asked)
    assert "Hint: " in str(problem.value)


HOURS = """\
day timestamp | country varchar | customer varchar | amount integer | units integer
2024-01-03 08:10:00 | France | ann | 10 | 5
2024-01-03 08:40:00 | Spain | bob | 5 | 1
2024-01-03 09:10:00 | France | ann | 7 | 4
2024-01-03 09:20:00 | Chile | ann | 4 | 4
2024-01-03 11:05:00 | | cid | 2 | 2
2024-01-04 09:05:00 | France | ann | 1 | 1
"""


@pytest.mark.parametrize(
    ("metric", "before", "now"),
    [("sales", 15, 11), ("price", 15 / 6, 11 / 8), ("customers", 2, 1), ("square", 90, 88), ("sales_2d", 15, 26)],
)
def test_hours_are_told_as_days_are(metric: str, before: float, now: float) -> None:
    found = explained(metric, rows=HOURS, grain="hour", end="2024-01-03 09:00")
    assert (found.before, found.now) == (before, now)
    told = found.rows.group_by("breakdown").agg(pl.col("contribution").sum())
    assert "country" in set(told.get_column("breakdown"))
    assert told.get_column("contribution").to_list() == [pytest.approx(now - before)] * told.height


def test_an_hour_may_be_compared_with_that_of_another_day() -> None:
    found = explained("sales", rows=HOURS, grain="hour", start="2024-01-03 09:00", end="2024-01-04 09:00")
    assert (found.earlier, found.later) == ("2024-01-03 09:00+00:00", "2024-01-04 09:00+00:00")
    assert told(found) == {("country=Chile", "segment"): -4, ("country=France", "segment"): -6}


def test_published_drivers_add_up_to_the_published_change(ran: Shop) -> None:
    added = ran.ask(
        "SELECT kpi, against, kpi_driver.breakdown, sum(contribution) AS added, sum(abs(contribution)) AS size, "
        "any_value(CASE against WHEN 'previous' THEN value - previous_value ELSE value - year_ago_value END) AS change "
        "FROM kpi_driver JOIN (SELECT * FROM kpi_value WHERE segment = 'all') USING (kpi, grain, period_start_utc) "
        "GROUP BY ALL"
    )
    by_kpi = ran.ask("SELECT DISTINCT kpi, breakdown, effect FROM kpi_driver ORDER BY ALL").rows()
    assert by_kpi == [
        ("weekly_average_sale", "all", "denominator"),
        ("weekly_average_sale", "all", "numerator"),
        ("weekly_revenue", "country", "segment"),
    ]
    for row in added.to_dicts():
        assert row["added"] == pytest.approx(row["change"], rel=1e-9, abs=1e-9 * row["size"])


def test_drivers_of_kpis_that_were_not_computed_stay(shop: Shop) -> None:
    shop.run()
    before = shop.ask("SELECT * FROM kpi_driver ORDER BY ALL")
    shop.run(select=["weekly_tickets"], full=True)
    assert shop.ask("SELECT * FROM kpi_driver ORDER BY ALL").equals(before)


def test_the_command_says_what_the_table_holds(ran: Shop) -> None:
    said = json.loads(ran.kpi("why", "weekly_revenue", "--json").out)
    published = ran.ask(
        "SELECT segment, contribution FROM kpi_driver WHERE kpi = 'weekly_revenue' AND against = 'previous' ORDER BY ALL"
    )
    assert sorted((one["segment"], one["contribution"]) for one in said["drivers"]) == published.rows()
    text = ran.kpi("why", "weekly_revenue").out
    assert said["sentence"] in " ".join(text.split("\n"))
    assert "By country" in text
    assert "concentration" in text
