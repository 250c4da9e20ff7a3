"""`kpi show KPI`: one KPI with its meaning, origin and history; `kpi show GOAL`: see `show_goal`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.show_goal import show_goal
from kpi_pipeline.cli.shown import console, facts_table, number, plain_table, share, status_text
from kpi_pipeline.errors import QueryError, did_you_mean
from kpi_pipeline.holidays import holidays_said
from kpi_pipeline.kpis import MISSING, Kpi
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.project import Project
from kpi_pipeline.projection_words import method_told
from kpi_pipeline.store.published import Published

Row = dict[str, Any]


def show_kpi(asked: Path, name: str, *, periods: int) -> None:
    """Prints a KPI's definition, where it comes from, its last values and a small plot; or a goal."""
    project = open_project(asked).project
    if name in project.goals and name not in project.kpis:
        show_goal(project, name)
        return
    if name not in project.kpis:
        hint = did_you_mean(name, [*project.kpis, *project.goals])
        if name in project.metrics:
            hint = f"'{name}' is a metric: `kpi explain {name}` says how it is made, `kpi query {name}` what it is"
        raise QueryError(f"There is no KPI and no goal named '{name}'.\nHint: {hint or '`kpi list` shows them'}")
    kpi = project.kpis[name]
    out = console()
    with Published.open(project.path(project.settings.publish.duckdb)) as published:
        about = published.fetch(
            "SELECT kpi.*, scorecard.led_by FROM kpi LEFT JOIN scorecard ON scorecard.kpi = kpi.kpi WHERE kpi.kpi = ?",
            [name],
        ).to_dicts()
        if not about:
            raise QueryError(f"KPI '{name}' was not published yet.\nHint: `kpi run --select {name}` computes it.")
        values = published.fetch(
            "SELECT * FROM kpi_value WHERE kpi = ? AND segment = 'all' ORDER BY period_start_utc", [name]
        ).to_dicts()
        roles = published.fetch(
            "SELECT * FROM kpi_indicator WHERE kpi = ? AND indicator <> 'unclassified' "
            "ORDER BY viewpoint <> 'company', viewpoint",
            [name],
        ).to_dicts()
        edges = published.fetch("SELECT DISTINCT downstream, upstream FROM lineage").rows()
        holidays = published.fetch("SELECT * FROM calendar WHERE is_holiday ORDER BY day").to_dicts()
        projections = published.fetch(
            "SELECT * FROM kpi_projection WHERE kpi = ? AND segment = 'all' ORDER BY period_start_utc", [name]
        ).to_dicts()
    _definition(out, project, kpi, about[0], roles)
    _lineage(out, name, edges)
    shown = _through_current(values)
    _values(out, about[0], shown[-periods:], holidays)
    _projection(out, about[0], shown[-1:], projections)
    _plot(out, about[0], shown)


def _projection(out: Console, about: Row, newest: list[Row], projections: list[Row]) -> None:
    """Where the period in progress is expected to end, how that is known, and how far off it usually is."""
    row = next((row for row in newest if row["projected_value"] is not None), None)
    if row is None:
        return
    largest = _largest(newest)
    value, low, high = (
        number(row[f"projected_{name}"], about["unit"], about["currency"], beside=largest)
        for name in ("value", "low", "high")
    )
    told = Text(f"{row['period_label']} is heading for {value}, in four of five cases for {low} to {high}: ")
    told.append(status_text(row["projected_status"]))
    out.print(told)
    how = next((how for how in projections if how["period_start_utc"] == row["period_start_utc"]), None)
    if how is not None:

        def write(error: float) -> str:
            return number(error, about["unit"], about["currency"])

        out.print(Text(method_told(how, about["grain"], write), style="dim"))
    out.print()


