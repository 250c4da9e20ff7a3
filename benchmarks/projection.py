"""How far off projections are, and how often their intervals hold, on the past of the shipped projects.

    python -m benchmarks.projection

writes results/projection.json and the tables of docs/explanation/projection.md. For every KPI and every period of its
past it is asked where the period would end, when none, a quarter, half and three quarters of it were over. What is
looked at is cut off there: the periods before, and what was in by then. With statsforecast in an environment of its own
(`python -m benchmarks peers statsforecast`) its automatic exponential smoothing is asked the same.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.environments import python_of
from benchmarks.measured import ROOT
from benchmarks.page import between
from kpi_pipeline import load_project
from kpi_pipeline.compile import compile_project
from kpi_pipeline.derive import derive
from kpi_pipeline.ingest import source_states
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.pipeline.ask import partial_results
from kpi_pipeline.pipeline.coverage import by_calendar, calendar_for, coverage_of
from kpi_pipeline.pipeline.opened import opened_to_ask
from kpi_pipeline.pipeline.projection import asked_of, placed_on
from kpi_pipeline.pipeline.run import run
from kpi_pipeline.pipeline.stood import Asked, Known
from kpi_pipeline.project import Project
from kpi_pipeline.projection import Board, Part
from kpi_pipeline.projection import project as projected
from kpi_pipeline.projection.methods import forecasts, values_of
from kpi_pipeline.projection.nouns import METHODS, Method, Stage
from kpi_pipeline.segments import TOTAL

RESULT = Path(__file__).parent / "results" / "projection.json"
PAGE = ROOT / "docs" / "explanation" / "projection.md"
PEER = Path(__file__).parent / "contestants" / "auto_ets.py"
PROJECTS = {"giftware": ROOT, "adventureworks": ROOT / "examples" / "adventureworks"}
OVER = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How much of the days of a period is over; where all is, events may still follow."""
SEASON = {"day": 7, "week": 52, "month": 12, "quarter": 4, "year": 1}
FEWEST_ERRORS = 5
LEAST = 1e-3
"""No error is taken for a smaller share of another one: it would rule the mean of shares."""
OTHERS = ("naive", "seasonal_naive", "auto")

Row = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What was said of one period when so much of it was over, what others say, and what came."""

    data: str
    kpi: str
    grain: str
    over: float
    ahead: int
    place: int
    came: float
    value: float
    low: float
    high: float
    method: str
    naive: float
    seasonal_naive: float | None


def main() -> None:
    """Runs everything and writes the results down."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--home", type=Path, default=Path.home() / ".cache" / "kpi_pipeline_benchmarks")
    wanted.add_argument("--report", action="store_true", help="only write the page again")
    options = wanted.parse_args()
    if not options.report:
        told: list[Told] = []
        series: dict[str, dict[str, Any]] = {}
        for data, root in PROJECTS.items():
            for one, ends in _of_project(data, root):
                told.append(one)
                series.setdefault(f"{one.data}/{one.kpi}/{one.ahead}", ends)
        found = _summary(told, _auto(told, series, options.home), series)
        lines = ",\n".join(json.dumps(_plain(row)) for row in found)
        RESULT.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    _write(json.loads(RESULT.read_text(encoding="utf-8")))


def _of_project(data: str, root: Path) -> Iterator[tuple[Told, dict[str, Any]]]:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        for name in ("definitions", "data", "reviews"):
            if (root / name).exists():
                ignored = shutil.ignore_patterns("warehouse.duckdb*", "published")
                shutil.copytree(root / name, here / name, ignore=ignored)
        loaded = load_project(here / "definitions").project
        run(loaded)
        with _known(loaded) as known:
            yield from _of_known(data, loaded, known)


def _of_known(data: str, loaded: Project, known: Known) -> Iterator[tuple[Told, dict[str, Any]]]:
    boards: dict[Asked, list[Kpi]] = {}
    for name in sorted(loaded.kpis):
        kpi = loaded.kpis[name].model_copy(update={"breakdowns": ((),)})
        for asked in asked_of(kpi, known):
            for point in _points(asked, known):
                boards.setdefault(point, []).append(kpi)
    for placed in placed_on(boards, known):
        asked, rows, board = placed.asked, placed.rows, placed.board
        over = _over(asked, known)
        ends, made = values_of(board), forecasts(board)
        for last in range(1, len(board.clock.work) - asked.ahead):
            found = projected(cut_off(board, last))
            for row, one in enumerate(rows):
                if one.segments != (TOTAL,) or not np.isfinite([found.value[row], ends[row, last]]).all():
                    continue
                naive, seasonal = (
                    float(made[METHODS.index(method), row, last]) for method in (Method.naive, Method.seasonal_naive)
                )
                yield (
                    Told(
                        data, one.kpi, asked.grain.value, over, asked.ahead, last, float(ends[row, last]),
                        float(found.value[row]), float(found.low[row]), float(found.high[row]),
                        METHODS[int(found.method[row])].value, naive, seasonal if np.isfinite(seasonal) else None,
                    ),
                    {"season": SEASON[asked.grain.value], "ends": ends[row].tolist()},
                )  # fmt: skip


