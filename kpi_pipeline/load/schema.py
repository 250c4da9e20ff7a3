"""A JSON Schema of definition files, so that editors complete and check while somebody types."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from kpi_pipeline.goals import Goal
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.links import Link
from kpi_pipeline.metrics import Metric
from kpi_pipeline.models import Model
from kpi_pipeline.names import Noun
from kpi_pipeline.project import Settings
from kpi_pipeline.reviews import HeldReview
from kpi_pipeline.sources import Source
from kpi_pipeline.teams import Person, Team

Schema = dict[str, Any]

A_NAME_IS_ENOUGH = ("InputMetric", "Dimension")
"""Things that may be written as their name alone."""

ANY_SCALAR = ["string", "number", "boolean"]


class DefinitionFile(Noun):
    """What one definition file may hold; a project's files may be split in any way."""

    project: Settings | None = Field(default=None, description="what holds for the whole project; once in a project")
    sources: tuple[Source, ...] | None = Field(default=None, description="raw tables and how they are loaded")
    models: tuple[Model, ...] | None = Field(default=None, description="the tables that metrics are computed from")
    metrics: tuple[Metric, ...] | None = Field(default=None, description="named measurements")
    teams: tuple[Team, ...] | None = Field(default=None, description="who answers for goals and KPIs")
    people: tuple[Person, ...] | None = Field(default=None, description="who owns goals, KPIs or metrics")
    goals: tuple[Goal, ...] | None = Field(default=None, description="what is to be achieved")
    kpis: tuple[Kpi, ...] | None = Field(default=None, description="the metrics that serve goals")
    links: tuple[Link, ...] | None = Field(default=None, description="which KPI leads which")
    reviews: tuple[HeldReview, ...] | None = Field(
        default=None, description="what was decided when people looked at a KPI; in the folder reviews/"
    )


def json_schema() -> Schema:
    """The JSON Schema of a definition file.

    >>> sorted(json_schema()["properties"])[:3]
    ['goals', 'kpis', 'links']
    """
    schema = DefinitionFile.model_json_schema(by_alias=True)
    definitions: dict[str, Schema] = schema["$defs"]
    for name in A_NAME_IS_ENOUGH:
        definitions[name] = {"anyOf": [{"type": "string"}, definitions[name]]}
    definitions["Age"] = {"anyOf": [{"type": "integer", "minimum": 0}, definitions["Age"]]}
    rules = {"type": "array", "items": {"$ref": "#/$defs/StatusRule"}}
    definitions["StatusRules"] = {"anyOf": [rules, definitions["StatusRules"]]}
    days = {"type": "array", "items": {"$ref": "#/$defs/Holiday"}}
    definitions["Holidays"] = {"anyOf": [days, definitions["Holidays"]]}
    definitions["PostgresTarget"] = {"anyOf": [{"type": "string"}, definitions["PostgresTarget"]]}
    definitions["Link"]["properties"]["lag"]["anyOf"].append({"const": 0})
    _as_written(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "KPI definitions", **schema}


def _as_written(schema: object) -> None:
    """Texts may look like numbers, truth values or years: `010` and `no` stay what was written."""
    if isinstance(schema, list):
        for member in schema:
            _as_written(member)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "string" and not {"enum", "const", "pattern"} & schema.keys():
        schema["type"] = ANY_SCALAR
    for key, member in schema.items():
        if key not in ("default", "required", "enum"):
            _as_written(member)
