"""`kpi run` as a process of its own that is killed: from outside, or by itself at one of the steps it takes.

The steps are those that a run tells whoever looks on, and between them: every commit and checkpoint of the warehouse
and of the published file, and every file that is opened for writing, synced, renamed, copied or removed, each before
it happens and, where that differs, right after.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import processes

NEVER = 0
"""The number of no step."""


class Steps:
    """Writes down every step that is taken, and kills the process at one of them."""

    def __init__(self, root: Path, written: Path, fatal: int | str, *, finer: bool) -> None:
        self._root = f"{root}/"
        self._file = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._fatal = fatal
        self._finer = finer
        self._taken = 0
        self._stage = "start"

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        self._stage = name
        self.took(f"begins, of {total} steps")

    def step(self, what: str) -> None:
        """A step of the stage is done."""
        self.took(f"done {what}")

    def note(self, text: str) -> None:
        """Somebody is told something."""

    def took(self, what: str) -> None:
        """One more step; it may be the last one."""
        self._taken += 1
        told = f"{self._stage}: {what}"
        os.write(self._file, f"{told}\n".encode())
        if self._fatal in (self._taken, told):
            os.kill(os.getpid(), signal.SIGKILL)

    def between(self, event: str, arguments: tuple[Any, ...]) -> None:
        """What Python tells its auditors before it happens."""
        if not self._finer or event not in TOLD or not isinstance(arguments[0], str | Path):
            return
        if event == "open" and not _is_writing(arguments):
            return
        name = str(arguments[0])
        if self._root in name and not name.endswith(("said", ".lock", ".pyc")):
            self.took(f"{event.rpartition('.')[2]} {_in_every_run(name.split(self._root, 1)[1])}")


TOLD = ("open", "os.rename", "os.remove", "os.rmdir", "shutil.copyfile", "shutil.rmtree")


def _is_writing(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    return any(one in (mode or "") for one in "wax+") or bool(flags & (os.O_WRONLY | os.O_RDWR))


def _in_every_run(name: str) -> str:
    name = re.sub(r"\d{8}T\d{6}-[0-9a-f]{6}", "RUN", name)
    name = re.sub(r"\.\d+-[0-9a-f]{8}\.tmp", ".tmp", name)
    return re.sub(r"data_docs/.*", "data_docs/…", re.sub(r"scorecard/.*", "scorecard/…", name))


def told_steps(root: Path, written: Path, arguments: list[str], fatal: int | str, *, finer: bool) -> None:
    """`kpi run` that writes down its steps, and kills itself at one of them, by its number or what is told of it."""
    from kpi_pipeline.cli import run as command

    steps = Steps(root, written, fatal, finer=finer)
    # NOTE: `--quiet` is the way of the command line to have nobody look on; here it is us.
    setattr(command, "Quiet", lambda: steps)  # noqa: B010
    if finer:
        _listen(steps)
    processes.command(root, ["run", "--quiet", *arguments], root / "said")


def _listen(steps: Steps) -> None:
    from kpi_pipeline.store import snapshot
    from kpi_pipeline.store.warehouse import Warehouse

    sys.addaudithook(steps.between)
    sync = os.fsync

    def synced(handle: int) -> None:
        sync(handle)
        steps.took("synced")

    setattr(os, "fsync", synced)  # noqa: B010
    for holder, name in ((Warehouse, "run"), (snapshot, "_run")):
        setattr(holder, name, _around(getattr(holder, name), steps))


def _around(run: Callable[..., Any], steps: Steps) -> Callable[..., Any]:
    """Statements that end something are steps: before, and after."""

    def ran(connection: Any, statement: Any, *more: Any) -> None:
        ends = isinstance(statement, str) and statement.startswith(("COMMIT", "CHECKPOINT", "DETACH"))
        word = str(statement).split(" ", 1)[0].lower()
        if ends:
            steps.took(f"before {word}")
        run(connection, statement, *more)
        if ends:
            steps.took(f"after {word}")

    return ran
