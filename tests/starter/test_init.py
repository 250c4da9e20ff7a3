"""`kpi init` leaves a whole project behind, or nothing; and the project runs."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

import kpi_pipeline
from kpi_pipeline.errors import DataError, KpiError
from kpi_pipeline.starter.naming import column_name, unique_name
from kpi_pipeline.starter.yaml_text import block, flow, line
from tests.starter.conftest import Desk

ODD = [
    "Order ID", "order_id", "order-id", "date", "group", "select", "2023", '"quoted"', "a,b", "it's", "größe", "顧客",
    "x: y", "# no", "yes", "null", "- dash", "tab\there", "*star", "&amp", "{b}", "[c]", "${HOME}", "Sales (€)", "100%",
    "very " * 30, "line\nbreak",
]  # fmt: skip


def test_the_new_project_publishes_kpis_with_values(desk: Desk, orders: Callable[[int], Path]) -> None:
    """Each of 100 days has two orders; the sum of a week is what the file says."""
    file = orders(100)
    shop = desk.init(file)
    loaded = kpi_pipeline.load_project(shop / "definitions")
    assert loaded.check() == ()
    report = loaded.run()
    assert not report.blocked
    assert loaded.check() == ()
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    monday = date(2024, 3, 4)
    week = {str(monday + timedelta(days=day)) for day in range(7)}
    expected = sum(float(row["Amount (EUR)"]) for row in rows if row["Ordered at"][:10] in week)
    found = loaded.query(["amount_eur"], grain="week", start=str(monday), end=str(monday)).to_dicts()
    assert [float(row["amount_eur"]) for row in found] == [expected]


def test_odd_and_many_column_names_make_valid_definitions(desk: Desk) -> None:
    names = [*ODD, *(f"c{number}" for number in range(120))]
    path = desk.folder / "odd.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        for number in range(30):
            row = [str(number % 5)] * len(names)
            row[3] = f"2024-03-{1 + number:02d}"
            writer.writerow(row)
    loaded = kpi_pipeline.load_project(desk.init(path) / "definitions")
    sql = loaded.project.models["odd"].sql or ""
    assert '"line\nbreak" AS line_break' in sql
    assert "${HOME}" not in sql
    assert not loaded.run().blocked


def test_a_folder_with_something_in_it_is_left_alone(desk: Desk, orders: Callable[[int], Path]) -> None:
    (desk.folder / "shop").mkdir()
    (desk.folder / "shop" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(KpiError, match="not empty, and nothing is ever overwritten"):
        desk.init(orders(20))
    assert [path.name for path in (desk.folder / "shop").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("empty.csv", "", "empty: not even a header"),
        ("header.csv", "day,n\n", "has no rows"),
        ("sheet.xlsx", "PK", r"sheet\.xlsx cannot be read"),
        ("sheet.pdf", "%PDF", "not named as CSV"),
        ("broken.parquet", "PAR1 and no more", r"broken\.parquet cannot be read"),
    ],
)
def test_files_that_cannot_be_begun_with(desk: Desk, name: str, text: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        desk.init(desk.write(name, text))
    assert not (desk.folder / "shop").exists()
    assert sorted(path.name for path in desk.folder.iterdir()) == [name]


def test_packed_files_and_workbooks_are_begun_with(desk: Desk) -> None:
    rows = [("day", "amount"), *((date(2024, 1, 1) + timedelta(days=at), at % 7 + 0.5) for at in range(80))]
    packed = desk.folder / "sales.csv.gz"
    packed.write_bytes(gzip.compress("".join(f"{day},{amount}\n" for day, amount in rows).encode()))
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(desk.folder / "returns.xlsx")
    definitions = desk.init(packed, desk.folder / "returns.xlsx") / "definitions"
    assert 'path: "data/sales/*.csv.gz"' in (definitions / "sources/sales.yaml").read_text()
    assert 'path: "data/returns/*.xlsx"' in (definitions / "sources/returns.yaml").read_text()


def test_a_missing_file_is_named(desk: Desk) -> None:
    with pytest.raises(DataError, match=r"no file .*nowhere\.csv"):
        desk.init(desk.folder / "nowhere.csv")


def test_an_empty_folder_may_be_there_already(desk: Desk, orders: Callable[[int], Path]) -> None:
    (desk.folder / "shop").mkdir()
    assert (desk.init(orders(20)) / "definitions" / "project.yaml").is_file()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(TEXTS)
def test_every_text_survives_as_yaml(text: str) -> None:
    yaml = YAML(typ="safe", pure=True)
    read = yaml.load(f"a: {{b: {flow(text)}, c: [{flow(text)}]}}\nd: {line(text)}\n")
    assert str(read["a"]["b"]) == str(read["a"]["c"][0]) == str(read["d"]) == text
    assert text in map(str, yaml.load(f"? {flow(text)}\n: e\n"))


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_every_text_of_lines_survives_as_a_block(lines: list[str]) -> None:
    text = "SELECT\n  " + "\n  ".join(lines) + "\nFROM t"
    read = YAML(typ="safe", pure=True).load(f"a:\n  sql: {block(text, 4)}\n  b: 1\n")
    assert read["a"] == {"sql": text, "b": 1} or read["a"]["sql"].rstrip("\n") == text


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_every_header_becomes_a_name_of_its_own(headers: list[str]) -> None:
    taken: set[str] = set()
    names = [unique_name(column_name(header, place), taken) for place, header in enumerate(headers, start=1)]
    assert len(set(names)) == len(headers)
    assert all(name.isascii() and name.isidentifier() and name == name.lower() and len(name) <= 60 for name in names)
