"""Files that are missing, empty, broken or other than they were: one message, and what was there before stays."""

from __future__ import annotations

from tests.project import SALES_HEADER, Shop, csv, sales


def test_missing_file(ran: Shop) -> None:
    (ran.root / "data/tickets.csv").rename(ran.root / "data/ticket.csv")
    with ran.nothing_lost():
        ran.kpi("run").refuses(3, "'tickets'", "data/tickets.csv", "ticket.csv")


def test_missing_file_before_the_first_run(shop: Shop) -> None:
    (shop.root / "data/tickets.csv").unlink()
    shop.kpi("run").refuses(3, "'tickets'", "data/tickets.csv")
    assert not shop.published.exists()


def test_empty_file(ran: Shop) -> None:
    ran.write("data/tickets.csv", "")
    with ran.nothing_lost():
        ran.kpi("run").refuses(3, "'tickets'", "data/tickets.csv", "empty")


def test_file_with_only_a_header(ran: Shop) -> None:
    ran.write("data/tickets.csv", "ticket,opened_at,priority,hours\n")
    with ran.nothing_lost():
        ran.kpi("run").refuses(3, "'tickets'", "no rows", "allow_empty")


def test_file_written_another_way_is_not_let_in(ran: Shop) -> None:
    """An export that begins to write its numbers another way would otherwise empty every KPI on it."""
    with ran.nothing_lost():
        rows = [",".join([*row.split(",")[:4], "two", "3.00"]) for row in sales(range(12), first_invoice=100)]
        ran.write("data/sales/first.csv", csv(SALES_HEADER, rows))
        ran.kpi("run").refuses(3, "data/sales/first.csv", "do not fit what source 'sales' says", "nothing was loaded")


def test_broken_line_goes_to_quarantine_and_the_rest_counts(ran: Shop) -> None:
    whole = ran.values("weekly_revenue")
    good = sales(range(10), first_invoice=100)
    ran.write(
        "data/sales/second.csv", csv(SALES_HEADER, [*good[:3], "I9999,c1,2024-01-03", *good[3:], *_not_a_number()])
    )
    report = ran.run()
    (asset,) = (one for one in report.assets if one.asset == "raw/sales")
    assert asset.quarantined == 2
    rows = ran.look("SELECT _source_file, line, reason FROM quarantine.sales ORDER BY line").rows()
    assert [row[:2] for row in rows] == [("data/sales/second.csv", 5), ("data/sales/second.csv", 63)]
    assert "values" in rows[0][2]
    assert "is not a whole number" in rows[1][2]
    assert ran.look("SELECT count(*) FROM raw.sales").item() == 120
    read, quarantined = ran.look("SELECT rows_read, rows_quarantined FROM state.run ORDER BY rowid DESC LIMIT 1").row(0)
    assert (read, quarantined) == (62, 2)
    assert ran.values("weekly_revenue") == {week: 2 * value for week, value in whole.items()}


def test_quarantine_is_said_and_masks_personal_values(ran: Shop) -> None:
    ran.write("data/sales/second.csv", csv(SALES_HEADER, _not_a_number()))
    said = ran.kpi("run")
    assert said.code == 0
    assert "quarantine" in said.err
    assert "data/sales/second.csv" in said.err
    assert "secret_customer" not in said.err + said.out
    assert "secret_customer" not in str(ran.look("SELECT * FROM quarantine.sales").rows())


def test_column_that_vanished(ran: Shop) -> None:
    lines = [line.rsplit(",", 1)[0] for line in csv(SALES_HEADER, sales([10])).splitlines()]
    ran.write("data/sales/second.csv", "\n".join(lines))
    with ran.nothing_lost():
        ran.kpi("run").refuses(3, "data/sales/second.csv", "'price'", "'sales'")


def test_column_that_changed_type(ran: Shop) -> None:
    rows = ["T1,2024-01-01 09:00:00,high,three", "T2,2024-01-02 09:00:00,low,four"]
    ran.write("data/tickets.csv", csv("ticket,opened_at,priority,hours", rows))
    with ran.nothing_lost():
        ran.kpi("run").refuses(3, "data/tickets.csv", "'hours'", "'tickets'")


def test_mended_file_repairs_the_next_run(ran: Shop) -> None:
    good = (ran.root / "data/tickets.csv").read_text()
    ran.write("data/tickets.csv", "")
    assert ran.kpi("run").code == 3
    ran.write("data/tickets.csv", good.replace("high", "low"))
    assert ran.run().status == "published"
    assert set(ran.look("SELECT DISTINCT priority FROM raw.tickets").to_series()) == {"low"}


def _not_a_number() -> list[str]:
    return ["I9998,secret_customer,2024-01-03 10:00:00,France,many,3.00"]
