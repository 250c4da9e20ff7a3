"""Runs are killed without warning, at random moments and at every step; readers and the next run must not notice.

After each kill: the warehouse opens; readers of the file and of the Parquet folder see all tables of the run before or
all of the new one; pages are whole. Now and then the next run is killed, too. Then one is left alone: it must end well,
with the very tables that an undisturbed run gives, and leave no file that an undisturbed run would not leave.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import duckdb

from reliability.arrivals import ARRANGED, Arranged, Arrival
from reliability.interrupted import NEVER, told_steps
from reliability.seen import Seen, broken_pages, lying_there, seen_in_file, seen_in_parquet
from tests import processes

SHARES = {"shop": 0.76, "giftware": 0.16, "adventureworks": 0.08}
"""How the random kills are shared out: the larger projects take their time."""

AGAIN = 0.5
"""How often the run that should repair is killed, too."""

TICK = 1 / os.sysconf("SC_CLK_TCK")
"""The seconds by which Linux counts what the processor works for a process."""

ROOMY = 1.6
"""How much larger than after an undisturbed run the warehouse may be."""


@dataclass(frozen=True)
class Prepared:
    """A project as it is before the run that is killed, and what an undisturbed run makes of it."""

    project: Arranged
    arrival: Arrival
    before: Path
    seconds: float
    steps: tuple[str, ...]
    seen_before: Seen
    seen_after: Seen
    files_after: set[str]
    bytes_after: int

    def __str__(self) -> str:
        return f"{self.project.name}, {self.arrival.name}"


@dataclass
class Count:
    """What came of the kills."""

    kills: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def found(self, where: str, problems: list[str]) -> None:
        """Notes a kill and what was wrong afterwards."""
        self.kills[where] += 1
        print(f"{self.kills.total():>5}  {where}{''.join(f' !! {one}' for one in problems)}", flush=True)
        if not problems:
            self.survived[where] += 1
        self.wrong += [f"{where}: {one}" for one in problems]


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--times", type=int, default=200, help="kills at random moments")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", choices=["none", "told", "finer"], default="none", help="kills at every step, too")
    parser.add_argument("--project", choices=list(ARRANGED), action="append", help="only these; all by default")
    parser.add_argument("--folder", type=Path, default=None, help="where to work; the system's folder by default")


def main(asked: argparse.Namespace) -> int:
    """Kills, and says what came of it."""
    began = time.monotonic()
    count = Count()
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="kills-") as folder:
        names = asked.project or list(ARRANGED)
        finer = asked.steps == "finer"
        prepared = [one for name in names for one in prepare(ARRANGED[name], Path(folder), finer=finer)]
        for one in prepared:
            print(f"{one}: an undisturbed run is {one.seconds:.1f} s of work and {len(one.steps)} steps", flush=True)
        at_random(prepared, asked.times, random.Random(asked.seed), count)
        if asked.steps != "none":
            for one in prepared:
                at_steps(one, count)
    print(f"{'killed in':<28}{'kills':>8}{'survived':>10}")
    for where, kills in sorted(count.kills.items()):
        print(f"{where:<28}{kills:>8}{count.survived[where]:>10}")
    print(f"{'in all':<28}{count.kills.total():>8}{count.survived.total():>10}  {time.monotonic() - began:.0f} s")
    print("\n".join(count.wrong))
    return 1 if count.wrong else 0


def prepare(project: Arranged, folder: Path, *, finer: bool, only: str = "") -> Iterator[Prepared]:
    """Each of a project's arrivals, ready to be run, and run once without disturbance in a copy."""
    ran = folder / f"{project.name}-ran"
    new = folder / f"{project.name}-new"
    project.write(new)
    shutil.copytree(new, ran)
    finish(ran, ())
    for number, arrival in enumerate(one for one in project.arrivals if only in one.name):
        before = folder / f"{project.name}-{number}"
        shutil.copytree(ran if arrival.run_before else new, before)
        arrival.deliver(before)
        seen_before = seen_in_file(before / project.published / "kpi.duckdb")
        undisturbed = folder / "undisturbed"
        shutil.copytree(before, undisturbed)
        steps, seconds = _steps_of(undisturbed, arrival, finer=finer)
        seen_after = seen_in_file(undisturbed / project.published / "kpi.duckdb")
        size = (undisturbed / "data/warehouse.duckdb").stat().st_size
        files = lying_there(undisturbed)
        yield Prepared(project, arrival, before, seconds, steps, seen_before, seen_after, files, size)
        shutil.rmtree(undisturbed)


def _steps_of(root: Path, arrival: Arrival, *, finer: bool) -> tuple[tuple[str, ...], float]:
    """What a run tells of its steps, and the seconds that the processor worked for it."""
    where = root.with_name("where")
    run = processes.start(partial(told_steps, finer=finer), root, where, list(arrival.arguments), NEVER)
    worked = 0.0
    while (now := _worked(run.pid)) < float("inf") and run.exitcode is None:
        worked = now
        time.sleep(TICK)
    code = processes.ended(run, within=1800)
    if code:
        raise SystemExit(f"an undisturbed run ends with {code}: {(root / 'said').read_text()}")
    return tuple(where.read_text(encoding="utf-8").splitlines()), worked


def finish(root: Path, arguments: tuple[str, ...]) -> str:
    """A run that is left alone; what it said where it did not end well."""
    run = processes.start(processes.command, root, ["run", "--quiet", *arguments], root / "said")
    code = processes.ended(run, within=1800)
    return "" if code == 0 else f"the next run ends with {code}: {(root / 'said').read_text()}"


