"""Closed books: what was published of a closed period stays, and it is told what it would be, and why."""

from __future__ import annotations

import polars as pl

from tests.project import SALES_HEADER, Shop, csv, kpi, sales

CLOSED = "{through: 2024-01, by: Finance, note: accounts of January}"
LAST = "2024-W04"
"""The last week that ends in January; the fifth one ends in February."""
REFUSED = "SELECT period_label, segment, value, data_value, reason FROM kpi_refused WHERE kpi = '{}' ORDER BY ALL"
WEEKLY = "SELECT {} FROM kpi_value WHERE kpi = '{}' AND segment = 'all' AND period_label {} ORDER BY ALL"


def close(shop: Shop, freeze: str = CLOSED) -> None:
    shop.edit("definitions/project.yaml", "  publish:\n", f"  freeze: {freeze}\n  publish:\n")


def reopen(shop: Shop, freeze: str = CLOSED) -> None:
    shop.edit("definitions/project.yaml", f"  freeze: {freeze}\n", "")


def late_file(shop: Shop, *weeks: int) -> None:
    shop.write(f"data/sales/late_{weeks[0]}.csv", csv(SALES_HEADER, sales(weeks, first_invoice=500)))


def closed(shop: Shop, kpi: str = "weekly_revenue") -> pl.DataFrame:
    """All that is published of the closed weeks of a KPI."""
    return shop.ask(f"SELECT * FROM kpi_value WHERE kpi = '{kpi}' AND period_label <= '{LAST}' ORDER BY ALL")


def refused(shop: Shop, kpi: str = "weekly_revenue") -> list[tuple[object, ...]]:
    return shop.ask(REFUSED.format(kpi)).rows()


def loaded(shop: Shop) -> float:
    """The revenue of the last closed week, added up from the rows that were loaded."""
    days = "sold_at >= '2024-01-22' AND sold_at < '2024-01-29'"
    return float(shop.look(f"SELECT sum(quantity * price) FROM raw.sales WHERE {days}").item())


def weekly(shop: Shop, columns: str, which: str, kpi: str = "weekly_revenue") -> list[tuple[object, ...]]:
    return shop.ask(WEEKLY.format(columns, kpi, which)).rows()


def test_late_rows_move_open_periods_and_of_closed_ones_it_is_told_by_how_much_they_would(ran: Shop) -> None:
    before = closed(ran)
    [(was,)] = weekly(ran, "value", f"= '{LAST}'")
    close(ran)
    late_file(ran, 3, 4)
    report = ran.run()
    assert closed(ran).equals(before)
    total = loaded(ran)
    assert refused(ran)[0] == (LAST, "all", was, total, "late_data")
    assert [row[:2] for row in refused(ran)[1:]] == [(LAST, f"country={one}") for one in ("Chile", "France", "Spain")]
    # The week after is open: it moves, and is compared with what is published.
    [(value, previous, change)] = weekly(ran, "value, previous_value, change", "= '2024-W05'")
    assert (previous, change) == (was, value - was)
    measured = (
        "SELECT value FROM metric_value WHERE metric = 'revenue' AND period_label = '2024-W04' AND segment = 'all'"
    )
    assert ran.ask(measured).rows() == [(total,)]
    found = {one.asset: one for one in report.checks if one.check_name == "frozen"}
    assert {asset: (one.passed, one.severity) for asset, one in found.items()} == {
        "kpi/weekly_average_sale": (False, "warn"), "kpi/weekly_revenue": (False, "warn"),
        "kpi/weekly_tickets": (True, "warn"),
    }  # fmt: skip
    assert found["kpi/weekly_revenue"].observed == (
        "4 closed values stay as published, though the data says something else by now; "
        f"most of all {LAST} from €{was:.2f} to €{total:.2f} (+100\xa0%)"
    )
    assert "only what they are made of" in found["kpi/weekly_average_sale"].observed
    restated = "SELECT count(*) FROM kpi_value_history WHERE period_label <= '2024-W04' AND reason <> 'new'"
    assert ran.ask(restated).item() == 0
    hashes = ran.hashes()
    assert ran.run().status == "unchanged"
    ran.run(full=True)
    changed = {name for name, one in ran.hashes().items() if one != hashes[name]}
    assert changed <= {"snapshot", "run", "run_stage", "check_result"}


