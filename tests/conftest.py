"""What all tests share: a small project, and telemetry off in everything they start."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.project import Shop

MAIL = "ana.secret@example.com"

os.environ |= {"GX_ANALYTICS_ENABLED": "false", "DAGSTER_DISABLE_TELEMETRY": "yes", "DO_NOT_TRACK": "1"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop, with nothing run yet."""
    monkeypatch.setenv("SHOP_MAIL", MAIL)
    return Shop.opened_in(tmp_path)


@pytest.fixture(scope="session")
def _run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SHOP_MAIL", MAIL)
        shop = Shop.opened_in(tmp_path_factory.mktemp("shop"))
        assert shop.run().status == "published"
    return shop.root


@pytest.fixture
def ran(_run_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop after its first run."""
    monkeypatch.setenv("SHOP_MAIL", MAIL)
    shutil.copytree(_run_once, tmp_path, dirs_exist_ok=True)
    return Shop(tmp_path)
