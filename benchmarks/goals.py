"""What we want to reach, and where the kept results stand."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.lineup import OURS, YARDSTICK
from benchmarks.race import Race

Marks = Mapping[str, float]
Scale = Mapping[str, Sequence[Marks]]


@dataclass(frozen=True)
class Results:
    """The races and scales by their number of rows, and what was measured of starting up."""

    races: Mapping[int, Race]
    scales: Mapping[int, Scale]
    startup: Mapping[str, Sequence[float]]

    @property
    def rows(self) -> int:
        """The number of rows that goals are about: 10 M, or the most there are."""
        return 10_000_000 if 10_000_000 in self.races else max(self.races)


@dataclass(frozen=True)
class Goal:
    """A figure that should not be above (or below) a limit."""

    what: str
    limit: float
    figure: Callable[[Results], float]
    unit: str = ""
    at_least: bool = False

    def reached(self, figure: float) -> bool:
        """Whether the figure is good enough."""
        return figure >= self.limit if self.at_least else figure <= self.limit


def goals_table(results: Results) -> str:
    """Each goal with where we stand; without results a goal is left open."""
    lines = ["| goal | limit | now | |", "| --- | ---: | ---: | --- |"]
    for goal in GOALS:
        limit = f"{'≥' if goal.at_least else '≤'} {goal.limit:g}{goal.unit}"
        try:
            figure = goal.figure(results)
        except (KeyError, ValueError, statistics.StatisticsError):
            lines.append(f"| {goal.what} | {limit} | not measured | |")
            continue
        lines.append(f"| {goal.what} | {limit} | {figure:.3g}{goal.unit} | {'yes' if goal.reached(figure) else 'no'} |")
    return "\n".join(lines)


def race_seconds(race: Race, entrant: str, mark: str = "computed", since: str = "") -> float:
    """The median seconds of a contestant up to a mark, from another one on or from the start of the process."""
    times = [one.seconds for one in race.times if one.entrant == entrant and not one.failure]
    return statistics.median(one[mark] - (one[since] if since else 0.0) for one in times)


def _peak(results: Results, rows: int) -> float:
    return max(one.peak_mb["computed"] for one in results.races[rows].times if one.entrant == OURS and not one.failure)


def _times_faster(than: Sequence[str]) -> Callable[[Results], float]:
    def figure(results: Results) -> float:
        race = results.races[results.rows]
        return sum(race_seconds(race, name) for name in than) / race_seconds(race, OURS)

    return figure


def _scaled(results: Results, what: str, mark: str, since: str = "") -> float:
    found = results.scales[results.rows][what]
    return statistics.median(one[mark] - (one[since] if since else 0.0) for one in found)


def _times_s(results: Results) -> float:
    race = results.races[results.rows]
    return race_seconds(race, OURS, since="model") / race_seconds(race, YARDSTICK, since="opened")


def _additive_times_s(results: Results) -> float:
    return _scaled(results, "sums and counts alone", "computed", "model") / _scaled(results, "S", "computed", "opened")


def _day_share(results: Results) -> float:
    return _scaled(results, "one more day", "computed", "model") / _scaled(results, "full run", "computed", "model")


def _validation(results: Results) -> float:
    race = results.races[results.rows]
    return 100 * race_seconds(race, OURS, "publish", since="validate") / race_seconds(race, OURS, "finished")


def _history(results: Results) -> float:
    return max(statistics.median(times) for name, times in results.startup.items() if name.startswith("history"))


GOALS = (
    Goal("metrics made of sums and counts, in S (both without start-up)", 1.25, _additive_times_s),
    Goal("all 24 metrics, in S (both without start-up)", 20, _times_s),
    Goal("times faster than the best shared scan in SQL", 5, _times_faster(["sql_shared"]), at_least=True),
    Goal("times faster than a query a series in SQL", 15, _times_faster(["sql_naive"]), at_least=True),
    Goal("times faster than MetricFlow's 21 metrics", 10, _times_faster(["metricflow"]), at_least=True),
    Goal(
        "times faster than MetricFlow, all 24",
        200,
        _times_faster(["metricflow", "metricflow_cumulative"]),
        at_least=True,
    ),
    Goal(
        "50 M rows, in the time of 10 M",
        5.2,
        lambda all_: race_seconds(all_.races[50_000_000], OURS) / race_seconds(all_.races[10_000_000], OURS),
    ),
    Goal("peak memory at 10 M rows", 1_000, lambda all_: _peak(all_, 10_000_000), " MB"),
    Goal("peak memory at 50 M rows", 1_000, lambda all_: _peak(all_, 50_000_000), " MB"),
    Goal(
        "200 sums in a run, in the time of 24 (both without start-up)",
        5,
        lambda all_: (
            _scaled(all_, "200 sums in a run", "computed", "model")
            / _scaled(all_, "24 sums in a run", "computed", "model")
        ),
    ),
    Goal("one more day, share of a full run (without start-up)", 0.05, _day_share),
    Goal("one more day of 50 M rows", 0.2, lambda all_: _one_day(all_.scales[50_000_000]), " s"),
    Goal("validating, share of a whole run", 15, _validation, " %"),
    Goal("`kpi run` of the shipped project, nothing new", 3, lambda all_: _median(all_, "kpi run, nothing new"), " s"),
    Goal("`kpi --help`", 0.3, lambda all_: _median(all_, "kpi --help"), " s"),
    Goal("the history of a KPI from the published file", 20, _history, " ms"),
)


def _one_day(scale: Scale) -> float:
    return statistics.median(one["computed"] - one["model"] for one in scale["one more day"])


def _median(results: Results, what: str) -> float:
    return statistics.median(results.startup[what])
