"""`python -m benchmarks`: make the data and the peers' environments, race, measure what scales, write the report."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from benchmarks.environments import make_environments
from benchmarks.lineup import LINEUP
from benchmarks.prepare import prepare
from benchmarks.race import as_json, chosen, race
from benchmarks.report import RESULTS, write_report
from benchmarks.scale import measure_scale
from benchmarks.startup import measure_startup


def main() -> int:
    """Does what is asked on the command line."""
    asked = _parser().parse_args()
    home: Path = asked.home.expanduser()
    match asked.what:
        case "peers":
            make_environments(home)
        case "data":
            prepare(home / str(asked.rows), rows=asked.rows, seed=asked.seed)
        case "run":
            return _race(home, asked)
        case "scale":
            _keep(
                f"scale-{asked.rows}.json", measure_scale(home, rows=asked.rows, seed=asked.seed, repeat=asked.repeat)
            )
        case "startup":
            _keep("startup.json", measure_startup(home, repeat=asked.repeat))
        case "report":
            write_report()
    return 0


def _race(home: Path, asked: argparse.Namespace) -> int:
    """Runs the race; 1 if anybody failed or computed something else."""
    name = f"race-{asked.rows}.json"
    found = race(
        home,
        rows=asked.rows,
        seed=asked.seed,
        entrants=chosen(home, asked.only, asked.without),
        repeat=asked.repeat,
        repeat_slow=asked.repeat_slow,
        limit=asked.limit,
        keep=lambda so_far: _write(name, as_json(so_far)),
    )
    _keep(name, as_json(found))
    return int(any(one.failure for one in found.times))


def _keep(name: str, text: str) -> None:
    _write(name, text)
    print(f"kept in benchmarks/results/{name}; `python -m benchmarks report` writes docs/benchmarks.md")


def _write(name: str, text: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(text + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    home = os.environ.get("BENCHMARK_HOME", "~/.cache/kpi_pipeline_benchmarks")
    parser.add_argument("--home", type=Path, default=Path(home), help="where data and environments are kept")
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("peers", help="make the environments of MetricFlow and boring-semantic-layer")
    data = commands.add_parser("data", help="make the facts and load them into the project's warehouse")
    run = commands.add_parser("run", help="run all contestants in turn and compare their answers")
    scale = commands.add_parser("scale", help="measure more metrics, one more day, late rows, and nothing new")
    startup = commands.add_parser("startup", help="measure help, import, an idle run and a reader of the snapshot")
    commands.add_parser("report", help="write the tables and the plot of docs/benchmarks.md from the results")
    for one in (data, run, scale):
        one.add_argument("--rows", type=int, required=True, help="1000000, 10000000, 50000000")
        one.add_argument("--seed", type=int, default=7)
    for one in (run, scale, startup):
        one.add_argument("--repeat", type=int, default=5, help="how many times each is run")
    run.add_argument("--repeat-slow", type=int, default=2, help="how many times the slow ones are run")
    run.add_argument("--limit", type=float, default=3_600, help="seconds after which a contestant is stopped")
    names = [one.name for one in LINEUP]
    run.add_argument("--only", nargs="+", default=[], choices=names, metavar="NAME", help=", ".join(names))
    run.add_argument("--without", nargs="+", default=[], choices=names, metavar="NAME")
    return parser


if __name__ == "__main__":
    sys.exit(main())
