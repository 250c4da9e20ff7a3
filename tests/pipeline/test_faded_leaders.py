"""Who wants to know is told once when a leader is no longer confirmed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.kpis import Kpi
from kpi_pipeline.pipeline.faded_leaders import faded_leaders
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.store.notices import Seen
from kpi_pipeline.store.published import Published
from kpi_pipeline.teams import Person

TESTED = datetime(2024, 3, 1, tzinfo=UTC)
ROWS = [
    ("leads", "sales", "all", "weak", "It fades.", TESTED),
    ("leads", "sales", "country=France", "reversed", "There, too.", TESTED),
    ("calls", "sales", "all", "confirmed", "It leads.", TESTED),
    ("gone", "sales", "all", "weak", "Of a KPI that is no more.", TESTED),
    ("visits", "sales", "all", None, "Not tested yet.", None),
]


@pytest.fixture
def published(tmp_path: Path) -> Published:
    path = tmp_path / "kpi.duckdb"
    with duckdb.connect(str(path)) as file:
        file.execute(
            "CREATE TABLE kpi_evidence (kpi VARCHAR, leads_kpi VARCHAR, segment VARCHAR, verdict VARCHAR, "
            "reason VARCHAR, tested_at TIMESTAMPTZ)"
        )
        file.executemany("INSERT INTO kpi_evidence VALUES (?, ?, ?, ?, ?, ?)", ROWS)
    return Published.open(path)


@pytest.fixture
def project() -> Project:
    ann = Person(name="ann", label="Ann", email="ann@example.com")
    names = ("leads", "calls", "visits", "sales")
    kpis = {name: Kpi(name=name, metric=name, direction="up", grain="week", owner="ann") for name in names}
    return Project(Path(), Settings(name="shop"), people={"ann": ann}, kpis=kpis)


def test_told_where_it_was_confirmed_before(project: Project, published: Published) -> None:
    before = {"leads -> sales": Seen("2024-02-01T00:00:00", "confirmed"), "calls -> sales": Seen("x", "weak")}
    with published:
        found = list(faded_leaders(project, published, before))
    told = {about: (state.status, news) for about, state, news in found}
    assert told["calls -> sales"] == ("confirmed", None)
    status, news = told["leads -> sales"]
    assert status == "weak"
    assert news is not None
    assert (news.title, news.about, news.owner_mail) == (
        "Leads no longer surely leads Sales",
        "leads",
        "ann@example.com",
    )
    assert news.body.startswith("The data confirmed it before. Now: It fades.\n")
    assert set(told) == {"leads -> sales", "calls -> sales"}


@pytest.mark.parametrize("status", ["weak", "not_supported", None])
def test_not_told_where_it_was_not_confirmed_before(project: Project, published: Published, status: str | None) -> None:
    before = {"leads -> sales": Seen("2024-02-01T00:00:00", status)} if status else {}
    with published:
        assert [news for *_, news in faded_leaders(project, published, before) if news] == []
