"""U: a metric, model, source or team that nothing uses, and a goal that no KPI serves."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.dimensions import LOOKED_UP_BY
from kpi_pipeline.goals import Framework
from kpi_pipeline.load.references import references
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    # NOTE: imported when asked, because it brings sqlglot along, which takes a quarter of a second.
    from kpi_pipeline.load.model_sql import models_read, sources_read

    named = {(kind, one.name) for one in references(project) for kind in one.among}
    read = {name for names in models_read(project).values() for name in names}
    for metric in project.metrics.values():
        if ("metrics", metric.name) not in named:
            yield Remark(
                "metrics",
                metric,
                f"Metric '{metric.name}' is used by no KPI and no other metric.",
                "make it a KPI, use it, or take it away; ignore: {U: ...} keeps one that people only look up",
            )
    held = {(one.name, model.name) for model in project.models.values() for one in model.entities}
    for model in project.models.values():
        own = {one.name for one in model.entities if one.type in LOOKED_UP_BY}
        if any(entity in own and other != model.name for entity, other in held):
            continue  # the others' rows lead to its dimensions
        if ("models", model.name) not in named and model.name not in read:
            yield Remark(
                "models", model, f"Model '{model.name}' is used by no metric and no other model.", "take it away"
            )
    for source in project.sources.values():
        if ("sources", source.name) not in named and source.name not in sources_read(project):
            yield Remark(
                "sources",
                source,
                f"Source '{source.name}' is read by no model and holds no targets.",
                "stop loading it, or write a model over it",
            )
    for team in project.teams.values():
        if ("teams", team.name) not in named:
            yield Remark(
                "teams",
                team,
                f"Team '{team.name}' has no people, no goal and no KPI.",
                "say what it answers for, or take it away",
            )
    served = {share.goal for kpi in project.kpis.values() for share in kpi.serves}
    above = {goal.parent for goal in project.goals.values()}
    for goal in project.goals.values():
        if goal.name not in served | above and goal.framework is not Framework.okr:  # N counts key results
            yield Remark(
                "goals",
                goal,
                f"No KPI serves goal '{goal.name}', and no goal below it.",
                "say with a KPI how far it is reached, or take it away",
            )


UNUSED = Rule(
    "U",
    "warning",
    "used by nothing",
    _look,
    reason="What nothing uses is computed, checked and explained all the same, and the next person to read it cannot "
    "know that it does not matter. A goal without KPIs is a wish.",
    bad=Example("metrics:\n  - {name: returns, type: simple, model: order_lines, agg: count, filter: quantity < 0}"),
    good=Example(
        "metrics:\n"
        "  - {name: returns, type: simple, model: order_lines, agg: count, filter: quantity < 0,\n"
        "     ignore: {U: looked up when a supplier is assessed}}"
    ),
)
