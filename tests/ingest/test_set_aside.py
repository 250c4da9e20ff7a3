"""Checks with `severity: quarantine`: the rows that fail them are set aside with their reason, the others are loaded."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.models import Model
from kpi_pipeline.sources import Source
from tests.ingest.conftest import Bench, orders

ROWS = """id,customer,price,kind,mail
1,c1,5,x,a@b
2,,6,x,a@b
3,c1,-5,x,a@b
1,c2,7,y,a@b
4,c1,abc,x,a@b
5,c4,9,z,a@b
6,c9,9,x,a@b
7,c1,,,
,c1,1,x,
,c2,1,x,nobody
8,c2,0,y,a@b
"""
CHECKS: list[dict[str, Any]] = [
    {"type": "not_null", "columns": ["customer"]},
    {"type": "accepted_range", "column": "price", "min": 0, "name": "price ok"},
    {"type": "unique", "columns": ["id"]},
    {"type": "accepted_values", "column": "kind", "values": ["x", "y"]},
    {"type": "matches", "column": "mail", "pattern": "@", "filter": "customer <> 'c1'"},
    {"type": "relationships", "column": "customer", "to": "customers", "field": "code"},
]
CUSTOMERS = Source.model_validate({"name": "customers", "connector": {"type": "file", "path": "customers.csv"}})


def checked(*checks: dict[str, Any], **rest: Any) -> Source:
    rest = {"load": {"mode": "append"}, "columns": {"price": {"type": "decimal"}}, **rest}
    return orders(checks=[{"severity": "quarantine", **one} for one in checks], **rest)


def test_each_row_is_loaded_or_set_aside_with_its_reason(bench: Bench) -> None:
    bench.write("customers.csv", "code\nc1\nc2\nc4\n")
    bench.load(CUSTOMERS)
    bench.write("data/a.csv", ROWS)
    staged = bench.load(checked(*CHECKS))
    assert (staged.rows_read, staged.rows_loaded, staged.rows_quarantined) == (11, 4, 7)
    fits = bench.warehouse.rows(f"""
        SELECT CAST(id AS BIGINT), customer, TRY_CAST(price AS DECIMAL(18, 4)) FROM (
            SELECT *, row_number() OVER () AS place FROM read_csv('{bench.root}/data/a.csv', all_varchar = true)) AS o
        WHERE customer IN ('c1', 'c2', 'c4') AND (price IS NULL OR TRY_CAST(price AS DOUBLE) >= 0)
            AND (kind IS NULL OR kind = 'x' OR kind = 'y') AND (customer = 'c1' OR mail IS NULL OR mail LIKE '%@%')
            AND NOT (id = '1' AND customer = 'c2') ORDER BY ALL""")
    assert bench.raw("id, customer, price") == fits
    assert bench.quarantined("line, column_name, value, reason, check_name") == [
        (3, "customer", None, "'customer' has no value", "not_null"),
        (4, "price", "-5", '"-5" is not at least 0', "price_ok"),
        (5, "id", "1", "an earlier row has the same 'id'", "unique"),
        (6, "price", "abc", '"abc" is not an amount with at most four places', None),
        (7, "kind", "z", '"z" is not one of x, y', "accepted_values"),
        (8, "customer", "c9", "\"c9\" is not found in 'code' of customers", "relationships"),
        (11, "mail", "nobody", '"nobody" does not match @', "matches"),
    ]
    assert staged.set_aside == dict.fromkeys(
        ("not_null", "price_ok", "unique", "accepted_values", "relationships", "matches"), 1
    )
    assert bench.warehouse.rows("SELECT rows_read, rows_loaded, rows_quarantined, how FROM state.source_load") == [
        (3, 3, 0, "load"), (11, 4, 7, "load"),
    ]  # fmt: skip


def test_a_key_is_known_across_files_and_of_several_columns_missing_ones_are_alike(bench: Bench) -> None:
    source = checked({"type": "unique", "columns": ["id", "part"]}, columns={})
    bench.write("data/a.csv", "id,part\n1,a\n1,b\n1,\n1,\n")
    bench.load(source)
    bench.write("data/b.csv", "id,part\n1,a\n2,a\n1,\n")
    bench.load(source)
    aside = [("data/a.csv", 5), ("data/b.csv", 2), ("data/b.csv", 4)]
    assert sorted(bench.quarantined("_source_file, line")) == aside
    assert bench.raw("id, part, _source_file") == [
        (1, "a", "data/a.csv"), (1, "b", "data/a.csv"), (1, None, "data/a.csv"), (2, "a", "data/b.csv"),
    ]  # fmt: skip
    before = bench.raw("id, part, _source_file")
    bench.load(source, full=True)
    assert (bench.raw("id, part, _source_file"), sorted(bench.quarantined("_source_file, line"))) == (before, aside)


@pytest.mark.parametrize("mode", ["append", "full"])
def test_the_first_row_of_a_key_is_the_same_whatever_order_files_came_in(bench: Bench, mode: str) -> None:
    source = checked({"type": "unique", "columns": ["id"]}, columns={}, load={"mode": mode})

    def loaded() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        return bench.raw("id, part, _source_file"), sorted(bench.quarantined("_source_file, line"))

    def same_from_the_start() -> None:
        bench.load(source)
        before = loaded()
        bench.load(source, full=True)
        assert loaded() == before

    bench.write("data/b.csv", "id,part\n1,b\n2,b\n")
    bench.load(source)
    bench.write("data/a.csv", "id,part\n1,a\n")  # a late file that sorts first
    same_from_the_start()
    assert loaded() == ([(1, "a", "data/a.csv"), (2, "b", "data/b.csv")], [("data/b.csv", 2)])
    bench.write("data/a.csv", "id,part\n2,a\n3,a\n")  # corrected: it has another key now
    same_from_the_start()
    assert loaded()[1] == [("data/b.csv", 3)]
    bench.write("data/c.csv", "id,part\n3,c\n4,c\n")  # as every day: it sorts last, and nothing is read again
    assert bench.load(source).files_read == ("data/c.csv",)
    if mode == "full":
        (bench.root / "data/a.csv").unlink()
        same_from_the_start()
        assert loaded()[1] == []


def test_another_check_reads_the_rows_again_and_other_words_do_not(bench: Bench) -> None:
    bench.write("data/a.csv", "id,price\n1,5\n2,-1\n")
    bench.load(checked({"type": "accepted_range", "column": "price", "min": 0}))
    assert bench.raw("id") == [(1,)]
    assert not bench.load(checked({"type": "accepted_range", "column": "price", "min": 0, "tolerate": "5%"})).changed
    assert bench.load(checked({"type": "accepted_range", "column": "price", "min": -5})).changed
    assert (bench.raw("id"), bench.quarantined("line")) == ([(1,), (2,)], [])


def test_a_filter_of_other_types_is_refused_by_its_place_and_one_that_cannot_be_computed_sets_nothing_aside(
    bench: Bench,
) -> None:
    bench.write("data/a.csv", "id,n\n1,x\n2,\n")
    with pytest.raises(DefinitionError, match="Check 'not_null' of source 'orders' cannot be put to its rows"):
        bench.load(checked({"type": "not_null", "columns": ["n"], "filter": "len(id) > 0"}, columns={}))
    staged = bench.load(checked({"type": "not_null", "columns": ["n"], "filter": "CAST(n AS INT) > 0"}, columns={}))
    assert staged.rows_loaded == 2


def test_a_merge_of_rows_goes_by_what_fits(bench: Bench) -> None:
    """A newer row that fails its check does not take the place of one that passed; files say only what is new."""
    source = checked({"type": "accepted_range", "column": "price", "min": 0}, load={"mode": "merge", "key": ["id"]})
    bench.write("data/a.csv", "id,price\n1,5\n2,6\n")
    bench.load(source)
    bench.write("data/b.csv", "id,price\n1,-1\n2,7\n")
    bench.load(source)
    assert [(number, float(price)) for number, price in bench.raw("id, price")] == [(1, 5.0), (2, 7.0)]
    assert bench.quarantined("line, row_key, status") == [(2, '{"id":"1"}', "open")]


def test_personal_values_are_not_shown_and_their_rows_not_kept(bench: Bench) -> None:
    bench.write("data/a.csv", "id,mail\n1,a@b\n2,Maureen\n")
    bench.load(checked({"type": "matches", "column": "mail", "pattern": "@"}, columns={}, personal=["mail"]))
    assert bench.quarantined("line, value, reason, raw_text, fields") == [
        (3, "•••", '"•••" does not match @', None, None)
    ]


@pytest.mark.parametrize(
    ("kind", "definition", "words"),
    [
        (Source, {"checks": [{"type": "row_count", "min": 1, "severity": "quarantine"}]}, "not of single rows"),
        (
            Source,
            {"checks": [{"type": "matches", "column": "id", "pattern": "(?=x)", "severity": "quarantine"}]},
            "cannot be read: .*look-around",
        ),
        (
            Source,
            {
                "load": {"mode": "merge", "key": ["id"]},
                "checks": [{"type": "unique", "columns": ["mail"], "severity": "quarantine"}],
            },
            "name the columns in 'key'",
        ),
        (
            Model,
            {"table": "orders", "checks": [{"type": "not_null", "columns": ["id"], "severity": "quarantine"}]},
            "is for sources",
        ),
    ],
)
def test_checks_that_cannot_set_rows_aside_are_refused(kind: Any, definition: dict[str, Any], words: str) -> None:
    connector = {"connector": {"type": "file", "path": "x.csv"}} if kind is Source else {}
    with pytest.raises(ValidationError, match=words):
        kind.model_validate({"name": "orders", **connector, **definition})
