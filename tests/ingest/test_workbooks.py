"""Excel and OpenDocument: what a person sees in the cells is what is loaded, and every row is accounted for."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt

from kpi_pipeline.errors import DataError
from tests.ingest.conftest import Bench, orders

EXCEL = orders("data/*.xlsx")
ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.2"'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
)


def xlsx(
    bench: Bench, rows: list[list[Any]], *, name: str = "data/a.xlsx", first: str = "A1", **also: list[Any]
) -> Path:
    """Writes a workbook whose first sheet is called Orders; texts like #N/A become errors; `also` are more sheets."""
    book = openpyxl.Workbook()
    sheets = {"Orders": rows, **also}
    for title, content in sheets.items():
        sheet = book.create_sheet(title)
        start = sheet[first]
        for down, row in enumerate(content):
            for right, value in enumerate(row):
                if value is not None:
                    cell = sheet.cell(start.row + down, start.column + right, value)
                    if isinstance(value, str) and value.startswith("#"):
                        cell.data_type = "e"
    del book["Sheet"]
    path = bench.root / name
    path.parent.mkdir(exist_ok=True)
    book.save(path)
    return path


def test_cells_become_what_a_person_sees_in_them(bench: Bench) -> None:
    moment, day = dt.datetime(2024, 5, 1, 10, 30, 15), dt.datetime(2024, 5, 2)
    xlsx(
        bench,
        [
            ["id", "at", "on", "amount", "code", "flag", "worked", "note", "big"],
            [1, moment, day, 1.5, "007", True, dt.timedelta(hours=30, minutes=5), 'a "b",\nc', 2**53 - 1],
            ["2", day, day, "2.25", "08", False, dt.timedelta(hours=1), None, 1e300],
        ],
    )
    staged = bench.load(EXCEL)
    assert (staged.rows_read, staged.rows_loaded) == (2, 2)
    assert bench.types() == {
        "id": "BIGINT", "at": "TIMESTAMP", "on": "DATE", "amount": "DOUBLE", "code": "VARCHAR", "flag": "BOOLEAN",
        "worked": "VARCHAR", "note": "VARCHAR", "big": "DOUBLE",
    }  # fmt: skip
    assert bench.raw('id, "at", "on", amount, code, flag, worked, note, big') == [
        (1, moment, day.date(), 1.5, "007", True, "30:05:00", 'a "b",\nc', float(2**53 - 1)),
        (2, day, day.date(), 2.25, "08", False, "01:00:00", None, 1e300),
    ]


def test_errors_and_misfits_go_to_quarantine_with_sheet_row_and_cell(bench: Bench) -> None:
    xlsx(
        bench,
        [["id", "price"], [1, 2.5], [None, None], [2, "#DIV/0!"], ["x", 3], [4, "#N/A"], [5, None], [None, None]],
        first="B3",
    )
    source = orders("data/*.xlsx", columns={"id": {"type": "integer"}})
    staged = bench.load(source)
    assert (staged.rows_read, staged.rows_loaded, staged.rows_quarantined) == (5, 2, 3)
    assert bench.raw("id, price") == [(1, 2.5), (5, None)]
    assert bench.quarantined("line, column_name, value, reason, raw_text") == [
        (6, "price", None, "cell C6 of sheet 'Orders' holds the error #DIV/0!", "Orders!6: 2,#DIV/0!"),
        (7, "id", "x", '"x" is not a whole number', "Orders!7: x,3"),
        (8, "price", None, "cell C8 of sheet 'Orders' holds the error #N/A", "Orders!8: 4,#N/A"),
    ]
    assert bench.load(source.model_copy(update={"null_values": ("#N/A",)})).rows_quarantined == 2
    assert bench.raw("id, price") == [(1, 2.5), (4, None), (5, None)]