@contextmanager
def _known(project: Project) -> Iterator[Known]:
    """All that a run computes of the KPIs' totals, from what the last one kept."""
    kpis = {name: kpi.model_copy(update={"breakdowns": ((),)}) for name, kpi in project.kpis.items()}
    only = replace(project, kpis=kpis)
    with opened_to_ask(only, wait=60) as context:
        plan = compile_project(only, kpis=list(kpis), metrics=[])
        partials = partial_results(context, plan)
        states = by_calendar(only, source_states(context.warehouse), context.warehouse)
        coverage = coverage_of(plan.derivations, partials, states, context.today)
        calendar = calendar_for(only, coverage, context.now.date(), context.warehouse)
        results = derive(plan.series, plan.derivations, partials, calendar, coverage, dense=True)
        yield Known(plan.derivations, results, replace(partials, answers=None), calendar, coverage, frozenset())


def _points(asked: Asked, known: Known) -> list[Asked]:
    """The points within the period to ask at; of one that is over and waits for events, the one it has come to.

    NOTE: of one that will have to wait, too: at another point of it other periods would wait.
    """
    if asked.waited or asked.ahead > 1:
        return [asked]
    days = _days(asked, known)
    through = dict.fromkeys(round(days * over) for over in OVER)
    return [replace(asked, through=asked.start + timedelta(days=one)) for one in through if one < days]


def _days(asked: Asked, known: Known) -> int:
    periods = known.calendar.of(asked.grain)
    ends = dict(periods.select("period_start", "period_end").iter_rows())
    return int((ends[asked.start] - asked.start).days)


def _over(asked: Asked, known: Known) -> float:
    """The nearest of the points asked at."""
    if asked.waited:
        return 1.0
    share = (asked.through - asked.start).days / _days(asked, known)
    return min(OVER[:-1], key=lambda one: abs(one - share))


def cut_off(board: Board, last: int) -> Board:
    """The board as it was when a period of the past was the one in progress."""
    clock, until = board.clock, slice(0, last + 1)
    then = replace(clock, share=clock.share[until], work=clock.work[until], ago=clock.ago[until])
    nothing = np.full_like(board.now, np.nan)
    upper, lower = (_cut_part(part, last, clock.ahead) for part in (board.upper, board.lower))
    return replace(board, clock=then, upper=upper, lower=lower, now=nothing, leader=board.leader[:, until])


def _cut_part(part: Part, last: int, ahead: int) -> Part:
    ends = part.ends[:, : last + 1].copy()
    ends[:, last + 1 - ahead :] = np.nan
    later = tuple(Stage(step.ahead, _known_until(step.stood, last - step.ahead)[:, : last + 1]) for step in part.later)
    return replace(part, ends=ends, so_far=part.so_far[:, : last + 1], later=later)


def _known_until(values: NDArray[np.float64], last: int) -> NDArray[np.float64]:
    return np.where(np.arange(values.shape[1]) <= last, values, np.nan)


def _auto(told: Sequence[Told], series: Mapping[str, Mapping[str, Any]], home: Path) -> dict[str, dict[str, float]]:
    """What statsforecast's AutoETS says of each period, by series and place; nothing where it is not installed."""
    python = python_of(home, "statsforecast")
    if python is None:
        return {}
    places: dict[str, set[int]] = {}
    for one in told:
        places.setdefault(f"{one.data}/{one.kpi}/{one.ahead}", set()).add(one.place)
    asked = [
        {"name": name, "ahead": int(name.rpartition("/")[2]), "places": sorted(places[name]), **one}
        for name, one in series.items()
    ]
    done = subprocess.run(
        [str(python), str(PEER)], input=json.dumps(_plain(asked)), capture_output=True, text=True, check=True
    )
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


