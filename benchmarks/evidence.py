"""How often the protocol errs on unrelated series, how often it sees a leader, and how long it takes.

    python -m benchmarks.evidence --draws 1000 --powers 200

writes results/evidence.json and the tables of docs/explanation/evidence.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from scipy import stats

from benchmarks.measured import ROOT
from benchmarks.page import between
from benchmarks.worlds import KINDS, NULLS, Kind, Null, led, unrelated
from kpi_pipeline.evidence import Claim, Tested
from kpi_pipeline.evidence.protocol import test
from kpi_pipeline.evidence.verdict import judge_all
from kpi_pipeline.verdict import Verdict

RESULT = Path(__file__).parent / "results" / "evidence.json"
PAGE = ROOT / "docs" / "explanation" / "evidence.md"
PERIODS = (80, 150, 260)
LAGS = (1, 4, 8)
STRENGTHS = (0.3, 0.5, 0.7)
LINKS = 200
LEVEL = 0.05


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=1000, help="of each null")
    asked.add_argument("--powers", type=int, default=200, help="draws a cell of the table of power")
    asked.add_argument("--processes", type=int, default=os.cpu_count())
    asked.add_argument("--print", action="store_true", help="only write the page from the last result")
    options = asked.parse_args()
    if not options.print:
        with ProcessPoolExecutor(options.processes) as pool:
            found = {
                "draws": options.draws,
                "powers": options.powers,
                "nulls": [_null(pool, null, options.draws) for null in NULLS],
                "power": [row for kind in KINDS for row in _power(pool, kind, options.powers)],
                "time": _time(pool, options.processes),
            }
        RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    _write(json.loads(RESULT.read_text(encoding="utf-8")))


def _null(pool: ProcessPoolExecutor, null: Null, draws: int) -> dict[str, Any]:
    tested = _all(pool, partial(_tested_null, null.name), draws)
    steps = {
        "scan": _share(one.p_value for one in tested),
        "toda_yamamoto": _share(one.granger_p for one in tested),
        "skill_at_10": _share((one.skill_p for one in tested), 0.10),
    }
    print(null.name, _verdicts(tested), steps, flush=True)
    return {"name": null.name, "says": null.says, "verdicts": _verdicts(tested), "rejected": steps}


def _power(pool: ProcessPoolExecutor, kind: Kind, draws: int) -> Iterable[dict[str, Any]]:
    for periods in PERIODS:
        for lag in LAGS:
            for strength in STRENGTHS:
                if periods < 2 * kind.season:
                    continue
                tested = _all(pool, partial(_tested_led, kind, periods, lag, strength), draws)
                cell = {"kind": kind.name, "periods": periods, "lag": lag, "strength": strength}
                found = {
                    "verdicts": _verdicts(tested),
                    "lag_found": sum(one.measured_lag == lag for one in tested) / draws,
                    "mean_skill": sum(one.skill or 0.0 for one in tested) / draws,
                }
                print(cell, found, flush=True)
                yield cell | found


def _time(pool: ProcessPoolExecutor, processes: int) -> dict[str, Any]:
    """200 links over five years of weeks with a season, half of them true."""
    claims = [
        unrelated(NULLS[at % 4], at, periods=260)
        if at % 2
        else led(KINDS[2], at, periods=260, lag=LAGS[at % 3], strength=0.5)
        for at in range(LINKS)
    ]
    began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
    tested = [test(claim) for claim in claims]
    alone, cpu = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_utime - used
    began = time.perf_counter()
    again = list(pool.map(test, claims, chunksize=LINKS // (4 * processes)))
    assert again == tested
    evidence = judge_all(tested)
    return {
        "links": LINKS,
        "weeks": 260,
        "seconds_one_process": round(alone, 1),
        "user_cpu_seconds": round(cpu, 1),
        "seconds_all_processes": round(time.perf_counter() - began, 1),
        "processes": processes,
        "confirmed": sum(one.verdict is Verdict.CONFIRMED for one in evidence),
        "confirmed_falsely": sum(
            one.verdict is Verdict.CONFIRMED for at, one in enumerate(evidence) if at % 2
        ),
    }  # fmt: skip


def _all(pool: ProcessPoolExecutor, draw: partial[Tested], draws: int) -> list[Tested]:
    return list(pool.map(draw, range(draws), chunksize=25))


def _tested_null(name: str, seed: int) -> Tested:
    return test(unrelated(next(null for null in NULLS if null.name == name), seed))


def _tested_led(kind: Kind, periods: int, lag: int, strength: float, seed: int) -> Tested:
    claim: Claim = led(kind, seed, periods=periods, lag=lag, strength=strength)
    return test(claim)


def _verdicts(tested: Sequence[Tested]) -> dict[str, int]:
    """Each draw judged as the only claim of its project."""
    counts = Counter(str(judge_all([one])[0].verdict) for one in tested)
    return {str(verdict): counts[str(verdict)] for verdict in Verdict if counts[str(verdict)]}


def _share(p_values: Iterable[float | None], level: float = LEVEL) -> float:
    known = [p for p in p_values if p is not None]
    return round(sum(p <= level for p in known) / max(1, len(known)), 4)


def _write(found: dict[str, Any]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, lines in (("nulls", _nulls_table(found)), ("power", _power_table(found))):
        text = between(text, name, lines)
    PAGE.write_text(text, encoding="utf-8")


def _nulls_table(found: dict[str, Any]) -> str:
    draws = found["draws"]
    lines = [
        "| unrelated series | `confirmed` | 95 % interval | `weak` | `coincident` | `feedback` | `reversed` |",
        "|---|--:|---|--:|--:|--:|--:|",
    ]
    for null in found["nulls"]:
        counts = null["verdicts"]
        interval = stats.binomtest(counts.get("confirmed", 0), draws).proportion_ci(method="exact")
        shares = [f"{100 * counts.get(verdict, 0) / draws:.1f} %" for verdict in
                  ("confirmed", "weak", "coincident", "feedback", "reversed")]  # fmt: skip
        interval_written = f"{100 * interval.low:.1f} to {100 * interval.high:.1f} %"
        cells = [f"{null['name']}: {null['says']}", shares[0], interval_written, *shares[1:]]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _power_table(found: dict[str, Any]) -> str:
    lines = [
        "| series | periods | lag | correlation 0.3 | 0.5 | 0.7 |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    cells = {(row["kind"], row["periods"], row["lag"], row["strength"]): row["verdicts"] for row in found["power"]}
    for kind, periods, lag in dict.fromkeys((row["kind"], row["periods"], row["lag"]) for row in found["power"]):
        shown = []
        for strength in STRENGTHS:
            counts = cells[kind, periods, lag, strength]
            ahead = counts.get("confirmed", 0) + counts.get("weak", 0) + counts.get("feedback", 0)
            shown.append(f"{_percent(counts.get('confirmed', 0), found)} ({_percent(ahead, found)})")
        lines.append(f"| {kind} | {periods} | {lag} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _percent(count: int, found: dict[str, Any]) -> str:
    return f"{100 * count / found['powers']:.0f} %"


if __name__ == "__main__":
    main()
