"""New rows reach only the days they are of: partial results of other days stay as they were made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from sqlglot import expressions as exp

from kpi_pipeline.store.warehouse import Warehouse
from tests.project import SALES_HEADER, Shop, csv, sales


@pytest.fixture
def deleted(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[object, ...]]]:
    """The days of partial results that a run removes, by table."""
    seen: dict[str, list[tuple[object, ...]]] = {}
    honest = Warehouse.run

    def watching(self: Warehouse, statement: exp.Expression | str, parameters: Sequence[object] = ()) -> None:
        if isinstance(statement, str) and statement.startswith('DELETE FROM "partial"'):
            name, days = statement.split('"')[3], tuple(parameters)
            about, days = (str(days[0]), days[1:]) if name == "answer" else (name, days)
            if days:
                seen.setdefault(about, []).append(days)
        honest(self, statement, parameters)

    monkeypatch.setattr(Warehouse, "run", watching)
    return seen


def test_appended_rows_reduce_only_their_days(ran: Shop, deleted: dict[str, list[tuple[object, ...]]]) -> None:
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([9], first_invoice=500)))
    made = ran.look("SELECT reduction, row_count, made_at FROM state.reduction ORDER BY 1").rows()
    assert ran.run().status == "published"
    assert deleted
    assert all(name.startswith("sale__") for name in deleted)
    assert {days for found in deleted.values() for days in found} == {(date(2024, 3, 3), date(2024, 3, 10))}
    after = ran.look("SELECT reduction, row_count, made_at FROM state.reduction ORDER BY 1").rows()
    tickets = [row for row in made if row[0].startswith("ticket__")]
    assert [row for row in after if row[0].startswith("ticket__")] == tickets
    incremental = ran.hashes()
    ran.run(full=True)
    assert ran.hashes() == incremental


def test_late_rows_change_the_past(ran: Shop, deleted: dict[str, list[tuple[object, ...]]]) -> None:
    before = ran.values("weekly_revenue")
    ran.write("data/sales/late.csv", csv(SALES_HEADER, ["L1,c1,2024-01-10 10:00:00,France,1,100.00"]))
    ran.run()
    assert {days for found in deleted.values() for days in found} == {(date(2024, 1, 9), date(2024, 1, 12))}
    week = date(2024, 1, 8)
    assert ran.values("weekly_revenue") == before | {week: before[week] + 100}


def test_corrected_file_replaces_its_own_rows(ran: Shop) -> None:
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([9], first_invoice=500)))
    ran.run()
    once = ran.values("weekly_revenue")
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([8], first_invoice=500)))
    ran.run()
    corrected = ran.hashes()
    assert ran.values("weekly_revenue") != once
    ran.run(full=True)
    assert ran.hashes() == corrected


def test_model_that_looks_at_several_rows_is_reduced_as_a_whole(
    ran: Shop, deleted: dict[str, list[tuple[object, ...]]]
) -> None:
    ran.edit(
        "definitions/models.yaml",
        "      FROM raw.sales\n",
        "      FROM raw.sales QUALIFY row_number() OVER (PARTITION BY invoice ORDER BY sold_at) = 1\n",
    )
    ran.run()
    deleted.clear()
    ran.write("data/sales/second.csv", csv(SALES_HEADER, ["I0000,c1,2024-03-05 10:00:00,France,1,100.00"]))
    assert ran.run().status == "published"
    assert deleted == {}
    incremental = ran.hashes()
    ran.run(full=True)
    assert ran.hashes() == incremental