def _plain(value: Any) -> Any:
    """What JSON can say: no NaN, and as many digits as matter."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return float(f"{value:.7g}") if np.isfinite(value) else None
    return value


def _write(found: Sequence[Row]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, lines in (("pooled", _pooled(found)), ("kpis", _by_kpi(found))):
        text = between(text, name, lines)
    PAGE.write_text(text, encoding="utf-8")


def _summary(
    told: Sequence[Told], auto: Mapping[str, Mapping[str, float]], series: Mapping[str, Mapping[str, Any]]
) -> list[Row]:
    """A row a KPI and share that was over: how many intervals held, and the errors beside those of others."""
    together: dict[tuple[str, str, float], list[Told]] = {}
    for one in told:
        together.setdefault((one.data, one.kpi, one.over), []).append(one)
    rows = []
    for (data, kpi, over), some in together.items():
        others: dict[str, list[float | None]] = {
            "naive": [one.naive for one in some],
            "seasonal_naive": [one.seasonal_naive for one in some],
            "auto": [auto.get(f"{data}/{kpi}/{one.ahead}", {}).get(str(one.place)) for one in some],
        }
        rows.append(
            {
                "data": data,
                "kpi": kpi,
                "over": over,
                "periods": len(some),
                "held": sum(_holds(one) for one in some),
                "step": _step(series[f"{data}/{kpi}/{some[0].ahead}"]["ends"]),
                "error": sum(abs(one.value - one.came) for one in some),
                "beside": {name: _beside(some, said) for name, said in others.items()},
                "methods": dict(Counter(one.method for one in some)),
            }
        )
    return rows


def _beside(some: Sequence[Told], said: Sequence[float | None]) -> tuple[int, float, float]:
    """On how many periods another one said something, and what our and its errors there add up to."""
    pairs = [
        (abs(one.value - one.came), abs(it - one.came)) for one, it in zip(some, said, strict=True) if it is not None
    ]
    return len(pairs), sum(ours for ours, _ in pairs), sum(theirs for _, theirs in pairs)


def _holds(one: Told) -> bool:
    hair = abs(one.came) * 1e-6
    return one.low - hair <= one.came <= one.high + hair


def _step(ends: Sequence[float]) -> float:
    """How much a KPI changes from one period to the next, on average."""
    known = np.array([one for one in ends if np.isfinite(one)])
    steps = np.abs(np.diff(known))
    return float(steps.mean()) if len(steps) else 0.0


def _pooled(found: Sequence[Row]) -> str:
    """Coverage and error over all KPIs, by data set and by how much was over."""
    lines = [
        "| data | over | KPIs | periods | held | between | error, to naive | to seasonal naive | to AutoETS |",
        "|---|--:|--:|--:|--:|---|--:|--:|--:|",
    ]
    for data in (*PROJECTS, None):
        for over in (*OVER, None):
            some = [one for one in found if data in (None, one["data"]) and over in (None, one["over"])]
            if not some:
                continue
            held, low, high = _coverage(some)
            ratios = [_geometric(_ratios(some, name)) for name in OTHERS]
            cells = [
                data or "both",
                "all" if over is None else "waiting" if over == 1 else f"{over:.0%}",
                str(len(_of_each(some))),
                f"{sum(one['periods'] for one in some):,}",
                f"{held:.1%}",
                f"{low:.1%} and {high:.1%}",
                *(_number(one) for one in ratios),
            ]
            bold = data is None and over is None
            lines.append("| " + " | ".join(f"**{cell}**" if bold else cell for cell in cells) + " |")
    return "\n".join(lines).replace("%", " %")


def _by_kpi(found: Sequence[Row]) -> str:
    lines = [
        "| KPI | periods | held | naive | seasonal naive | AutoETS | 0 % | 25 % | 50 % | 75 % | waiting | used most |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for (_, kpi), some in _of_each(found).items():
        begun = min(some, key=lambda one: float(one["over"]))
        others = [_mean(begun["beside"][name][2], begun["beside"][name][0], begun["step"]) for name in OTHERS]
        at = {one["over"]: _mean(one["error"], one["periods"], one["step"]) for one in some}
        periods, held = (sum(one[name] for one in some) for name in ("periods", "held"))
        methods: Counter[str] = sum((Counter(one["methods"]) for one in some), Counter())
        ((most, times),) = methods.most_common(1)
        cells = [*others, *(at.get(over, "–") for over in OVER), f"{most} ({100 * times / periods:.0f} %)"]
        lines.append(f"| {kpi} | {periods} | {100 * held / periods:.0f} % | {' | '.join(cells)} |")
    return "\n".join(lines)


def _of_each(some: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """The rows of each KPI."""
    found: dict[tuple[str, str], list[Row]] = {}
    for one in some:
        found.setdefault((one["data"], one["kpi"]), []).append(one)
    return found


def _coverage(some: Sequence[Row]) -> tuple[float, float, float]:
    """The share of intervals that held, and its 95 % interval: KPIs are drawn whole, their periods hang together."""
    each = _of_each(some).values()
    held, tried = (
        np.array([sum(one[name] for one in ones) for ones in each], dtype=float) for name in ("held", "periods")
    )
    drawn = np.random.default_rng(1).integers(0, len(held), (4000, len(held)))
    shares = held[drawn].sum(axis=1) / tried[drawn].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(held.sum() / tried.sum()), float(low), float(high)


def _ratios(some: Sequence[Row], name: str) -> list[float]:
    """By KPI our error as a share of another's, on the same periods."""
    ratios = []
    for ones in _of_each(some).values():
        periods, ours, theirs = (sum(one["beside"][name][place] for one in ones) for place in range(3))
        if periods >= FEWEST_ERRORS and theirs > 0:
            ratios.append(max(ours / theirs, LEAST))
    return ratios


def _mean(error: float, periods: int, step: float) -> str:
    return "–" if not periods or not step else f"{error / periods / step:.2f}"


def _geometric(ratios: Sequence[float]) -> float | None:
    return float(np.exp(np.mean(np.log(ratios)))) if ratios else None


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    main()