def at_random(prepared: list[Prepared], times: int, chance: random.Random, count: Count) -> None:
    """Kills at moments that are equally likely over the work that an undisturbed run is for the processor.

    By the clock, a machine that others use would let a run be killed at its beginning whenever it is busy.
    """
    weights = [SHARES[one.project.name] / len(one.project.arrivals) for one in prepared]
    while count.kills.total() < times:
        [one] = chance.choices(prepared, weights)
        root = _copy(one)
        again = 0
        while True:
            stage = _killed_after(root, one, chance.random() * one.seconds, chance.random() * TICK)
            if stage is None:
                break  # NOTE: it ended before the kill came; that counts for nothing.
            again += 1
            problems = after_a_kill(root, one)
            if problems or chance.random() > AGAIN:
                count.found(f"{one.project.name} {stage}", problems + after_the_next_run(root, one))
                break
            count.found(f"{one.project.name} {stage}", problems)
        if stage is None and again and (problems := after_the_next_run(root, one)):
            count.wrong += [f"{one}: {problem}" for problem in problems]
        shutil.rmtree(root)


def at_steps(one: Prepared, count: Count) -> None:
    """Kills at the first and the last of each kind of step that a run takes."""
    first_and_last: dict[str, list[int]] = {}
    for number, what in enumerate(one.steps, start=1):
        known = first_and_last.setdefault(what, [])
        known[1:] = [number]
        if number not in known:
            known.append(number)
    for number in sorted({number for numbers in first_and_last.values() for number in numbers}):
        root = _copy(one)
        where = root.with_name("where")
        run = processes.start(
            partial(told_steps, finer=_is_finer(one)), root, where, list(one.arrival.arguments), number
        )
        code = processes.ended(run, within=1800)
        what = where.read_text(encoding="utf-8").splitlines()[-1]
        problems = [] if code == -9 else [f"{one}: was not killed at step {number} but ended with {code}"]
        problems += [f"at '{what}': {problem}" for problem in after_a_kill(root, one) + after_the_next_run(root, one)]
        count.found(f"{one.project.name} {what.split(':')[0]}, a step", problems)
        shutil.rmtree(root)


def _is_finer(one: Prepared) -> bool:
    return any("before commit" in step for step in one.steps)


def _copy(one: Prepared) -> Path:
    root = one.before.with_name("killed")
    shutil.copytree(one.before, root)
    return root


def _killed_after(root: Path, one: Prepared, seconds: float, longer: float) -> str | None:
    """The stage in which a run was killed, after so much work and a little longer; None where it had ended."""
    where = root.with_name("where")
    where.unlink(missing_ok=True)
    run = processes.start(partial(told_steps, finer=False), root, where, list(one.arrival.arguments), NEVER)
    while run.exitcode is None and _worked(run.pid) < seconds:
        time.sleep(TICK / 4)
    run.join(longer)
    if run.exitcode is not None:
        return None
    run.kill()
    run.join()
    told = where.read_text(encoding="utf-8").splitlines() if where.exists() else []
    return told[-1].split(":")[0] if told else "start"


def _worked(process: int | None) -> float:
    """The seconds that the processor worked for a process; without end where it is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return float("inf")
    return (int(fields[11]) + int(fields[12])) * TICK


def after_a_kill(root: Path, one: Prepared) -> list[str]:
    """What is wrong right after a kill."""
    problems = []
    warehouse = root / "data/warehouse.duckdb"
    if warehouse.exists():
        try:
            with duckdb.connect(str(warehouse), read_only=True) as reader:
                reader.execute("SELECT count(*) FROM information_schema.tables").fetchall()
        except duckdb.Error as problem:
            problems.append(f"the warehouse does not open: {problem}")
    published = root / one.project.published
    whole = (one.seen_before, one.seen_after)
    try:
        if seen_in_file(published / "kpi.duckdb") not in whole:
            problems.append("the published file is neither that of before nor the new one")
        if seen_in_parquet(published / "parquet") not in whole:
            problems.append("the Parquet tables are neither those of before nor the new ones")
    except (OSError, duckdb.Error) as problem:
        problems.append(f"what is published cannot be read: {problem}")
    return problems + [f"the page {name} is not whole" for name in broken_pages(published / "scorecard")]


def after_the_next_run(root: Path, one: Prepared) -> list[str]:
    """What is wrong after a run that was left alone."""
    said = finish(root, one.arrival.arguments)
    if said:
        return [said]
    published = root / one.project.published
    problems = []
    for what, seen in (
        ("file", seen_in_file(published / "kpi.duckdb")),
        ("Parquet folder", seen_in_parquet(published / "parquet")),
    ):
        others = [name for name, content in one.seen_after.items() if seen.get(name) != content]
        if others:
            problems.append(f"tables of the {what} differ from those of an undisturbed run: {', '.join(others)}")
    if left := sorted(lying_there(root) - one.files_after):
        problems.append(f"left over: {', '.join(left[:5])}")
    if lost := sorted(one.files_after - lying_there(root)):
        problems.append(f"missing: {', '.join(lost[:5])}")
    size = (root / "data/warehouse.duckdb").stat().st_size
    if size > ROOMY * one.bytes_after + 1_000_000:
        problems.append(f"the warehouse has {size:,} bytes, {one.bytes_after:,} after an undisturbed run")
    return problems
