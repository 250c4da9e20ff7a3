"""The pages of a starter project: definitions with a line of advice each, a README, and what Dagster and git need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from jinja2 import Environment, PackageLoader, StrictUndefined

from kpi_pipeline.periods import Grain
from kpi_pipeline.sources import ColumnType
from kpi_pipeline.sources.file import format_of
from kpi_pipeline.starter.kpis import GoalDraft, KpiDraft, grain_of
from kpi_pipeline.starter.metrics import MetricDraft, MetricDrafts
from kpi_pipeline.starter.model import ModelDraft
from kpi_pipeline.starter.naming import label_of
from kpi_pipeline.starter.notations import STYLES
from kpi_pipeline.starter.roles import Role, Roles
from kpi_pipeline.starter.table import Rhythm
from kpi_pipeline.starter.yaml_text import block, flow, line, remark

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
RECENT = {
    Grain.day: "3 days",
    Grain.week: "14 days",
    Grain.month: "45 days",
    Grain.quarter: "120 days",
    Grain.year: "400 days",
}
PLAIN_TYPES = {"DATE": "date", "TIMESTAMP": "timestamp", "DOUBLE": "number"}
MOST_DIMENSIONS = 20
MOST_CHECKED = 12


@dataclass(frozen=True)
class Chapter:
    """Everything about one table."""

    roles: Roles
    model: ModelDraft
    rhythm: Rhythm
    metrics: MetricDrafts
    kpis: tuple[KpiDraft, ...]
    path: str
    """Where the file lies, as seen from the project."""

    @property
    def name(self) -> str:
        """The table's name."""
        return self.roles.table.name


@dataclass(frozen=True)
class ProjectFacts:
    """What holds for the whole starter project."""

    name: str
    label: str
    timezone: str
    as_of: str
    week_start: str
    grains: tuple[Grain, ...]
    today: date

    def looked(self, rhythm: Rhythm) -> date:
        """When the KPIs of a table count as looked at first: now, or where the rows end if "today" is there."""
        return self.today if self.as_of == "now" else min(self.today, rhythm.last_day)


def pages_of(project: ProjectFacts, chapters: Sequence[Chapter]) -> dict[str, str]:
    """The text of every page by its path."""
    render = _environment()
    goals = list(dict.fromkeys(kpi.goal for chapter in chapters for kpi in chapter.kpis))
    pages = {
        "definitions/project.yaml": render.get_template("project.yaml.jinja").render(project=project),
        "definitions/teams.yaml": render.get_template("teams.yaml.jinja").render(),
        "definitions/goals.yaml": render.get_template("goals.yaml.jinja").render(goals=goals),
        "README.md": render.get_template("README.md.jinja").render(project=project, chapters=chapters, goals=goals),
        ".gitignore": render.get_template("gitignore.jinja").render(),
        "workspace.yaml": render.get_template("workspace.yaml.jinja").render(),
        "dagster.yaml": render.get_template("dagster.yaml.jinja").render(),
    }
    for chapter in chapters:
        pages[f"definitions/sources/{chapter.name}.yaml"] = render.get_template("source.yaml.jinja").render(
            source=_source(chapter)
        )
        pages[f"definitions/models/{chapter.name}.yaml"] = render.get_template("model.yaml.jinja").render(
            model=_model(chapter)
        )
        pages[f"definitions/metrics/{chapter.name}.yaml"] = render.get_template("metrics.yaml.jinja").render(
            metrics=[_metric(chapter, one) for one in chapter.metrics.metrics], title=label_of(chapter.name)
        )
        if chapter.kpis:
            pages[f"definitions/kpis/{chapter.name}.yaml"] = render.get_template("kpis.yaml.jinja").render(
                kpis=chapter.kpis,
                title=label_of(chapter.name),
                first_day=chapter.rhythm.first_day,
                looked=project.looked(chapter.rhythm),
            )
    return pages


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("kpi_pipeline.starter"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - what it makes is YAML and Markdown; every value goes through a filter
    )
    environment.filters |= {"flow": flow, "line": line, "block": block, "remark": remark}
    return environment


def _source(chapter: Chapter) -> Mapping[str, object]:
    table = chapter.roles.table
    connector: dict[str, object] = {"type": "file", "path": chapter.path}
    if table.source.files.format:
        connector["format"] = table.source.files.format
    if table.source.files.encoding != "utf-8":
        connector["encoding"] = table.source.files.encoding
    columns = {
        name: {"type": one.type, **({"format": one.format} if one.format else {})}
        for name, one in (_needed_types(chapter) | dict(table.source.columns)).items()
    }
    return {
        "name": table.name,
        "label": label_of(table.name),
        "rows": table.rows,
        "file": table.file.name,
        "first_day": chapter.rhythm.first_day,
        "last_day": chapter.rhythm.last_day,
        "connector": connector,
        "load": {"mode": "append", "cursor": chapter.roles.time.column.name},
        "grain": _finest(chapter.rhythm).value,
        "null_values": list(table.source.null_values),
        "personal": list(chapter.roles.personal),
        "columns": columns,
        "doubtful": list(table.doubtful_dates),
        "left_out": list(table.left_out),
        "checks": _checks(chapter),
    }


