"""Holidays that a project names stand in the published calendar."""

from __future__ import annotations

from datetime import date

from tests.project import Shop

EPIPHANY, FREE = date(2024, 1, 6), date(2024, 1, 8)


def test_without_any_nobody_has_said_which_days_are(ran: Shop) -> None:
    assert ran.ask("SELECT DISTINCT is_holiday, holiday FROM calendar").rows() == [(None, None)]


def test_written_in_the_settings(shop: Shop) -> None:
    shop.edit(
        "definitions/project.yaml",
        "  currency: EUR\n",
        "  currency: EUR\n  holidays: [{day: 2024-01-06, name: Epiphany}, {day: 2024-01-06, name: Day of stars}]\n",
    )
    shop.run()
    assert shop.ask("SELECT day, holiday FROM calendar WHERE is_holiday").rows() == [
        (EPIPHANY, "Day of stars, Epiphany")
    ]
    assert shop.ask("SELECT count(*) FROM calendar WHERE is_holiday IS NULL").item() == 0


def test_of_a_table_that_changes(shop: Shop) -> None:
    shop.edit(
        "definitions/project.yaml",
        "  currency: EUR\n",
        "  currency: EUR\n  holidays: {table: free_days, columns: {day: date}}\n",
    )
    shop.write(
        "definitions/free.yaml",
        "sources:\n  - {name: free_days, connector: {type: file, path: data/free.csv}, columns: {date: {type: date}}}\n",
    )
    shop.write("data/free.csv", "date,name\n2024-01-06,Epiphany\n2024-01-08,\n")
    shop.run()
    asked = "SELECT day, holiday FROM calendar WHERE is_holiday ORDER BY day"
    assert shop.ask(asked).rows() == [(EPIPHANY, "Epiphany"), (FREE, None)]
    shop.write("data/free.csv", "date,name\n2024-01-08,Day off\n")
    shop.run()
    assert shop.ask(asked).rows() == [(FREE, "Day off")]


def test_shown_beside_the_values_of_their_weeks(shop: Shop) -> None:
    shop.edit(
        "definitions/project.yaml",
        "  currency: EUR\n",
        "  currency: EUR\n  holidays: [{day: 2024-03-05, name: Fair}]\n",
    )
    shop.run()
    lines = [line for line in shop.kpi("show", "weekly_revenue").out.splitlines() if "Fair" in line]
    assert len(lines) == 1
    assert lines[0].startswith("2024-W10")
