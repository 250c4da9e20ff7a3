"""What is drafted makes sense to somebody who knows the data and nothing of the tool."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kpi_pipeline.errors import DataError
from kpi_pipeline.periods import Grain
from tests.starter.conftest import Desk


def test_orders_become_revenue_customers_and_revenue_each(desk: Desk, orders: Callable[[int], Path]) -> None:
    chapter = desk.draft(orders(100)).chapters[0]
    assert [kpi.name for kpi in chapter.kpis] == [
        "weekly_amount_eur",
        "weekly_customers",
        "weekly_amount_eur_per_customer",
    ]
    assert chapter.roles.time.column.name == "Ordered at"
    assert [part.name for part in chapter.roles.key] == ["order_id"]
    assert [(name, kind) for name, kind, _ in chapter.roles.entities] == [("order", "primary"), ("customer", "foreign")]
    assert chapter.roles.personal == ()
    assert "customers_28d" in [metric.name for metric in chapter.metrics.metrics]


@pytest.mark.parametrize(("days", "grain"), [(6, Grain.day), (60, Grain.week), (500, Grain.month)])
def test_the_grain_fits_the_history(desk: Desk, orders: Callable[[int], Path], days: int, grain: Grain) -> None:
    chapter = desk.draft(orders(days)).chapters[0]
    assert {kpi.grain for kpi in chapter.kpis} == {grain}
    has_year_before = any(metric.name.endswith("_yoy") for metric in chapter.metrics.metrics)
    assert has_year_before is (days > 400)


def test_the_example_of_a_target_is_five_per_cent_above_the_usual_week(desk: Desk) -> None:
    """Weeks of 700, then of 707; 5 % more than their middle is 738.7, written with two digits that count."""
    rows = "".join(f"2024-0{2 + day // 28}-{1 + day % 28:02d},{100 + day // 28}\n" for day in range(56))
    kpi = desk.draft(desk.write("t.csv", f"day,amount\n{rows}")).chapters[0].kpis[0]
    assert kpi.target is not None
    assert kpi.target["values"][0]["value"] == 740  # type: ignore[index]


def test_weekly_rows_make_weekly_kpis(desk: Desk) -> None:
    rows = "".join(f"2024-01-{day:02d},{day}\n" for day in (1, 8, 15, 22, 29))
    drafted = desk.draft(desk.write("t.csv", f"week,revenue\n{rows}"))
    assert drafted.chapters[0].kpis[0].grain is Grain.week
    assert "complete_through: {grain: week}" in drafted.pages["definitions/sources/t.yaml"]


def test_weeks_begin_where_the_data_says(desk: Desk) -> None:
    rows = "".join(f"2024-01-{day:02d},{day}\n" for day in (7, 14, 21, 28))
    assert desk.draft(desk.write("t.csv", f"week,revenue\n{rows}")).project.week_start == "sunday"


def test_quantity_times_price_is_what_a_line_is_worth(desk: Desk) -> None:
    drafted = desk.draft(desk.write("t.csv", "day,Quantity,Price\n2024-01-01,2,1.25\n2024-01-02,3,2.5\n"))
    assert drafted.chapters[0].metrics.main.name == "line_value"


def test_less_cost_is_better(desk: Desk) -> None:
    kpi = desk.draft(desk.write("t.csv", "day,cost\n2024-01-01,5\n2024-01-02,6\n2024-01-09,7\n")).chapters[0].kpis[0]
    assert kpi.direction == "down"


def test_less_refunded_is_better(desk: Desk) -> None:
    rows = "".join(f"2024-01-{day:02d},{day % 3},{'yes' if day % 5 == 0 else 'no'}\n" for day in range(1, 29))
    metrics = desk.draft(desk.write("t.csv", f"day,amount,Refunded\n{rows}")).chapters[0].metrics
    assert metrics.named("refunded_share").wants_less


def test_ids_of_almost_every_row_leave_no_kpi_on_rows(desk: Desk) -> None:
    """Of a hundred orders one came twice, so orders and rows are the same number but for that."""
    rows = "".join(f"2024-0{1 + n // 40}-{1 + n % 20:02d},C{n or 1},{n}\n" for n in range(100))
    kpis = desk.draft(desk.write("t.csv", f"day,Order No,amount\n{rows}")).chapters[0].kpis
    assert "weekly_orders" in [kpi.name for kpi in kpis]
    assert not [kpi.name for kpi in kpis if kpi.name.endswith("_rows")]


def test_a_number_on_a_card_is_not_added_up(desk: Desk) -> None:
    rows = "".join(f"2024-01-{day:02d},{day * 7},{day}\n" for day in range(1, 29))
    metrics = desk.draft(desk.write("t.csv", f"day,Loyalty Card,amount\n{rows}")).chapters[0].metrics.metrics
    assert not [one.name for one in metrics if "card" in one.name]


def test_rows_without_a_time_are_spoken_of(desk: Desk) -> None:
    source = "definitions/sources/t.yaml"
    whole = desk.draft(desk.write("t.csv", "day,amount\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n"))
    assert "rows_without_a_time" not in whole.pages[source]
    holed = desk.draft(desk.write("t.csv", "day,amount\n2024-01-01,1\n2024-01-02,2\n,3\n"))
    assert "rows_without_a_time_are_not_counted, type: not_null, columns: [day], severity: warn" in holed.pages[source]


def test_the_time_and_amounts_have_types_so_that_a_slip_spoils_one_row_only(desk: Desk) -> None:
    text = "day,amount,age,note\n2024-01-01,1.25,3.5,a\n2024-01-02,2.5,4.5,b\n2024-01-03,3.5,5.5,c\n"
    page = desk.draft(desk.write("t.csv", text)).pages["definitions/sources/t.yaml"]
    assert "    columns:\n      day: {type: date}\n      amount: {type: number}\n    # A failed check" in page


def test_numbers_that_describe_one_row_are_not_added_up(desk: Desk) -> None:
    text = "day,order_id,age,unit_price\n2024-01-01,1,30,2.5\n2024-01-02,2,40,3.5\n2024-01-03,3,50,1.5\n"
    metrics = desk.draft(desk.write("t.csv", text)).chapters[0].metrics.metrics
    assert not [one.name for one in metrics if one.fields.get("agg") == "sum"]
    assert {"average_age", "average_unit_price"} <= {one.name for one in metrics}


def test_what_never_changes_is_no_kpi(desk: Desk) -> None:
    """One row a day: the number of rows a week says nothing, and neither does the value a row."""
    rows = "".join(f"2024-0{1 + day // 28}-{1 + day % 28:02d},{day}\n" for day in range(28))
    kpis = desk.draft(desk.write("t.csv", f"day,amount\n{rows}")).chapters[0].kpis
    assert [kpi.metric.name for kpi in kpis] == ["amount"]


def test_the_moment_it_happened_is_taken_not_a_later_one(desk: Desk) -> None:
    text = "updated_at,birth_date,created_at\n2024-02-01,1980-01-01,2024-01-01\n2024-02-02,1970-01-01,2024-01-02\n"
    assert desk.draft(desk.write("t.csv", text)).chapters[0].roles.time.column.name == "created_at"


def test_another_time_can_be_named(desk: Desk) -> None:
    text = "updated_at,created_at\n2024-02-01,2024-01-01\n2024-02-02,2024-01-02\n"
    drafted = desk.draft(desk.write("t.csv", text), time=("updated_at",))
    assert drafted.chapters[0].roles.time.column.name == "updated_at"


def test_old_data_is_looked_at_from_its_own_end(desk: Desk, orders: Callable[[int], Path]) -> None:
    assert desk.draft(orders(60)).project.as_of == "now"
    old = desk.write("old.csv", "day,n\n2019-01-01,1\n2019-02-01,2\n")
    assert desk.draft(old).project.as_of == "data"


def test_tables_that_count_the_same_keep_their_names_apart(desk: Desk) -> None:
    text = "day,amount\n2024-01-01,1\n2024-01-09,2\n"
    drafted = desk.draft(desk.write("shop.csv", text), desk.write("web.csv", text))
    assert drafted.chapters[0].metrics.main.name == "amount"
    assert drafted.chapters[1].metrics.main.name == "amount_of_web"
    assert drafted.chapters[1].metrics.main.label == "Amount (web)"


def test_without_a_date_there_is_no_kpi(desk: Desk) -> None:
    with pytest.raises(DataError, match=r"(?s)no column with dates.*'Month', 'Revenue'.*--time COLUMN"):
        desk.draft(desk.write("t.csv", "Month,Revenue\nFeb,1\nMar,2\n"))


def test_a_birthday_is_not_when_a_row_happened(desk: Desk) -> None:
    with pytest.raises(DataError, match='--time "BirthDate"'):
        desk.draft(desk.write("t.csv", "BirthDate,n\n1970-01-01,1\n1980-01-01,2\n"))


def test_a_named_time_that_is_none_is_refused(desk: Desk) -> None:
    with pytest.raises(DataError, match=r"'Month' of t\.csv cannot be read as a time"):
        desk.draft(desk.write("t.csv", "Month,n\nFeb,1\nMar,2\n"), time=("Month",))


def test_a_named_time_that_is_not_there_is_refused(desk: Desk) -> None:
    with pytest.raises(DataError, match=r"(?s)--time Mont: there is no such column.*'Month'"):
        desk.draft(desk.write("t.csv", "Month,n\nFeb,1\n"), time=("Mont",))
