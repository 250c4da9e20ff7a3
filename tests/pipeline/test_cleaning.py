"""What is no longer wanted leaves the warehouse: at the end of a run, and with `kpi clean`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.project import NOW, Shop


def _tables(shop: Shop, *schemas: str) -> set[str]:
    listed = ", ".join(f"'{one}'" for one in schemas)
    rows = shop.look(
        f"SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema IN ({listed})"
    )
    return set(rows.to_series())


def test_a_run_forgets_what_was_kept_long_enough_and_what_is_not_defined(tmp_path: Path) -> None:
    shop = Shop.opened_in(tmp_path)
    shop.edit("definitions/project.yaml", "  as_of: data\n", "  as_of: data\n  retention: {runs: 10 days}\n")
    first = shop.run().run_id
    there = _tables(shop, "model", "partial")
    assert "model.ticket" in there
    for name, old in (
        ("models", ("  - name: ticket\n    sql: SELECT ticket, opened_at, priority, hours FROM raw.tickets\n"
                   "    agg_time_dimension: opened_at\n    dimensions: [priority]\n")),
        ("metrics", "  - {name: tickets, type: simple, model: ticket, agg: count, unit: count}\n"),
    ):  # fmt: skip
        shop.edit(f"definitions/{name}.yaml", old, "")
    text = (shop.root / "definitions/kpis.yaml").read_text()
    start = text.index("  - name: weekly_tickets")
    shop.write("definitions/kpis.yaml", text[:start].replace(", agreed_by: [commercial]", ""))
    shop.edit("data/targets.csv", "weekly_tickets,2024-01-01,,4\n", "")
    second = shop.run(now=NOW + timedelta(days=11)).run_id
    now = _tables(shop, "model", "partial")
    assert now == {one for one in there if "ticket" not in one}
    assert "raw.tickets" in _tables(shop, "raw")  # rows may be all there is of a source
    assert set(shop.look("SELECT run_id FROM state.run").to_series()) == {second}
    assert set(shop.look("SELECT run_id FROM state.run_stage").to_series()) == {second}
    assert first != second
    assert shop.run(now=NOW + timedelta(days=30)).status == "unchanged"
    assert set(shop.look("SELECT run_id FROM state.run").to_series()) == {second}  # what is published stays known


def test_clean_removes_rows_only_when_told_and_gives_room_back(tmp_path: Path) -> None:
    shop = Shop.opened_in(tmp_path)
    shop.run()
    before = shop.hashes()
    shop.edit(
        "definitions/sources.yaml",
        "  - name: targets\n",
        "  - name: unused\n    connector: {type: file, path: data/targets.csv}\n  - name: targets\n",
    )
    assert "removed" not in shop.kpi("clean").out
    with_unused = shop.load().project
    from kpi_pipeline.pipeline.load_tables import load_tables

    load_tables(with_unused, sources=["unused"])
    shop.edit("definitions/sources.yaml", "  - name: unused\n    connector: {type: file, path: data/targets.csv}\n", "")
    kept = shop.kpi("clean")
    assert "No longer defined, and kept: quarantine.unused, raw.unused" in kept.out
    size = shop.warehouse.stat().st_size
    gone = shop.kpi("clean", "--raw")
    assert "removed raw.unused" in gone.out
    assert "raw.unused" not in _tables(shop, "raw")
    assert shop.look("SELECT * FROM state.source_state WHERE source = 'unused'").is_empty()
    assert shop.warehouse.stat().st_size <= size
    assert shop.run().status == "unchanged"
    shop.run(full=True)
    assert shop.hashes() == before
