"""A project in a temporary folder and a warehouse in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.ingest import Staged, accept, stage, stage_replay
from kpi_pipeline.names import TableRef
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.sources import Source
from kpi_pipeline.store.state import prepare_state
from kpi_pipeline.store.warehouse import Warehouse

NOW = datetime(2016, 6, 1, 12, tzinfo=UTC)


@dataclass
class Bench:
    """Writes files, loads sources, looks at tables."""

    root: Path
    warehouse: Warehouse
    runs: int = 0

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def project(self, timezone: str = "UTC") -> Project:
        return Project(root=self.root, settings=Settings(name="tried", timezone=timezone))

    def stage(self, source: Source, *, full: bool = False, timezone: str = "UTC", now: datetime = NOW) -> Staged:
        self.runs += 1
        return stage(self.project(timezone), source, self.warehouse, run_id=f"run{self.runs}", now=now, full=full)

    def load(self, source: Source, *, full: bool = False, timezone: str = "UTC", now: datetime = NOW) -> Staged:
        staged = self.stage(source, full=full, timezone=timezone, now=now)
        accept(staged, self.warehouse)
        return staged

    def replay(self, source: Source) -> Staged | None:
        staged = stage_replay(self.project(), source, self.warehouse, run_id="again", now=NOW)
        if staged:
            accept(staged, self.warehouse)
        return staged

    def raw(self, columns: str, source: str = "orders") -> list[tuple[Any, ...]]:
        return self.warehouse.rows(f"SELECT {columns} FROM raw.{source} ORDER BY ALL")

    def quarantined(self, columns: str, source: str = "orders") -> list[tuple[Any, ...]]:
        return self.warehouse.rows(f"SELECT {columns} FROM quarantine.{source} ORDER BY line, _source_file")

    def types(self, source: str = "orders") -> dict[str, str]:
        found = self.warehouse.table_columns(TableRef("raw", source))
        return {name: kind for name, kind in found.items() if not name.startswith("_")}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Warehouse.in_memory() as warehouse:
        prepare_state(warehouse)
        yield Bench(tmp_path, warehouse)


def orders(path: str = "data/*.csv", **rest: Any) -> Source:
    """A source called orders."""
    connector = {"type": "file", "path": path, **rest.pop("connector", {})}
    return Source.model_validate({"name": "orders", "connector": connector, **rest})