def _needed_types(chapter: Chapter) -> dict[str, ColumnType]:
    """Types of the time and of amounts, so that a slip in a later file spoils its row and not the column."""
    if format_of(chapter.roles.table.file.name) == "parquet":
        return {}
    amounts = [part.column for part in chapter.roles.of(Role.amount)]
    types = {one.name: PLAIN_TYPES.get(one.type) for one in (chapter.roles.time.column, *amounts)}
    return {name: ColumnType.model_validate({"type": kind}) for name, kind in types.items() if kind}


def _finest(rhythm: Rhythm) -> Grain:
    """Until when rows are complete: those that come by the week or the month name whole periods."""
    return rhythm.cadence


def _checks(chapter: Chapter) -> list[dict[str, object]]:
    roles = chapter.roles
    used = {roles.time.name, *(part.name for part in roles.key)}
    used |= {str(one.fields["expr"]) for one in chapter.metrics.metrics if "expr" in one.fields}
    if roles.value_of:
        used |= {part.name for part in roles.value_of}
    complete = [part for part in roles.parts if part.column.is_complete]
    needed = [part.column.name for part in complete if part.name in used]
    others = [part.column.name for part in complete if part.name not in used][:MOST_CHECKED]
    checks: list[dict[str, object]] = []
    if not roles.time.column.is_complete:
        name = "rows_without_a_time_are_not_counted"
        checks.append({"name": name, "type": "not_null", "columns": [roles.time.column.name], "severity": "warn"})
    if needed:
        checks.append({"name": "needed_values_are_there", "type": "not_null", "columns": needed})
    if others:
        checks.append({"name": "other_values_are_there", "type": "not_null", "columns": others, "severity": "warn"})
    if roles.key:
        checks.append(
            {"name": "no_row_comes_twice", "type": "unique", "columns": [part.column.name for part in roles.key]}
        )
    for part in roles.parts:
        if part.column.number_style:
            pattern = f"^({STYLES[part.column.number_style]})$"
            checks.append({"type": "matches", "column": part.column.name, "pattern": pattern})
    cursor = roles.time.column.name
    checks.append(
        {
            "name": "rows_keep_coming",
            "type": "recency",
            "column": cursor,
            "within": RECENT[chapter.rhythm.cadence],
            "severity": "warn",
        }
    )
    return checks


def _model(chapter: Chapter) -> Mapping[str, object]:
    roles = chapter.roles
    named = [
        *({"name": part.name, "label": part.label} for part in roles.of(Role.attribute, Role.flag)[:MOST_DIMENSIONS]),
        *(
            {"name": part.name, "type": "time", "label": part.label}
            for part in (roles.time, *roles.of(Role.other_time))
        ),
    ]
    entities = [
        {"name": name, "type": kind, **({"expr": part.name} if part.name != name else {})}
        for name, kind, part in roles.entities
    ]
    return {
        "name": chapter.name,
        "label": label_of(chapter.name),
        "time": roles.time.name,
        "other_times": [part.name for part in roles.of(Role.other_time)],
        "sql": chapter.model.sql,
        "entities": entities,
        "dimensions": named,
    }


def _metric(chapter: Chapter, metric: MetricDraft) -> Mapping[str, object]:
    used = {kpi.metric.name for kpi in chapter.kpis} | {name for one in chapter.metrics.metrics for name in one.inputs}
    fields: dict[str, object] = {"label": metric.label, "description": metric.description, **metric.fields}
    if metric.name not in used:
        fields["ignore"] = {"U": "a first metric to look at; make it a KPI or take it away"}
    return {"name": metric.name, "fields": fields}


def as_of(last_day_age: timedelta, rhythm: Rhythm) -> str:
    """Now where rows keep coming; the data's own end where they stopped some time ago."""
    patience = {Grain.day: 14, Grain.week: 28, Grain.month: 75, Grain.quarter: 200, Grain.year: 750}[rhythm.cadence]
    return "data" if last_day_age > timedelta(days=patience) else "now"


def grains_of(rhythms: Sequence[Rhythm]) -> tuple[Grain, ...]:
    """The grains at which every metric is published."""
    finest = min((grain_of(one) for one in rhythms), key=lambda grain: grain.rank)
    coarser = {Grain.day: Grain.week, Grain.week: Grain.month, Grain.month: Grain.quarter, Grain.quarter: Grain.year}
    if finest is Grain.month and any(one.cadence.rank <= Grain.week.rank for one in rhythms):
        return (Grain.week, Grain.month)
    return (finest, coarser[finest]) if finest in coarser else (finest,)


__all__ = ["Chapter", "GoalDraft", "ProjectFacts", "as_of", "grains_of", "pages_of"]
