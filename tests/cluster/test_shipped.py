"""The shipped project with its rows in a lakehouse: what it publishes is what it publishes from files.

One of Spark's two workers is killed while the rows are reduced; another one takes its place.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal

from benchmarks.cluster.servers import PATIENCE
from kpi_pipeline import load_project
from kpi_pipeline.api import LoadedProject
from kpi_pipeline.ingest.staged import LINEAGE
from kpi_pipeline.store.published import Published
from tests.cluster import servers
from tests.cluster.servers import processes
from tests.cluster.test_lost import At
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("shipped")
LARGE = ("invoice_lines", "incident_events")
ABOUT_LOADING = ("columns", "null_values", "on_schema_change")
TABLES = ("kpi_value", "metric_value", "kpi_projection", "goal_score", "kpi_driver", "kpi_evidence", "kpi_indicator")


def test_on_sail(shipped: LoadedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _in_a_lakehouse(shipped.project.root, tmp_path / "there")
    (tmp_path / "server").mkdir()
    with servers.sail(tmp_path / "server") as remote:
        _compare(shipped, tmp_path / "there", remote, monkeypatch)


def test_on_spark_with_a_worker_killed(shipped: LoadedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _in_a_lakehouse(shipped.project.root, tmp_path / "there")
    (tmp_path / "server").mkdir()
    with servers.spark(tmp_path / "server", servers.LONG) as remote:
        before = _two_workers(remote)
        _compare(shipped, tmp_path / "there", remote, monkeypatch, lambda: os.kill(before[0], signal.SIGKILL))
        after = _workers(remote)
        assert before[0] not in after
        assert before[1] in after


def _compare(
    shipped: LoadedProject,
    there: Path,
    remote: str,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    monkeypatch.setenv("SPARK_REMOTE", remote)
    report = load_project(there / "definitions").run(watch=At("reduce", meanwhile))
    assert report.status == "published"
    for table in TABLES:
        found, wanted = (
            _published(root / "data/published/kpi.duckdb", table) for root in (there, shipped.project.root)
        )
        # NOTE: where a percentile lies between two values, engines round the last bit otherwise.
        assert_frame_equal(found, wanted, rel_tol=1e-12, abs_tol=1e-12)


def _in_a_lakehouse(loaded: Path, root: Path) -> None:
    """A copy of the project whose large sources are folders of Parquet files, with the rows that were loaded."""
    for folder in ("definitions", "reviews", "data/targets"):
        shutil.copytree(ROOT / folder, root / folder)
    with duckdb.connect(str(loaded / "data/warehouse.duckdb"), read_only=True) as warehouse:
        for name in LARGE:
            (root / "lake" / name).mkdir(parents=True)
            rows = warehouse.sql(f"SELECT * EXCLUDE ({', '.join(LINEAGE)}) FROM raw.{name}")
            rows.write_parquet(str(root / "lake" / name / "rows.parquet"))
    for file in (root / "definitions").rglob("*.yaml"):
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
        for source in written.get("sources", ()):
            if source["name"] in LARGE:
                source["connector"] = {"type": "lakehouse", "path": f"lake/{source['name']}"}
                source["load"] = {"cursor": source["load"]["cursor"]}
                for key in ABOUT_LOADING:
                    source.pop(key, None)
        for model in written.get("models", ()):
            model.pop("materialized", None)
        if "project" in written:
            written["project"]["engine"] = {"type": "spark", "remote": "${SPARK_REMOTE}"}
        file.write_text(yaml.safe_dump(written, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _two_workers(remote: str) -> list[int]:
    """Both workers, which begin after the server listens."""
    began = time.monotonic()
    while len(found := _workers(remote)) < 2:
        assert time.monotonic() - began < PATIENCE, "Spark's workers did not begin"
        time.sleep(0.2)
    return found


def _workers(remote: str) -> list[int]:
    """The processes that do the work of the server at an address; they are told its port, too."""
    return processes("-f", f"binding.port={remote.rpartition(':')[2]}.*CoarseGrainedExecutorBackend")


def _published(path: Path, table: str) -> pl.DataFrame:
    with Published.open(path) as published:
        rows = published.fetch(f"SELECT * FROM {table} ORDER BY ALL")
    return rows.drop("computed_at", "run_id", "published_at", "definition_version", "tested_at", strict=False)
