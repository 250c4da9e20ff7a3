"""Personal values stay out of what is published: no KPI is broken down by them, and no link is tested by them."""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.compile.personal import TELLS_NOTHING, personal_columns
from kpi_pipeline.dimensions import Found, UnknownDimension, find_dimension
from kpi_pipeline.errors import Problem
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.load.kinds import link_name
from kpi_pipeline.models import Model
from kpi_pipeline.project import Project


def personal_segments(project: Project) -> Iterator[Problem]:
    """A problem for each breakdown whose segments would be personal values, in tables that everybody reads."""
    for kpi in project.kpis.values():
        for number, breakdown in enumerate(kpi.breakdowns):
            for position, name in enumerate(breakdown):
                if model := _whose_personal(project, kpi, name):
                    yield Problem(
                        f"KPI '{kpi.name}' is broken down by '{name}', which holds personal values of model "
                        f"'{model.name}'; they would be published.",
                        project.place("kpis", kpi.name, "breakdowns", str(number), str(position)),
                        "break it down by something that many people share; `kpi query --by` shows single ones to "
                        "whoever may read the warehouse",
                    )

    yield from _of_links(project)


def _of_links(project: Project) -> Iterator[Problem]:
    for link in project.links:
        for number, name in enumerate(link.by):
            found = (_whose_personal(project, project.kpis[end], name) for end in (link.from_, link.to))
            if model := next(filter(None, found), None):
                yield Problem(
                    f"Link '{link.from_}' -> '{link.to}' is tested by '{name}', which holds personal values of model "
                    f"'{model.name}'; they would be published.",
                    project.place("links", link_name(link.from_, link.to), "by", str(number)),
                    "test it by something that many people share",
                )


def _whose_personal(project: Project, kpi: Kpi, name: str) -> Model | None:
    """The model whose personal values a dimension holds, seen from a KPI's metric."""
    for model in sorted(project.models_asked(kpi.metric)):
        try:
            found = find_dimension(project.models, project.models[model], name)
        except UnknownDimension:
            continue
        there = found.steps[-1].model if found.steps else project.models[model]
        if found.of_time is None and _columns(found) & personal_columns(project, there):
            return there
    return None


def _columns(found: Found) -> set[str]:
    written = found.dimension.expr
    if written is None:
        return {found.dimension.name}
    seen = sqlglot.parse_one(written, read="duckdb").walk(prune=lambda node: isinstance(node, TELLS_NOTHING))
    return {one.name.lower() for one in seen if isinstance(one, exp.Column)}
