"""How many earlier snapshots stay is said in the settings."""

from __future__ import annotations

from kpi_pipeline.publish import kept_snapshots
from tests.project import Shop


def test_runs_keep_as_many_as_the_settings_say(ran: Shop) -> None:
    ran.edit("definitions/project.yaml", "    parquet: out/parquet\n", "    parquet: out/parquet\n    keep: 2\n")
    runs = [ran.run(full=True).run_id for _ in range(2)]
    assert set(kept_snapshots(ran.published).values()) == set(runs)
    assert {path.name for path in (ran.root / "out" / "parquet").iterdir()} == {*runs, "latest"}

    ran.edit("definitions/project.yaml", "keep: 2", "keep: 1\n    keep_for: 3 hours")
    said = ran.kpi("check")
    assert said.code == 2
    assert "definitions/project.yaml:10:11  Project 'shop': 'publish.keep' is '1'; it must be at least 2." in said.err
    assert (
        "definitions/project.yaml:11:15  Project 'shop': 'publish.keep_for': '3 hours' is no number of days" in said.err
    )
