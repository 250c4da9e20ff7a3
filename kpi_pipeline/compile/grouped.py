"""A metric that a condition asks for, as a column of the rows: its value over all time for the row's own entity."""

from __future__ import annotations

from collections import defaultdict

from kpi_pipeline.compile.dimensions import columns_of, joined_of, key_of
from kpi_pipeline.compile.formula import formula
from kpi_pipeline.compile.models import plan_model
from kpi_pipeline.errors import InternalError
from kpi_pipeline.grouped import Asked
from kpi_pipeline.models import Model
from kpi_pipeline.plan import GroupedMetric, GroupedPart, Measure, leaves
from kpi_pipeline.project import Project


def grouped_metric(project: Project, model: Model, asked: Asked) -> GroupedMetric:
    """The column for a metric grouped by an entity of the model; what has no one value an entity was refused before."""
    node = formula(project, project.metrics[asked.metric])
    measures: dict[tuple[str, str], dict[str, Measure]] = defaultdict(dict)
    for leaf in leaves(node):
        if leaf.offsets or leaf.reach or leaf.measure.events or leaf.measure.stock:
            raise InternalError(f"'{asked.column}' has no one value, which checking should have refused.")
        for measure in (leaf.measure.rows, leaf.measure):
            measures[measure.model, measure.time].setdefault(measure.column, measure)
    parts = tuple(_part(project, asked.entity, *of, tuple(found.values())) for of, found in sorted(measures.items()))
    return GroupedMetric(asked.column, key_of(model, asked.entity), node, parts)


def _part(project: Project, entity: str, name: str, time: str, measures: tuple[Measure, ...]) -> GroupedPart:
    model = project.models[name]
    named = frozenset().union(*(columns_of(sql) for one in measures for sql in (one.expr, one.filter)))
    joined = joined_of(project, model, named, time=time)
    return GroupedPart(plan_model(project, model), time, key_of(model, entity), measures, joined)