def test_sheet_range_and_header_rows_say_where_the_table_is(bench: Bench) -> None:
    xlsx(
        bench,
        [["not this"]],
        Sales=[
            ["Report", None, None, None, "side"],
            [None, "Paid", None, "Due", "note"],
            ["id", "net", "gross", "net", "of ours"],
            [1, 2, 3, 4, "x"],
            ["total", 2, 3, 4],
        ],
    )
    kept = {"sheet": "Sales", "range": "A2:D4", "header_rows": 2}
    bench.load(orders("data/*.xlsx", connector=kept))
    assert list(bench.types()) == ["id", "Paid net", "Paid gross", "Due net"]
    assert bench.raw("*")[0][:4] == (1, 2, 3, 4)
    with pytest.raises(DataError, match=r"Sheet 'Sales' of data/a.xlsx has two columns named 'net'"):
        bench.load(orders("data/*.xlsx", connector={"sheet": "Sales", "skip_rows": 2}))
    with pytest.raises(DataError, match=r"(?s)has no sheet 'sales'.*did you mean 'Sales'"):
        bench.load(orders("data/*.xlsx", connector={"sheet": "sales"}))


def test_a_contract_reads_days_as_cells_and_as_text(bench: Bench) -> None:
    xlsx(bench, [["on"], [dt.datetime(2024, 5, 1)], ["02/05/2024"], ["2024-05-03"]])
    bench.load(orders("data/*.xlsx", columns={"on": {"type": "date", "format": "%d/%m/%Y"}}))
    assert bench.raw('"on"') == [(dt.date(2024, 5, 1),), (dt.date(2024, 5, 2),)]
    assert bench.quarantined("line, value") == [(4, "2024-05-03")]


def test_old_excel_and_opendocument_load_as_well(bench: Bench) -> None:
    (bench.root / "data").mkdir()
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for row, (number, text) in enumerate([("id", "name"), (1, "a"), (2, None)]):
        sheet.write(row, 0, number)
        sheet.write(row, 1, text)
    sheet.row(3).set_cell_error(0, 0x2A)
    book.save(bench.root / "data/a.xls")
    cells = "".join(
        f'<table:table-row><table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        f"<table:table-cell {value}</table:table-row>"
        for text, value in [
            ("name", 'office:value-type="string"><text:p>id</text:p></table:table-cell>'),
            ("b", 'office:value-type="float" office:value="3"><text:p>3,0</text:p></table:table-cell>'),
        ]
    )
    with zipfile.ZipFile(bench.root / "data/b.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<x/>")
        sheet_text = f'<table:table table:name="T">{cells}</table:table></office:spreadsheet></office:body>'
        archive.writestr("content.xml", f"{ODS_HEAD}{sheet_text}</office:document-content>")
    staged = bench.load(orders("data/*"))
    assert (staged.rows_read, staged.rows_loaded, staged.rows_quarantined) == (4, 3, 1)
    assert bench.raw("id, name, _source_file") == [
        (1, "a", "data/a.xls"),
        (2, None, "data/a.xls"),
        (3, "b", "data/b.ods"),
    ]
    assert bench.quarantined("line, reason") == [(4, "cell A4 of sheet 'S' holds the error #N/A")]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"PK\x03\x04 cut", r"data/a\.xlsx cannot be read"), (b"no workbook", r"data/a\.xlsx cannot be read")],
)
def test_a_damaged_workbook_is_named(bench: Bench, content: bytes, message: str) -> None:
    bench.write("data/a.xlsx", content)
    with pytest.raises(DataError, match=message):
        bench.load(EXCEL)


def test_an_empty_sheet_and_one_without_rows(bench: Bench) -> None:
    xlsx(bench, [])
    with pytest.raises(DataError, match="Sheet 'Orders' of data/a.xlsx is empty: not even a header"):
        bench.load(EXCEL)
    xlsx(bench, [["id", None, "name"]])
    assert bench.load(EXCEL).notes == ("data/a.xlsx has no rows, only a header", "the table has no rows")
    assert list(bench.types()) == ["id", "column_2", "name"]


def test_columns_join_and_a_lost_one_is_named(bench: Bench) -> None:
    xlsx(bench, [["id"], [1]])
    bench.load(EXCEL)
    xlsx(bench, [["id", "v"], [1, 2.5]])
    assert "new column 'v' (DOUBLE)" in bench.load(EXCEL).notes
    xlsx(bench, [["v"], [2.5]])
    with pytest.raises(DataError, match="has lost column 'id'"):
        bench.load(EXCEL)
