"""A real PostgreSQL server that the tests start themselves: on a loopback port, in a temporary folder, gone afterwards.

A test asks for the fixture `postgres` (see conftest.py) and is of the xdist group "postgres", so that one worker has it:

    pytestmark = pytest.mark.xdist_group("postgres")

    def test_something(postgres: Postgres) -> None:
        postgres.run("CREATE TABLE invoices (number int)")
        ... postgres.url ...
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.processes import TIED, free_port

FOLDERS = (Path("/usr/lib/postgresql"), Path("/usr/local/opt"), Path("/opt/homebrew/opt"))
PATIENCE = 30.0
SETTINGS = (
    "fsync=off", "full_page_writes=off", "max_connections=60", "shared_buffers=16MB",
    "autovacuum=off", "listen_addresses=127.0.0.1", "timezone=UTC", "password_encryption=scram-sha-256",
)  # fmt: skip


@dataclass
class Postgres:
    """A running server; `run` and `rows` act as its owner, in the database that `url` names."""

    programs: Path
    folder: Path
    port: int
    password: str
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    """The server that runs, and before it those that were stopped; one list for all databases of it."""
    database: str = "postgres"
    user: str = "owner"

    @property
    def url(self) -> str:
        """How a client connects, password and all."""
        return self.url_of(self.user, self.password)

    def url_of(self, user: str, password: str, database: str | None = None) -> str:
        """How a client connects as somebody else."""
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database or self.database}"

    def run(self, sql: str) -> None:
        """Runs statements; several are one transaction unless they say otherwise."""
        self._psql("--command", sql)

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        """The rows of a query, every value as text; null is an empty text."""
        text = self._psql("--no-align", "--tuples-only", "--field-separator", "\x1f", "--command", sql)
        return [tuple(line.split("\x1f")) for line in text.splitlines()]

    @contextmanager
    def another_database(self, name: str) -> Iterator[Postgres]:
        """A database of its own for one test; dropped afterwards, whoever is still connected."""
        self.run(f'CREATE DATABASE "{name}"')
        try:
            yield Postgres(self.programs, self.folder, self.port, self.password, self.servers, name, self.user)
        finally:
            self.run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        options = [
            part for setting in (*SETTINGS, f"unix_socket_directories={self.folder}") for part in ("-c", setting)
        ]
        command = [self.programs / "postgres", "-D", self.folder / "data", "-p", str(self.port), *options]
        with (self.folder / "server.log").open("ab") as log:
            server = subprocess.Popen([*TIED, *command], stdout=log, stderr=log, **_as_nobody_special())
        self.servers.append(server)
        until = time.monotonic() + PATIENCE
        while not self._answers():
            if server.poll() is not None or time.monotonic() > until:
                said = (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")[-2000:]
                raise RuntimeError(f"PostgreSQL did not start: {said}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops the server; SIGINT throws its clients out, SIGQUIT is as if the machine had stopped."""
        if self.servers and self.servers[-1].poll() is None:
            self.servers[-1].send_signal(how)
            self.servers[-1].wait(PATIENCE)

    def restart(self) -> None:
        """As after a crash of the machine that it runs on."""
        self.stop(signal.SIGQUIT)
        self.start()

    def _answers(self) -> bool:
        ready = self.programs / "pg_isready"
        asked = [ready, "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, check=False).returncode == 0

    def _psql(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.programs / "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", *arguments, self.url],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def served() -> Iterator[Postgres]:
    """A server of its own; skips what asks for it, saying why, where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed (initdb is in no known folder)")
    # NOTE: a Unix socket's path may hold 107 bytes, which pytest's own folders can exceed.
    folder = Path(tempfile.mkdtemp(prefix="kpi_pg_"))
    running = Postgres(programs, folder, free_port(), secrets.token_hex(8))
    try:
        secret = folder / "password"
        secret.write_text(running.password, encoding="utf-8")
        if (user := _other_user()) is not None:
            for path in (folder, secret):
                os.chown(path, user.pw_uid, user.pw_gid)
        command = [programs / "initdb", "-D", folder / "data", "-U", running.user, "--pwfile", secret, "--no-sync"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        subprocess.run(command, check=True, capture_output=True, **_as_nobody_special())
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """Where initdb, postgres and psql are: on the path, or where packages put them, the newest first."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    found = [path.parent for folder in FOLDERS for path in folder.glob("*/bin/initdb")]
    return max(found, key=lambda path: (len(path.parent.name), path.parent.name), default=None)


def _other_user() -> pwd.struct_passwd | None:
    """Whom the server runs as where the tests run as root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return pytest.skip("the tests run as root and there is no user that PostgreSQL could run as")


def _as_nobody_special() -> dict[str, object]:
    user = _other_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"} if user else {"cwd": "/"}