def _through_current(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The complete periods and the one after them; stray rows of later ones say nothing yet."""
    complete = [place for place, row in enumerate(values) if row["is_complete"]]
    return values[: complete[-1] + 2] if complete else values


def _definition(out: Console, project: Project, kpi: Kpi, about: dict[str, Any], roles: list[dict[str, Any]]) -> None:
    out.print(Text(kpi.title, style="bold"), Text(f"  {kpi.name}", style="dim"))
    if about["description"]:
        out.print(Text(about["description"]))
    out.print()
    facts = facts_table()
    goals = [project.goals[share.goal] for share in kpi.serves]
    owner = project.people[kpi.owner].title if kpi.owner else None
    team = project.teams[kpi.team].title if kpi.team else None
    target = (
        f"{kpi.target.type.replace('_', ' ')}; {kpi.target.provenance or 'no provenance'}" if kpi.target else "none"
    )
    benchmark = (
        f"{number(kpi.benchmark.value, about['unit'], about['currency'])}; {kpi.benchmark.source}"
        if kpi.benchmark
        else None
    )
    due = project.review_due(kpi.name)
    review = f"every {due.every}, last {due.last or 'never'}{f', due {due.due}' if due.due else ''}" if due else None
    decided = next((f"{one.decision} ({one.by}, {one.on})" for one in project.reviews_of(kpi.name)), None)
    for key, value in (
        ("metric", f"{about['metric']} = {about['formula']}"),
        ("goal", "; ".join(goal.title for goal in goals)),
        ("owner", ", ".join(one for one in (owner, team) if one)),
        ("target", target),
        ("benchmark", benchmark),
        ("review", review),
        ("decided", decided),
        ("closed", _closed(project, kpi)),
        ("defined in", about["defined_in"]),
    ):
        if value:
            facts.add_row(key, Text(str(value)))
    for role in roles:
        whom = "the company" if role["viewpoint"] == "company" else role["viewpoint"]
        facts.add_row(f"{role['indicator']}", Text(f"for {whom}: {role['reason']}"))
    if about["led_by"]:
        facts.add_row("led by", Text(about["led_by"]))
    out.print(facts)
    out.print()


def _closed(project: Project, kpi: Kpi) -> str | None:
    """Until when its books are closed, and by whom."""
    freeze = project.freeze_of(kpi.name)
    return "; ".join(one for one in (f"through {freeze.through}", freeze.by, freeze.note) if one) if freeze else None


def _lineage(out: Console, name: str, edges: list[tuple[str, str]]) -> None:
    """Everything the KPI is made from, sources first."""
    upstream: dict[str, list[str]] = {}
    for down, up in edges:
        upstream.setdefault(down, []).append(up)
    found: dict[str, None] = {}
    waiting = [f"kpi/{name}"]
    while waiting:
        here = waiting.pop(0)
        for up in sorted(upstream.get(here, [])):
            if up not in found and not up.startswith("kpi/"):
                found[up] = None
                waiting.append(up)
    order = ("raw", "model", "metric")
    steps = [", ".join(one.partition("/")[2] for one in found if one.startswith(f"{kind}/")) for kind in order]
    out.print(Text("  →  ".join([*(step for step in steps if step), name]), style="dim"))
    out.print()


def _values(out: Console, about: dict[str, Any], values: list[dict[str, Any]], holidays: list[dict[str, Any]]) -> None:
    table = plain_table()
    table.add_column("Period", no_wrap=True)
    for column in ("Value", "Target", "Attained", "Change"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    table.add_column("Note", overflow="fold")
    largest = _largest(values)
    for row in values:
        change = _change(row, about["unit"])
        table.add_row(
            row["period_label"],
            number(row["value"], about["unit"], about["currency"], beside=largest),
            number(row["target"], about["unit"], about["currency"], beside=largest),
            share(row["attainment"]),
            change,
            status_text(row["status"]),
            Text("; ".join(_notes(row, holidays)), style="dim"),
        )
    out.print(table)
    out.print()


def _notes(row: dict[str, Any], holidays: list[dict[str, Any]]) -> Iterator[str]:
    """What was noted of a period, and the holidays in it."""
    if row["annotation"]:
        yield row["annotation"]
    if row["grain"] != "hour":
        inside = [one for one in holidays if row["period_start"] <= one["day"] < row["period_end"]]
        if inside:
            yield holidays_said([one.get("holiday") or f"holiday on {one['day']}" for one in inside])


def _largest(values: list[dict[str, Any]]) -> float:
    """The largest number shown: all of them lose the same digits."""
    return max((abs(row[name]) for row in values for name in ("value", "target") if row[name] is not None), default=0)


def _change(row: dict[str, Any], unit: str) -> str:
    """The change against the period before: of shares in percentage points, of everything else in percent."""
    if unit == Unit.percent and row["change"] is not None:
        return f"{_signed(row['change'])} pts"
    return f"{_signed(row['change_pct'])} %" if row["change_pct"] is not None else MISSING


def _signed(share: float) -> str:
    """Per hundred with its sign; what rounds to nothing is +0.0, never -0.0.

    >>> _signed(-0.0002), _signed(-0.25)
    ('+0.0', '-25.0')
    """
    return f"{round(share * 100, 1) + 0.0:+.1f}"


def _plot(out: Console, about: dict[str, Any], values: list[dict[str, Any]]) -> None:
    """The values over time, the target as a line where there is one."""
    known = [(place, row["value"]) for place, row in enumerate(values) if row["value"] is not None]
    if len(known) < 2:
        return
    import plotext

    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(min(out.width, 100), 14)
    figure.legend(active=False)
    targets = [(place, row["target"]) for place, row in enumerate(values) if row["target"] is not None]
    for points, marker in ((targets, "·"), (known, "braille")):
        if points:
            signal = figure.signal([place for place, _ in points], [value for _, value in points], marker=marker)
            figure.draw(signal.lines())
    places = sorted({0, len(values) // 3, 2 * len(values) // 3, len(values) - 1})
    figure.ruler("x").ticks(places, [values[place]["period_label"] for place in places])
    heights = [value for _, value in (*known, *targets)]
    low, high = min(heights), max(heights)
    marks = [low + (high - low) * share / 3 for share in range(4)]
    figure.ruler("y").ticks(marks, [number(mark, about["unit"], about["currency"], beside=high) for mark in marks])
    out.print(Text(f"⠒⠒ {about['label']}" + ("   ·· target" if targets else ""), style="dim"))
    out.print(Text.from_ansi(str(figure.build())))