def test_nothing_that_changes_moves_a_closed_period(ran: Shop) -> None:
    before = {name: closed(ran, name) for name in ("weekly_revenue", "weekly_average_sale", "weekly_tickets")}
    close(ran)
    ran.edit("definitions/models.yaml", "quantity * price AS amount", "2 * quantity * price AS amount")
    ran.edit("data/targets.csv", "weekly_tickets,2024-01-01,,4", "weekly_tickets,2024-01-01,,3")
    ran.run()
    for name, rows in before.items():
        assert closed(ran, name).equals(rows)
    reasons = "SELECT DISTINCT kpi, reason FROM kpi_refused ORDER BY ALL"
    assert ran.ask(reasons).rows() == [
        ("weekly_average_sale", "definition_changed"), ("weekly_revenue", "definition_changed"),
        ("weekly_tickets", "target_changed"),
    ]  # fmt: skip
    aims = "SELECT DISTINCT target, data_target FROM kpi_refused WHERE kpi = 'weekly_tickets'"
    assert ran.ask(aims).rows() == [(4.0, 3.0)]
    # Back as it was: nothing would move any more, and the history of the open weeks has both.
    ran.edit("definitions/models.yaml", "2 * quantity * price AS amount", "quantity * price AS amount")
    ran.run()
    assert refused(ran) == []


def test_rows_that_go_leave_a_closed_period_as_it_was(ran: Shop) -> None:
    before = closed(ran, "weekly_tickets")
    close(ran)
    tickets = (ran.root / "data/tickets.csv").read_text().splitlines(keepends=True)
    ran.write("data/tickets.csv", "".join(line for line in tickets if "2024-01-0" not in line))
    ran.run()
    assert closed(ran, "weekly_tickets").equals(before)
    assert {row[4] for row in refused(ran, "weekly_tickets")} <= {"correction", "removed"}
    assert refused(ran, "weekly_tickets")


def test_a_period_that_is_opened_again_moves_for_the_reason_that_was_noticed(ran: Shop) -> None:
    close(ran)
    late_file(ran, 3)
    ran.run()
    noticed = ran.ask("SELECT DISTINCT noticed_at FROM kpi_refused").item()
    late_file(ran, 7)
    ran.run()
    assert ran.ask("SELECT DISTINCT noticed_at FROM kpi_refused").item() == noticed
    reopen(ran)
    ran.run()
    assert refused(ran) == []
    last = "SELECT DISTINCT period_label, reason FROM kpi_value_history WHERE recorded_at = "
    assert ran.ask(f"{last}(SELECT published_at FROM snapshot)").rows() == [(LAST, "late_data")]
    [(value,)] = weekly(ran, "value", f"= '{LAST}'")
    total = loaded(ran)
    assert value == total
    undisturbed = ran.hashes()
    ran.run(full=True)
    assert ran.hashes()["kpi_value"] == undisturbed["kpi_value"]


def test_what_was_never_published_of_a_closed_period_is_published_once(ran: Shop) -> None:
    close(ran)
    ran.edit(
        "definitions/kpis.yaml", "    direction: down\n", "    direction: down\n    breakdowns: [[], [priority]]\n"
    )
    ran.run()
    assert closed(ran, "weekly_tickets").filter(breakdown="priority").height > 0
    assert refused(ran, "weekly_tickets") == []
    before = closed(ran, "weekly_tickets")
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    ran.run()
    assert closed(ran, "weekly_tickets").equals(before)
    assert {row[0] for row in refused(ran, "weekly_tickets")} == {"2024-W01", "2024-W02"}


