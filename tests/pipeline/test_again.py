"""Running again: nothing is computed where nothing changed, and everything that changed is."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kpi_pipeline.pipeline.watch import Quiet
from kpi_pipeline.store import Warehouse
from tests.project import NOW, SALES_HEADER, Shop, csv, sales

ROOT = Path(__file__).parents[2]
module = importlib.import_module("kpi_pipeline.pipeline.run")


class Unplugged(Quiet):
    """Looks on, and fails once the new tables are in the warehouse and readers do not have them yet."""

    def step(self, what: str) -> None:
        if what == "warehouse":
            raise OSError("unplugged")


def test_idle_run_computes_nothing(ran: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_arguments: object, **_options: object) -> None:
        raise AssertionError("nothing changed, so nothing is to be computed")

    for name in ("make_models", "reduce_models", "derived_with_parts", "judge", "show", "load_sources"):
        monkeypatch.setattr(module, name, never)
    with ran.nothing_lost():
        report = ran.run()
    assert report.status == "unchanged"
    assert report.computed == frozenset()
    assert report.published["tables"] == ran.published
    assert report.kpi_values.height == ran.ask("SELECT count(*) FROM kpi_value").item()


def test_idle_run_says_so_and_imports_no_checks(ran: Shop) -> None:
    code = (
        "import sys; from kpi_pipeline.cli import main; sys.argv = ['kpi', 'run', '-C', sys.argv[1]]\n"
        "try: main()\n"
        "except SystemExit as left: assert left.code == 0, left.code\n"
        "heavy = {'great_expectations', 'pandas', 'dagster', 'sqlalchemy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(ran.root)],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Nothing changed since the last run" in done.stdout


def test_idle_run_tells_of_files_that_went(ran: Shop) -> None:
    """Nothing changes, since its rows stay; whoever deleted the file should know that it still counts."""
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([3], first_invoice=500)))
    ran.run()
    (ran.root / "data/sales/first.csv").unlink()
    with ran.nothing_lost():
        report = ran.run()
        assert report.status == "unchanged"
        assert "raw/sales: data/sales/first.csv is no longer there; what it held stays" in ran.kpi("run").err
    assert "no longer there" in report.assets[0].notes[0]


def test_report_is_a_line(ran: Shop) -> None:
    assert repr(ran.run()).endswith("s: 0 KPIs computed, 0 checks failed)")


def test_idle_run_leaves_no_trace_among_the_runs(ran: Shop) -> None:
    runs = "SELECT * EXCLUDE (looked_at) FROM state.run"
    before = ran.look(runs).rows()
    ran.run()
    assert ran.look(runs).rows() == before
    assert ran.look("SELECT looked_at FROM state.run").item() == NOW


def test_that_nothing_had_changed_is_said_until_something_is_published(ran: Shop) -> None:
    ran.run()
    assert ran.load().status().looked_at == NOW
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    ran.run()
    assert ran.load().status().looked_at is None
    assert "nothing had changed" not in ran.kpi("status").out


def test_run_that_waited_looked_when_its_turn_came(ran: Shop) -> None:
    other = Warehouse.open(ran.warehouse)
    came: list[datetime] = []

    class Impatient(Quiet):
        def note(self, text: str) -> None:
            other.close()
            came.append(datetime.now(UTC))

    assert ran.run(wait=60, now=None, watch=Impatient()).status == "unchanged"
    looked = ran.load().status().looked_at
    assert looked is not None
    assert looked >= came[0]


def test_changed_definition_is_computed(ran: Shop) -> None:
    before = ran.values("weekly_average_sale")
    ran.edit("definitions/models.yaml", "quantity * price AS", "2 * quantity * price AS")
    assert ran.run().status == "published"
    assert ran.values("weekly_average_sale") == {week: 2 * value for week, value in before.items()}


def test_changed_word_reaches_the_tables(ran: Shop) -> None:
    ran.edit("definitions/kpis.yaml", "Sell for 1500 EUR a week", "Sell for 1600 EUR a week")
    assert ran.run().status == "published"
    assert ran.ask("SELECT statement FROM goal WHERE goal = 'grow'").item() == "Sell for 1600 EUR a week"


def test_changed_target_is_judged_anew(ran: Shop) -> None:
    ran.edit("definitions/kpis.yaml", "value: 1500}", "value: 400}")
    ran.run()
    assert set(
        ran.ask("SELECT DISTINCT target FROM kpi_value WHERE kpi = 'weekly_revenue' AND segment = 'all'").to_series()
    ) == {400}


def test_touched_file_with_the_same_content_changes_nothing(ran: Shop) -> None:
    path = ran.root / "data/tickets.csv"
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 100))
    assert ran.run().status == "unchanged"


def test_changed_file_is_computed(ran: Shop) -> None:
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    assert ran.run().status == "published"
    assert list(ran.values("weekly_tickets").values())[:2] == [1, 4]


def test_full_run_gives_the_same_tables(ran: Shop) -> None:
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([3, 9, 10], first_invoice=500)))
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    ran.run()
    incremental = ran.hashes()
    assert ran.run(full=True).status == "published"
    assert ran.hashes() == incremental


def test_failed_run_is_not_mistaken_for_a_good_one(ran: Shop) -> None:
    """What the last good run rested on is back, but a run in between changed tables and failed."""
    before = ran.hashes()
    ran.edit("definitions/models.yaml", "quantity * price AS", "2 * quantity * price AS")
    with pytest.raises(OSError, match="unplugged"):
        ran.run(watch=Unplugged())
    assert ran.hashes() == before
    ran.edit("definitions/models.yaml", "2 * quantity * price AS", "quantity * price AS")
    assert ran.run().status == "published"
    assert ran.hashes() == before
    assert ran.ask("SELECT status FROM run").to_series().to_list().count("failed") == 1


def test_next_day_is_computed_where_today_counts(shop: Shop) -> None:
    shop.edit("definitions/project.yaml", "as_of: data", "as_of: now")
    assert shop.run().status == "published"
    assert shop.run(now=NOW + timedelta(hours=3)).status == "unchanged"
    assert shop.run(now=NOW + timedelta(days=1)).status == "published"


def test_all_days_since_one_are_computed_again(ran: Shop) -> None:
    before = ran.hashes()
    report = ran.run(since=NOW.date() - timedelta(days=20))
    assert report.status == "published"
    assert ran.hashes() == before
