"""`kpi dev`: Dagster's web page, daemon and schedule on this project, on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from kpi_pipeline.errors import KpiError

HOME = ".dagster_home"
"""Below the project's root: runs and their history, kept so that values can be plotted over runs."""

SETTINGS = "dagster.yaml"


def dev(definitions: Path, *, host: str = "127.0.0.1", port: int = 3000) -> int:
    """Starts `dagster dev` on the project and stays until it ends; returns its exit code.

    Raises:
        KpiError: Dagster is not installed, or something else listens on the port.
    """
    if find_spec("dagster_webserver") is None:
        raise KpiError('Dagster is not installed.\nHint: pip install "kpi_pipeline[dagster]", then `kpi dev` again.')
    _refuse_taken_port(host, port)
    root = definitions.resolve().parent
    home = prepared_home(root)
    print(f"Dagster on {definitions}: http://{host}:{port}  (Ctrl+C ends it; history is kept in {home})", flush=True)
    # NOTE: started where its dagster.yaml is, else Dagster warns of the one at the root, which is the same.
    return _until_it_ends(command(host, port), cwd=home, env=environment(definitions, home))


def command(host: str, port: int) -> list[str]:
    """The command that starts web page, daemon and code server together."""
    arguments = ["dev", "--module-name", "kpi_pipeline.orchestration.definitions", "--host", host, "--port", str(port)]
    # NOTE: its own advice to use `dg dev` instead is of no use here; that would need a pyproject.toml.
    quiet = ["-W", "ignore:Function `dev_command` is superseded"]
    return [sys.executable, *quiet, "-m", "dagster", *arguments]


def environment(definitions: Path, home: Path) -> dict[str, str]:
    """The environment of whatever Dagster starts: where the project is, where history is kept, and no telemetry."""
    return {
        **os.environ,
        "KPI_DEFINITIONS": str(definitions.resolve()),
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }


def prepared_home(root: Path) -> Path:
    """The project's DAGSTER_HOME with its dagster.yaml in it, or ours where the project has none."""
    home = root / HOME
    own = root / SETTINGS
    try:
        home.mkdir(exist_ok=True)
        shutil.copyfile(own if own.exists() else Path(__file__).with_name(SETTINGS), home / SETTINGS)
    except OSError as problem:
        raise KpiError(f"Dagster's history cannot be kept in {home}: {problem}") from problem
    return home


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as problem:
            raise KpiError(
                f"Dagster cannot listen on {host}:{port}: {problem.strerror}.\n"
                f"Hint: take another port: kpi dev --port {port + 1}"
            ) from None


def _until_it_ends(command: list[str], *, cwd: Path, env: dict[str, str]) -> int:
    """Waits for the process, and passes on what asks us to end: it has children of its own to end in good order."""
    with subprocess.Popen(command, cwd=cwd, env=env) as process:  # noqa: S603 - our own command, no shell
        signal.signal(signal.SIGTERM, lambda _number, _frame: process.send_signal(signal.SIGINT))
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.send_signal(signal.SIGINT)