def test_a_kpi_may_close_its_own_books_or_be_no_part_of_them(ran: Shop) -> None:
    close(ran)
    own = "grain: week\n    freeze: {through: %s}\n    target: {type: at_%s"
    ran.edit("definitions/kpis.yaml", "grain: week\n    target: {type: at_most", own % ("never", "most"))
    ran.edit("definitions/kpis.yaml", "grain: week\n    target: {type: at_least", own % ("2024-W08", "least"))
    late_file(ran, 3, 6)
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    checks = {one.asset for one in ran.run().checks if one.check_name == "frozen"}
    assert checks == {"kpi/weekly_revenue", "kpi/weekly_average_sale"}
    assert {row[0] for row in refused(ran, "weekly_revenue")} == {LAST}
    assert {row[0] for row in refused(ran, "weekly_average_sale")} == {LAST, "2024-W07"}
    assert refused(ran, "weekly_tickets") == []
    assert weekly(ran, "value", "= '2024-W01'", "weekly_tickets") == [(1.0,)]
    through = "SELECT kpi, frozen_through::VARCHAR FROM kpi ORDER BY kpi"
    assert ran.ask(through).rows() == [
        ("weekly_average_sale", "2024-02-25"), ("weekly_revenue", "2024-01-31"), ("weekly_tickets", None),
    ]  # fmt: skip


def test_a_renamed_kpi_stays_closed(ran: Shop) -> None:
    close(ran)
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    ran.run()
    before, noticed = closed(ran, "weekly_tickets"), refused(ran, "weekly_tickets")
    ran.edit("definitions/kpis.yaml", "name: weekly_tickets", "name: tickets_a_week\n    formerly: [weekly_tickets]")
    targets = (ran.root / "data/targets.csv").read_text()
    ran.write("data/targets.csv", targets.replace("weekly_tickets", "tickets_a_week"))
    ran.run()
    assert closed(ran, "tickets_a_week").drop("kpi").equals(before.drop("kpi"))
    assert refused(ran, "tickets_a_week") == noticed != []


def test_groups_too_small_to_be_shown_by_now_are_hidden_in_closed_periods_too(ran: Shop) -> None:
    close(ran)
    ran.edit("definitions/project.yaml", "  publish:\n", "  min_group_size: 3\n  publish:\n")
    ran.run()
    rows = "SELECT value, sample_size FROM kpi_value WHERE period_label <= '2024-W04'"
    hidden = "count(*) FILTER (value IS NULL AND sample_size IS NULL), count(*) FILTER (sample_size IN (1, 2))"
    [(gone, small)] = ran.ask(f"SELECT {hidden} FROM ({rows})").rows()
    assert gone > 0
    assert small == 0


def test_what_is_noticed_of_a_kpi_stays_while_it_is_not_computed(ran: Shop) -> None:
    close(ran)
    late_file(ran, 3)
    ran.run()
    noticed, before = refused(ran), closed(ran)
    late_file(ran, 2)
    ran.run(select=["weekly_tickets"])
    assert refused(ran) == noticed
    country = "    breakdowns: [[], [country]]\n"
    check = "    checks: [{type: change_within, max: 1%, severity: error, name: steady}]\n"
    ran.edit("definitions/kpis.yaml", country, country + check)
    assert "kpi/weekly_revenue" in ran.run().blocked
    assert refused(ran) == noticed
    assert closed(ran).equals(before)
    ran.edit("definitions/kpis.yaml", check, "")
    ran.run()
    assert {row[0] for row in refused(ran)} == {"2024-W03", LAST}


def test_kpi_frozen_says_what_is_closed_and_what_would_move(ran: Shop) -> None:
    where = ("--project", str(ran.root))
    assert "Nothing is closed" in kpi("frozen", *where).out
    close(ran)
    ran.run()
    said = kpi("frozen", "--fail", *where)
    assert said.code == 0
    assert "Closed through 2024-01-31 (Finance, accounts of January): all KPIs" in said.out
    assert "Every closed value is what the data says." in said.out
    late_file(ran, 3)
    ran.run()
    said = kpi("frozen", "--fail", *where)
    assert said.code == 1
    assert "5 closed values stay as published" in said.out
    assert "€482.00" in said.out
    assert "€964.00" in said.out
    assert "+100.0 %" in said.out
    assert "rows came late; only what it is made of" in said.out
    assert "through 2024-01-31; Finance; accounts of January" in kpi("show", "weekly_revenue", *where).out
    assert "did you mean 'weekly_revenue'?" in kpi("frozen", "weekly_revenu", *where).err
    page = (ran.root / "out/scorecard/kpi/weekly_revenue.html").read_text()
    assert "Closed through 31\xa0January 2024" in page
