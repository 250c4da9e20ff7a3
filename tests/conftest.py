"""What all tests share: a small project, and telemetry off in everything they start."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from kpi_pipeline import load_project
from kpi_pipeline.api import LoadedProject
from tests.postgres import Postgres, served
from tests.project import Shop, copy_project

ROOT = Path(__file__).resolve().parents[1]
MAIL = "ana.secret@example.com"

os.environ |= {"GX_ANALYTICS_ENABLED": "false", "DAGSTER_DISABLE_TELEMETRY": "yes", "DO_NOT_TRACK": "1"}

settings.register_profile("slow machines pass", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slow machines pass")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where NOTHING_SKIPS is set, as in CI, a test that skips fails the tests: what it needs is there, or should be."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("NOTHING_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop, with nothing run yet."""
    monkeypatch.setenv("SHOP_MAIL", MAIL)
    return Shop.opened_in(tmp_path)


@pytest.fixture(scope="session")
def _run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with prepared(tmp_path_factory.mktemp("shop")) as shop:
        assert shop.run().status == "published"
    return shop.root


@contextmanager
def prepared(root: Path, before: Path | None = None) -> Iterator[Shop]:
    """A shop that several tests begin with: a new one, or a copy of another."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SHOP_MAIL", MAIL)
        if before is None:
            yield Shop.opened_in(root)
        else:
            shutil.copytree(before, root, dirs_exist_ok=True)
            yield Shop(root)


@pytest.fixture
def ran(_run_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop after its first run, or after what the module's own `_run_once` does."""
    monkeypatch.setenv("SHOP_MAIL", MAIL)
    shutil.copytree(_run_once, tmp_path, dirs_exist_ok=True)
    return Shop(tmp_path)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> LoadedProject:
    """The shipped project, run once in a folder of its own; what asks for it is of the xdist group "shipped"."""
    return _run_copy(ROOT, tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="session")
def adventureworks(tmp_path_factory: pytest.TempPathFactory) -> LoadedProject:
    """The second example, run once in a folder of its own; what asks for it is of the group "adventureworks"."""
    return _run_copy(ROOT / "examples" / "adventureworks", tmp_path_factory.mktemp("adventureworks"))


@pytest.fixture(scope="session")
def ad_spend(tmp_path_factory: pytest.TempPathFactory) -> LoadedProject:
    """The third example, run once in a folder of its own; what asks for it is of the group "ad_spend"."""
    return _run_copy(ROOT / "examples" / "ad_spend", tmp_path_factory.mktemp("ad_spend"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL server; what asks for it is of the xdist group "postgres"."""
    with served() as running:
        yield running


def _run_copy(project: Path, root: Path) -> LoadedProject:
    """A project of the repository, copied and run."""
    copy_project(project, root)
    copy = load_project(root / "definitions")
    assert copy.run().status == "published"
    return copy
