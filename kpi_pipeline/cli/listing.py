"""`kpi list`: the KPIs and where they stand, or what else the definitions hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.text import Text

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import console, plain_table, scorecard_table
from kpi_pipeline.kpis import MISSING
from kpi_pipeline.project import Project


def list_things(asked: Path, what: str) -> None:
    """Prints the KPIs with their latest values, or what the definitions hold of another kind."""
    project = open_project(asked).project
    out = console()
    if what == "kpis" and project.path(project.settings.publish.duckdb).exists():
        out.print(scorecard_table(published_scorecard(project), width=out.width))
        return
    rows = _defined(project, what)
    if not rows:
        out.print(f"There are no {what} yet.")
        return
    table = plain_table()
    for name in rows[0]:
        table.add_column(name, overflow="fold", no_wrap=name == "Name")
    for row in rows:
        table.add_row(*(Text(str(cell or MISSING)) for cell in row.values()))
    out.print(table)
    if what == "kpis":
        out.print(Text("Hint: `kpi run` computes them.", style="dim"))


def published_scorecard(project: Project) -> list[dict[str, Any]]:
    """The rows of the view `scorecard` of the published file, in the order of goals."""
    from kpi_pipeline.store.published import Published

    with Published.open(project.path(project.settings.publish.duckdb)) as published:
        rows: list[dict[str, Any]] = published.fetch("SELECT * FROM scorecard").to_dicts()
    goals = list(project.goals)
    kpis = list(project.kpis)

    def order(row: dict[str, Any]) -> tuple[int, int]:
        goal = goals.index(row["goal"]) if row["goal"] in goals else len(goals)
        return goal, kpis.index(row["kpi"]) if row["kpi"] in kpis else len(kpis)

    return sorted(rows, key=order)


def _defined(project: Project, what: str) -> list[dict[str, str | None]]:
    match what:
        case "metrics":
            return [
                {"Name": one.name, "Kind": one.type, "Unit": one.unit.value, "What": one.description or one.title}
                for one in project.metrics.values()
            ]
        case "goals":
            stands = _stands(project)
            return [
                {
                    "Name": one.name,
                    "Goal": one.title,
                    "Framework": one.framework.label if one.framework else None,
                    "Team": one.team,
                    "Stands": stands.get(one.name),
                    "Statement": one.statement,
                }
                for one in project.goals.values()
            ]
        case "models":
            return [
                {
                    "Name": one.name,
                    "Time": one.agg_time_dimension,
                    "Dimensions": ", ".join(each.name for each in one.dimensions),
                    "What": one.description or one.title,
                }
                for one in project.models.values()
            ]
        case "sources":
            return [
                {
                    "Name": one.name,
                    "From": one.connector.where,
                    "Load": one.load.mode,
                    "What": one.description or one.title,
                }
                for one in project.sources.values()
            ]
        case _:
            return [
                {"Name": one.name, "KPI": one.title, "Metric": one.metric, "Grain": one.grain.value, "Team": one.team}
                for one in project.kpis.values()
            ]


def _stands(project: Project) -> Mapping[str, str]:
    """What its framework says of each goal; nothing as long as nothing was published."""
    from kpi_pipeline.cli.show_goal import framework_facts
    from kpi_pipeline.store.published import Published

    file = project.path(project.settings.publish.duckdb)
    if not file.exists():
        return {}
    with Published.open(file) as published:
        return framework_facts(published)
