"""All contestants in turn, several times over; answers are compared before any time counts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.compare import differences, metrics_in
from benchmarks.environments import make_dbt_project, python_of
from benchmarks.lineup import LINEUP, OURS, REFERENCES, YARDSTICK, Entrant
from benchmarks.measured import measured
from benchmarks.prepare import prepare, restore
from benchmarks.workload.metrics import METRICS

ALWAYS = (YARDSTICK, OURS)


@dataclass(frozen=True)
class Time:
    """One repetition of a contestant: seconds and peak memory at each of its marks; none if it did not end."""

    entrant: str
    repetition: int
    seconds: Mapping[str, float]
    peak_mb: Mapping[str, float]
    failure: str = ""


@dataclass(frozen=True)
class Checked:
    """What was found when a contestant's answers were compared with the reference."""

    metrics: int
    lacks: tuple[str, ...]
    differs: tuple[str, ...]
    """What differs as its definition does."""


@dataclass(frozen=True)
class Race:
    """The times and checks of one number of rows."""

    rows: int
    times: tuple[Time, ...]
    checked: Mapping[str, Checked]


def chosen(home: Path, only: Sequence[str], without: Sequence[str]) -> tuple[Entrant, ...]:
    """Those who take part: all whose environment is there, or those named."""
    named = [one for one in LINEUP if (not only or one.name in (*only, *ALWAYS)) and one.name not in without]
    absent = [one.name for one in named if one.environment and not python_of(home, one.environment)]
    for name in absent:
        print(f"{name} stays out: `python -m benchmarks peers` makes its environment", file=sys.stderr)
    return tuple(one for one in named if one.name not in absent)


def race(
    home: Path,
    *,
    rows: int,
    seed: int,
    entrants: Sequence[Entrant],
    repeat: int,
    repeat_slow: int,
    limit: float,
    keep: Callable[[Race], None],
) -> Race:
    """Runs every contestant `repeat` times, in turn; `keep` is given what there is after each process.

    Who fails, takes too long or differs where it should not is not run again, and has no times.
    """
    data = home / str(rows)
    prepare(data, rows=rows, seed=seed)
    if any(one.environment == "metricflow" for one in entrants):
        make_dbt_project(home, data)
    times: list[Time] = []
    checked: dict[str, Checked] = {}
    for repetition in range(repeat):
        for one in _in_order(entrants):
            failed = any(time.failure for time in times if time.entrant == one.name)
            if failed or (one.slow and repetition >= repeat_slow):
                continue
            time = _run(home, data, one, repetition, limit)
            if repetition == 0 and not time.failure and one.name != YARDSTICK:
                checked[one.name], wrong = _checked(data, one, checked)
                time = replace(time, failure=wrong)
            print(_line(time), flush=True)
            times.append(time)
            keep(Race(rows, tuple(times), checked))
    return Race(rows, tuple(times), checked)


def _in_order(entrants: Sequence[Entrant]) -> list[Entrant]:
    """The references first, so that everybody is compared with them."""
    return sorted(entrants, key=lambda one: REFERENCES.index(one.name) if one.name in REFERENCES else len(REFERENCES))


def _run(home: Path, data: Path, one: Entrant, repetition: int, limit: float) -> Time:
    if one.name.startswith(OURS):
        restore(data)
    python = python_of(home, one.environment) if one.environment else Path(sys.executable)
    out = data / "out" / one.name
    out.parent.mkdir(exist_ok=True)
    found = measured([str(python), "-m", "benchmarks.process", one.name, str(data), str(out)], limit=limit)
    if found.code != 0:
        failure = f"not finished after {found.seconds:.0f} s" if found.code is None else found.said.strip()[-2_000:]
        return Time(one.name, repetition, {}, {"finished": found.peak_mb}, failure)
    said = json.loads(out.with_suffix(".json").read_text("utf-8"))
    return Time(one.name, repetition, said["seconds"], said["peak_mb"])


def _checked(data: Path, one: Entrant, before: Mapping[str, Checked]) -> tuple[Checked, str]:
    """Compares a contestant's answers with those of the first reference; says what is wrong, if anything is."""
    answers = data / "out" / f"{one.name}.parquet"
    found = metrics_in(answers)
    lacks = tuple(name for name in METRICS if name not in found)
    reference = next((name for name in REFERENCES if name in before), one.name)
    different = differences(data / "out" / f"{reference}.parquet", answers)
    wrong = [str(each) for each in different if each.metric not in one.differs]
    said = "\n  ".join([f"differs from {reference}:", *wrong[:20]]) if wrong else ""
    return Checked(len(found), lacks, tuple(dict.fromkeys(each.metric for each in different))), said


def _line(time: Time) -> str:
    if time.failure:
        return f"{time.repetition}  {time.entrant:22} {time.failure}"
    marks = "  ".join(f"{name} {seconds:.2f} s" for name, seconds in time.seconds.items())
    return f"{time.repetition}  {time.entrant:22} {max(time.peak_mb.values()):6.0f} MB  {marks}"


def as_json(race: Race) -> str:
    """A race as it is kept."""
    return json.dumps(asdict(race), indent=1)


def from_json(text: str) -> Race:
    """A race as it was kept."""
    read = json.loads(text)
    return Race(
        read["rows"],
        tuple(Time(**one) for one in read["times"]),
        {
            name: Checked(one["metrics"], tuple(one["lacks"]), tuple(one["differs"]))
            for name, one in read["checked"].items()
        },
    )
