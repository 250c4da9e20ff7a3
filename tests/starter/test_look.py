"""Text is understood as people write it, and only where every row bears it out."""

from __future__ import annotations

import pytest

from tests.starter.conftest import Desk


@pytest.mark.parametrize(
    ("values", "kind", "form"),
    [
        (["31/01/2024", "01/02/2024", "05/02/2024"], "date", "%d/%m/%Y"),
        (["1/31/2024", "2/1/2024", "2/5/2024"], "date", "%m/%d/%Y"),
        (["31.01.2024", "1.2.2024", "5.2.2024"], "date", "%d.%m.%Y"),
        (["31/1/2024 08:15", "1/2/2024 9:05", "5/2/2024 23:59"], "timestamp", "%d/%m/%Y %H:%M"),
        (["31 Jan 2024", "01 Feb 2024", "05 Feb 2024"], "date", "%d %b %Y"),
        (["20240131", "20240201", "20240205"], "date", "%Y%m%d"),
        (["2024-01", "2024-02", "2024-03"], "date", "%Y-%m"),
    ],
)
def test_dates_are_recognised(desk: Desk, values: list[str], kind: str, form: str) -> None:
    table = (
        desk.draft(desk.write("t.csv", "day,n\n" + "".join(f"{value},1\n" for value in values))).chapters[0].roles.table
    )
    contract = table.source.columns["day"]
    assert (contract.type, contract.format) == (kind, form)
    assert table.unreadable == 0


def test_of_two_readings_the_shorter_stretch_of_time_is_taken(desk: Desk) -> None:
    """1 to 9 March, or the third of nine months: rows come day by day."""
    text = "day,n\n" + "".join(f"0{day}/03/2024,1\n" for day in range(1, 10))
    table = desk.draft(desk.write("t.csv", text)).chapters[0].roles.table
    assert table.source.columns["day"].format == "%d/%m/%Y"
    assert table.doubtful_dates == ("day",)


def test_iso_dates_of_csv_need_no_contract(desk: Desk) -> None:
    table = desk.draft(desk.write("t.csv", "day,n\n2024-01-31,1\n2024-02-01,2\n")).chapters[0].roles.table
    assert table.source.columns == {}


def test_a_date_that_cannot_be_goes_to_quarantine(desk: Desk) -> None:
    good = "".join(f"{1 + day % 28}.{1 + day // 28}.2024,1\n" for day in range(84))
    more = "".join(f"{1 + day % 28}.3.2024,1\n" for day in range(84))
    table = desk.draft(desk.write("t.csv", f"day,n\n{good}{more}31.2.2024,1\n")).chapters[0].roles.table
    assert (table.rows, table.unreadable) == (168, 1)


@pytest.mark.parametrize(
    ("values", "style", "total"),
    [
        (["1.234,50", "12,5", "3,00"], "comma", 1250.0),
        (["1,234.50", "12.5", "$3.00"], "point", 1250.0),
        (["€ 1.234,50", "12,5 €", "3"], "comma", 1250.0),
    ],
)
def test_numbers_for_people_become_numbers(desk: Desk, values: list[str], style: str, total: float) -> None:
    rows = "".join(f"2024-01-0{place};{value}\n" for place, value in enumerate(values, start=1))
    drafted = desk.draft(desk.write("t.csv", f"Datum;Umsatz\n{rows}"))
    column = drafted.chapters[0].roles.table.column("Umsatz")
    assert column is not None
    assert column.number_style == style
    assert column.highest == 1234.5
    assert drafted.chapters[0].kpis[0].metric.name == "umsatz"


def test_words_for_unknown_are_found(desk: Desk) -> None:
    rows = "2024-01-01,?,5\n2024-01-02,x,NA\n2024-01-03,y,7\n"
    table = desk.draft(desk.write("t.csv", f"day,letter,amount\n{rows}")).chapters[0].roles.table
    assert table.source.null_values == ("?", "NA")
    amount = table.column("amount")
    assert amount is not None
    assert (amount.type, amount.present) == ("BIGINT", 2)


def test_a_word_among_quantities_is_a_slip(desk: Desk) -> None:
    """Of 120 rows one says two pieces in a word: it goes to quarantine, and so would a word among the prices."""
    rows = "".join(
        f"2024-01-{1 + day % 28:02d},{'two' if day == 50 else 1 + day % 3},a{day % 3}\n" for day in range(120)
    )
    table = desk.draft(desk.write("t.csv", f"day,Qty,size\n{rows}")).chapters[0].roles.table
    assert (table.rows, table.unreadable) == (119, 1)
    assert {name: column.type for name, column in table.source.columns.items()} == {"Qty": "integer"}


def test_a_word_among_other_numbers_may_be_meant(desk: Desk) -> None:
    rows = "".join(f"2024-01-{1 + day % 28:02d},{'A' if day == 50 else 1 + day % 3}\n" for day in range(120))
    table = desk.draft(desk.write("t.csv", f"day,stock\n{rows}")).chapters[0].roles.table
    assert (table.unreadable, table.source.columns) == (0, {})


def test_na_stays_a_value_where_all_else_is_words(desk: Desk) -> None:
    rows = "2024-01-01,NA\n2024-01-02,EU\n2024-01-03,EU\n"
    assert desk.draft(desk.write("t.csv", f"day,region\n{rows}")).chapters[0].roles.table.source.null_values == ()


def test_codes_with_leading_zeros_stay_text(desk: Desk) -> None:
    table = desk.draft(desk.write("t.csv", "day,plz\n2024-01-01,01067\n2024-01-02,80331\n")).chapters[0].roles.table
    plz = table.column("plz")
    assert plz is not None
    assert plz.type == "VARCHAR"


def test_windows_text_is_read(desk: Desk) -> None:
    drafted = desk.draft(desk.write("t.csv", "Datum;Größe\n01.02.2024;süß\n02.02.2024;groß\n", encoding="cp1252"))
    assert drafted.chapters[0].roles.table.source.connector.encoding == "cp1252"
