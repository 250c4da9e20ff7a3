"""Other processes at work on a project: forked from one that has imported everything, so that each starts at once.

All end when the one that started them is gone, also where it was killed. Tests that start some are of the xdist group
"processes", so that one worker imports everything for them.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from multiprocessing.pool import Pool
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.project import Shop

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.preloaded"])


def start(work: Callable[..., Any], *arguments: Any) -> BaseProcess:
    """Starts a function of a module of tests in a process of its own, which has the environment of this one."""
    process = _FORKED.Process(target=_tied, args=(dict(os.environ), work, *arguments))
    process.start()
    return process


def pool(processes: int) -> Pool:
    """Processes forked from this one when it has imported everything, each for one task."""
    import_module("tests.preloaded")
    return multiprocessing.get_context("fork").Pool(processes, initializer=_end_with_parent, maxtasksperchild=1)


TIED = ("setpriv", "--pdeathsig", "TERM", "--") if sys.platform == "linux" and shutil.which("setpriv") else ()
"""What stands before a program that must not outlive who starts it; nothing where a system cannot do that."""


def _tied(environment: dict[str, str], work: Callable[..., Any], *arguments: Any) -> None:
    _end_with_parent()
    # NOTE: what it was forked from has the environment of whoever started the first.
    os.environ.clear()
    os.environ.update(environment)
    work(*arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def kill_after_parent() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill_after_parent, daemon=True).start()


def ended(process: BaseProcess, *, within: float = 60) -> int:
    """Waits for a process to end, and returns its exit code; minus the signal that killed it."""
    process.join(within)
    if process.exitcode is None:
        process.kill()
        raise AssertionError(f"the process did not end within {within} s")
    return process.exitcode


def wait_for(path: Path, *, within: float = 60) -> None:
    """Waits until a file is there."""
    end = time.monotonic() + within
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear within {within} s"
        time.sleep(0.01)


def free_port() -> int:
    """A port on the loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class KilledAt:
    """Looks on, and kills the process without any warning when a stage takes its n-th step (0: when it begins)."""

    def __init__(self, stage: str, step: int) -> None:
        self._at = (stage, step)
        self._stage = ""
        self._steps = 0

    def stage(self, name: str, total: int) -> None:
        self._stage, self._steps = name, -1
        self.step("")

    def step(self, what: str) -> None:
        self._steps += 1
        if (self._stage, self._steps) == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def note(self, text: str) -> None:
        pass


class Paused:
    """Looks on, and stays in a stage until a file is removed; another file says that it is there."""

    def __init__(self, stage: str, here: Path) -> None:
        self._stage = stage
        self._here = here

    def stage(self, name: str, total: int) -> None:
        if name == self._stage:
            self._here.touch()
            while self._here.exists():
                time.sleep(0.01)

    def step(self, what: str) -> None:
        pass

    def note(self, text: str) -> None:
        pass


def run_killed(root: Path, stage: str, step: int) -> None:
    """A run that is killed on its way."""
    Shop(root).run(watch=KilledAt(stage, step))


def run_paused(root: Path, stage: str, here: Path) -> None:
    """A run that holds the warehouse for as long as a file is there."""
    Shop(root).run(watch=Paused(stage, here))


def command(root: Path, arguments: list[str], said: Path) -> None:
    """The command line in a process of its own; what it says goes into a file."""
    from kpi_pipeline.cli import main

    os.chdir(root)
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.dup2(1, 2)
    sys.argv = ["kpi", *arguments]
    main()
