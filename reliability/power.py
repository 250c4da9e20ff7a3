"""Power is lost at random moments of a run: what is left on the disk is read, and the next run must make it good.

One run is traced; from the trace come as many folders as asked for, each as a loss of power at some moment may have
left it. In each, readers see all tables of the run before or all of the new one, and the warehouse opens or says how
to begin anew; in some, the next run is made, and must end with the tables of an undisturbed one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from reliability.arrivals import SHOP
from reliability.disk import TRACING, Asked, Disk, read_trace
from reliability.kills import Count, Prepared, after_a_kill, after_the_next_run, prepare
from tests import processes


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--times", type=int, default=200, help="how often power is lost")
    parser.add_argument("--runs", type=int, default=20, help="after how many of them the next run is made")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--arrival", default="new and changed files", choices=[one.name for one in SHOP.arrivals])


def main(asked: argparse.Namespace) -> int:
    """Loses power, and says what came of it."""
    count = Count()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory(prefix="power-") as folder:
        [one] = prepare(SHOP, Path(folder), finer=False, only=asked.arrival)
        called = Path(folder) / "traced"
        steps = traced(one, called)
        print(f"{one}: {len(steps):,} things were asked of the disk", flush=True)
        for number in range(asked.times):
            moment = chance.randrange(len(steps))
            root = Path(folder) / "left"
            left_by(one, called, steps[:moment], root, chance)
            problems = after_a_kill(root, one)
            if number % max(asked.times // max(asked.runs, 1), 1) == 0:
                problems += after_the_next_run(root, one)
            count.found(f"power lost after '{steps[moment].call}'", problems)
            shutil.rmtree(root)
    print(f"{count.survived.total()} of {count.kills.total()} survived")
    print("\n".join(count.wrong))
    return 1 if count.wrong else 0


def traced(one: Prepared, called: Path) -> list[Asked]:
    """What a run asks of the disk, below the folder that it works in."""
    shutil.copytree(one.before, called)
    trace = called.with_name("trace")
    # NOTE: the program comes from where this one came from, whatever else is installed.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "ignore"}
    command = [
        sys.executable,
        "-c",
        "from kpi_pipeline.cli import main; main()",
        "run",
        "--quiet",
        *one.arrival.arguments,
    ]
    subprocess.run([*processes.TIED, *TRACING, "-o", str(trace), *command], cwd=called, env=environment, check=True)
    return [asked for asked in read_trace(trace) if _matters(asked, f"{called}/")]


def _matters(asked: Asked, root: str) -> bool:
    writes = asked.call != "open" or "O_CREAT" in asked.flags or "O_TRUNC" in asked.flags
    return any(path.startswith(root) for path in asked.paths) and writes


def left_by(one: Prepared, called: Path, steps: list[Asked], root: Path, chance: random.Random) -> None:
    """Writes what a loss of power after these steps may leave."""
    disk = Disk.of(one.before, called)
    for asked in steps:
        disk.do(asked)
    for path, content in disk.survives(chance):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
