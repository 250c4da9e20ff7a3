"""The files of deploy/ hold together: what they start exists, secrets come from outside, nothing listens to the world."""

from __future__ import annotations

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest
from ruamel.yaml import YAML

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
SYSTEMD = DEPLOY / "systemd"
SERVICES = sorted(SYSTEMD.glob("*.service"))
CODE_PORT = "4000"


def read(path: Path) -> dict[str, dict[str, list[str]]]:
    """A unit's sections; a key may stand several times."""
    parser = RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text(encoding="utf-8"))
    return {name: {key: value.split() for key, value in parser[name].items()} for name in parser.sections()}


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_units_run_as_nobody_special_and_write_where_they_must(path: Path) -> None:
    service = read(path)["Service"]
    assert service["User"] == ["kpi"]
    for key in ("NoNewPrivileges", "PrivateTmp", "ProtectHome"):
        assert service[key] == ["yes"]
    assert service["ProtectSystem"] == ["strict"]
    allowed = (
        {"/srv/kpi", "/var/backups/kpi"} if path.stem in ("kpi-code", "kpi-run", "kpi-backup") else {"/var/lib/kpi"}
    )
    assert set(service["ReadWritePaths"]) <= allowed
    assert service["CapabilityBoundingSet"] == []
    assert "0.0.0.0" not in path.read_text(encoding="utf-8")


def test_timers_have_their_services() -> None:
    assert {one.stem for one in SYSTEMD.glob("*.timer")} == {"kpi-run", "kpi-backup"}
    assert {"kpi-run", "kpi-backup"} < {one.stem for one in SERVICES}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    for path in SYSTEMD.iterdir():
        # NOTE: it wants the programs to be there, too.
        text = re.sub(r"/opt/kpi/bin/[\w-]+", "/bin/true", path.read_text(encoding="utf-8"))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "kpi-" in line]) == (0, [])


def test_compose_keeps_secrets_outside_and_the_web_page_here() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    compose = YAML(typ="safe").load(text)
    services = compose["services"]
    assert set(services) == {"postgres", "code", "daemon", "webserver"}
    assert re.findall(r"PASSWORD: (.*)", text) == ["${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}"]
    assert [one for service in services.values() for one in service.get("ports", ())] == ["127.0.0.1:3000:3000"]
    for name, service in services.items():
        assert service["healthcheck"]["test"], name
        assert name == "postgres" or (service["cap_drop"], service["read_only"]) == (["ALL"], True)
        for other, how in (service.get("depends_on") or {}).items():
            assert (other in services, how["condition"]) == (True, "service_healthy")
        named = [one.split(":")[0] for one in service["volumes"] if not one.startswith(("$", ".", "/"))]
        assert set(named) <= set(compose["volumes"])
    writers = {name for name, one in services.items() if any(v.endswith(":/srv/kpi") for v in one["volumes"])}
    assert writers == {"code"}, "one service runs, and so writes"


def test_dockerfile_copies_what_is_there_and_ends_as_nobody_special() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    let_in = [one[1:] for one in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if one.startswith("!")]
    for line in (one for one in lines if one.startswith("COPY") and "--from" not in one):
        *sources, _ = [word for word in line.split()[1:] if not word.startswith("--")]
        for source in sources:
            assert (DEPLOY.parent / source).exists(), source
            assert source.removeprefix("./") in let_in, source
    assert "USER 10001:10001" in lines
    assert any(one.startswith("HEALTHCHECK") for one in lines)
    for line in (one for one in lines if one.startswith("FROM")):
        assert re.fullmatch(r"FROM python:3\.\d+-slim-bookworm( AS \w+)?", line)


def test_code_server_is_where_the_workspace_looks() -> None:
    [location] = YAML(typ="safe").load((DEPLOY / "workspace.yaml").read_text(encoding="utf-8"))["load_from"]
    assert str(location["grpc_server"]["port"]) == CODE_PORT
    command = " ".join(read(SYSTEMD / "kpi-code.service")["Service"]["ExecStart"])
    assert command.endswith(f"-h 127.0.0.1 -p {CODE_PORT}")


def test_secrets_of_the_example_are_none() -> None:
    text = (DEPLOY / "kpi.env.example").read_text(encoding="utf-8")
    assert re.findall(r"://\w+:([^@]+)@", text) == ["change-me"]
