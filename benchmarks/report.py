"""The report: tables and a plot from the kept results, put between the markers of docs/benchmarks.md."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.goals import Results, Scale, goals_table
from benchmarks.lineup import LINEUP, OURS, YARDSTICK, Entrant
from benchmarks.page import between
from benchmarks.plot import Bar, drawn
from benchmarks.race import Race, from_json

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
PICTURE = PAGE.parent / "images" / "benchmarks.svg"
SIZES = (1_000_000, 10_000_000, 50_000_000)
DERIVED, PUBLISHED = "computed", "finished"


@dataclass(frozen=True)
class Taken:
    """What a contestant took, up to one of its marks: median, least and most seconds, and the most memory."""

    median: float
    least: float
    most: float
    peak_mb: float
    runs: int


def write_report() -> None:
    """Writes what there are results of; text outside the markers stays."""
    results = kept()
    page = PAGE.read_text("utf-8")
    for rows, one in results.races.items():
        page = between(page, f"race {rows}", race_table(one))
    if results.scales:
        page = between(page, "scale", scale_table(results.scales))
    if len(results.races) > 1:
        page = between(page, "rows", rows_table(results.races))
    if results.startup:
        page = between(page, "startup", startup_table(results.startup))
    if results.races:
        page = between(page, "goals", goals_table(results))
        title = f"The workload over {results.rows:,} orders, seconds"
        PICTURE.write_text(drawn(_bars(results.races[results.rows]), title), encoding="utf-8")
    PAGE.write_text(page, encoding="utf-8")


def kept() -> Results:
    """Everything that was measured and kept."""
    races = {rows: from_json(text) for rows in SIZES if (text := _read(f"race-{rows}.json"))}
    scales = {rows: json.loads(text)["found"] for rows in SIZES if (text := _read(f"scale-{rows}.json"))}
    return Results(races, scales, json.loads(_read("startup.json") or "{}"))


def race_table(race: Race) -> str:
    """Every contestant's time, beside S and beside the engine."""
    scan = taken(race, YARDSTICK, DERIVED)
    ours = taken(race, OURS, DERIVED)
    lines = [
        "| contestant | median s | min – max | runs | peak MB | × S | × kpi_pipeline | metrics equal |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for one, mark, title in _entries(race):
        found = taken(race, one.name, mark)
        if found is None:
            lines.append(f"| {title} | {_failure(race, one)} | | | | | | |")
            continue
        lines.append(
            f"| {title} | {_seconds(found.median)} | {_seconds(found.least)} – {_seconds(found.most)} | {found.runs} "
            f"| {found.peak_mb:,.0f} | {_ratio(found, scan)} | {_ratio(found, ours)} | {_equal(race, one)} |"
        )
    return "\n".join(lines)


def rows_table(races: Mapping[int, Race]) -> str:
    """The same contestants over more and more orders."""
    sizes = sorted(races)
    lines = [
        "| contestant | " + " | ".join(f"{rows // 1_000_000} M s" for rows in sizes) + " | "
        + " | ".join(f"{rows // 1_000_000} M peak MB" for rows in sizes) + " |",
        "| --- " + "| ---: " * (2 * len(sizes)) + "|",
    ]  # fmt: skip
    for one in LINEUP:
        for mark, title in one.titles.items():
            found = [taken(races[rows], one.name, mark) for rows in sizes]
            if any(found):
                seconds = " | ".join(_seconds(each.median) if each else "" for each in found)
                peaks = " | ".join(f"{each.peak_mb:,.0f}" if each else "" for each in found)
                lines.append(f"| {title} | {seconds} | {peaks} |")
    return "\n".join(lines)


def scale_table(scales: Mapping[int, Scale]) -> str:
    """What changes, and what that costs, a column a number of rows."""
    columns = [_scaled(one) for one in scales.values()]
    names = dict.fromkeys(name for column in columns for name in column)
    lines = ["| what | " + " | ".join(f"{rows // 1_000_000} M" for rows in scales) + " |"]
    lines.append("| --- " * (1 + len(scales)) + "|")
    lines += [f"| {name} | " + " | ".join(column.get(name, "") for column in columns) + " |" for name in names]
    return "\n".join(lines)


def startup_table(found: Mapping[str, Sequence[float]]) -> str:
    """What people wait for, in seconds or milliseconds."""
    lines = ["| what | median | min – max |", "| --- | ---: | ---: |"]
    for name, times in found.items():
        unit, digits = ("ms", 1) if name.endswith("(ms)") else ("s", 2)
        least, middle, most = (f"{one:.{digits}f}" for one in (min(times), statistics.median(times), max(times)))
        lines.append(f"| {name.removesuffix(' (ms)')} | {middle} {unit} | {least} – {most} |")
    return "\n".join(lines)


def taken(race: Race, name: str, mark: str) -> Taken | None:
    """What a contestant took up to a mark, if it got there."""
    times = [one for one in race.times if one.entrant == name and not one.failure]
    if not times:
        return None
    seconds = [one.seconds[mark] for one in times]
    peak = max(one.peak_mb[mark] for one in times)
    return Taken(statistics.median(seconds), min(seconds), max(seconds), peak, len(times))


def _scaled(found: Scale) -> dict[str, str]:
    cells: dict[str, str] = {}
    for what, marks in found.items():
        peak = max(one["peak_mb"] for one in marks)
        whole = statistics.median(max(value for name, value in one.items() if name != "peak_mb") for one in marks)
        said = f"{_seconds(whole)} s, {peak:,.0f} MB"
        if all("derive" in one for one in marks):
            derived = statistics.median(one[DERIVED] - one["model"] for one in marks)
            end = "published" if all("publish" in one for one in marks) else "then"
            said = f"{_seconds(derived)} s from model to values; {said} until {end}"
        cells[what] = said
    return cells


def _entries(race: Race) -> list[tuple[Entrant, str, str]]:
    there = {one.entrant for one in race.times}
    return [(one, mark, title) for one in LINEUP if one.name in there for mark, title in one.titles.items()]


def _bars(race: Race) -> list[Bar]:
    found = [(title, taken(race, one.name, mark)) for one, mark, title in _entries(race)]
    return [
        Bar(title.replace("*", "").replace("`", ""), one.median, "kpi_pipeline" in title) for title, one in found if one
    ]


def _equal(race: Race, one: Entrant) -> str:
    checked = race.checked.get(one.name)
    if checked is None:
        return "–"
    said = f"{checked.metrics - len(checked.differs)} of {checked.metrics}"
    return said + "".join(f"; {name}: {one.differs[name]}" for name in checked.differs)


def _failure(race: Race, one: Entrant) -> str:
    said = next(time.failure for time in race.times if time.entrant == one.name)
    return said if said.startswith("not finished") else "wrong values" if said.startswith("differs") else "failed"


def _ratio(one: Taken, other: Taken | None) -> str:
    return f"{one.median / other.median:.1f}" if other else ""


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds < 10 else f"{seconds:.1f}" if seconds < 100 else f"{seconds:,.0f}"


def _read(name: str) -> str:
    file = RESULTS / name
    return file.read_text("utf-8") if file.exists() else ""
