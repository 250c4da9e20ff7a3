"""The report: what is measured becomes tables, goals and a plot; answers that differ stop a race."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import duckdb

from benchmarks.goals import GOALS, Results, goals_table
from benchmarks.lineup import LINEUP, entrant
from benchmarks.measured import measured
from benchmarks.page import between
from benchmarks.plot import Bar, drawn
from benchmarks.race import Checked, Race, Time, _checked, as_json, from_json
from benchmarks.report import kept, race_table, taken
from benchmarks.workload.metrics import METRICS


def times(name: str, *seconds: float) -> list[Time]:
    marks = [{"opened": 0.5, "model": 1.0, "computed": one, "validate": one, "publish": one + 1, "finished": one + 4}
             for one in seconds]  # fmt: skip
    return [Time(name, number, one, dict.fromkeys(one, 200.0)) for number, one in enumerate(marks)]


RACE = Race(
    1_000_000,
    (
        *times("scan", 1.0, 1.5, 1.1),
        *times("ours", 4.0, 2.0, 3.0),
        *times("sql_shared", 30.0),
        *times("metricflow", 90.0),
        Time("polars_naive", 0, {}, {"finished": 9_000.0}, "not finished after 3600 s"),
    ),
    {
        "ours": Checked(24, (), ()),
        "sql_shared": Checked(24, (), ()),
        "metricflow": Checked(21, ("revenue_28d", "customers_28d", "revenue_mtd"), ("revenue_growth",)),
    },
)


def test_the_median_counts_and_ratios_are_to_the_scan_and_to_ours() -> None:
    wrong = Time("boring", 0, {"computed": 1.0}, {"computed": 9.0}, "differs from sql_naive:\n  orders")
    lines = race_table(replace(RACE, times=(*RACE.times, wrong))).splitlines()
    ours, whole = [line for line in lines if line.startswith("| **kpi_pipeline**")]
    assert ours.endswith("| 3.00 | 2.00 – 4.00 | 3 | 200 | 2.7 | 1.0 | 24 of 24 |")
    assert "| 7.00 | 6.00 – 8.00 |" in whole
    (flow,) = [line for line in lines if "MetricFlow" in line]
    assert "| 30.0 | 20 of 21; revenue_growth: pairs no weeks" in flow
    assert any("not finished after 3600 s" in line for line in lines)
    assert any("(20 metrics) | wrong values |" in line for line in lines)


def test_a_goal_is_reached_missed_or_not_measured() -> None:
    table = goals_table(Results({1_000_000: RACE}, {}, {"kpi --help": [0.4, 0.5]})).splitlines()
    said = {line.split(" | ")[0].strip("| "): line for line in table[2:]}
    assert len(said) == len(GOALS)
    assert said["times faster than the best shared scan in SQL"].endswith("| ≥ 5 | 10 | yes |")
    assert said["all 24 metrics, in S (both without start-up)"].endswith("| ≤ 20 | 3.33 | yes |")
    assert said["`kpi --help`"].endswith("| ≤ 0.3 s | 0.45 s | no |")
    assert said["50 M rows, in the time of 10 M"].endswith("| not measured | |")


def test_a_race_is_kept_as_it_was() -> None:
    assert from_json(as_json(RACE)) == RACE
    assert taken(RACE, "polars_naive", "computed") is None


def test_what_is_kept_can_be_reported() -> None:
    results = kept()
    assert all(race_table(race) for race in results.races.values())
    assert {one.entrant for race in results.races.values() for one in race.times} <= {one.name for one in LINEUP}


def test_the_plot_is_svg_with_a_bar_each() -> None:
    svg = ET.fromstring(drawn([Bar("a <b>", 0.5, ours=True), Bar("c", 80.0, ours=False)], "Seconds & more"))
    texts = [one.text for one in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0] == "Seconds & more"
    assert {"a <b>", "c", "0.1", "1", "10", "100"} <= set(texts)
    widths = [float(one.attrib["width"]) for one in svg.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths[2] > 3 * widths[1]


def test_text_around_the_markers_stays() -> None:
    page = "before\n<!-- goals -->\nold\n<!-- /goals -->\nafter"
    assert between(page, "goals", "new") == "before\n<!-- goals -->\n\nnew\n\n<!-- /goals -->\nafter"
    assert between(page, "scale", "new") == page


def test_wrong_answers_are_said(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name, value in (("sql_naive", 1.0), ("sql_shared", 2.0)):
        duckdb.sql(
            f"COPY (SELECT 'orders' AS metric, 'day' AS grain, '' AS breakdown, '' AS segment, "
            f"DATE '2021-01-01' AS period_start, {value} AS value) TO '{out / name}.parquet'"
        )
    first, wrong = _checked(tmp_path, entrant("sql_naive"), {})
    assert not wrong
    assert first.lacks == METRICS[1:]
    _, wrong = _checked(tmp_path, entrant("sql_shared"), {"sql_naive": first})
    assert wrong.startswith("differs from sql_naive:\n  orders by day: 1 values, such as 2021-01-01  expected 1.0")


def test_memory_is_that_of_the_whole_family() -> None:
    hold = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(150_000_000); import time; time.sleep(.5)'])"
    done = measured(["python3", "-c", hold])
    assert done.code == 0
    assert done.peak_mb > 140 or not Path("/proc").exists()


def test_a_process_is_stopped_at_the_limit() -> None:
    done = measured(["python3", "-c", "import time; time.sleep(60)"], limit=0.3)
    assert done.code is None
    assert done.seconds < 10
