"""Keys that are compared with each other are of one kind: a number never meets a text that looks like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kpi_pipeline.errors import Problem
from kpi_pipeline.metrics import Conversion, Simple
from kpi_pipeline.models import Entity, EntityType, Model
from kpi_pipeline.pipeline.types_wanted import AMOUNTS, NOTHING, TIMES, base_type
from kpi_pipeline.project import Project

KindOf = Callable[[Model, str], str | None]
"""The type of an expression over a model's columns; None where it is not known."""


def keys_apart(project: Project, kind_of: KindOf) -> Iterator[Problem]:
    """A problem for each entity whose key is of another kind in the model that it leads to, or converts in."""
    for model in project.models.values():
        for number, entity in enumerate(model.entities):
            for other, key in _led_to(project, model, entity):
                ours, theirs = kind_of(model, _key(entity)), kind_of(other, _key(key))
                if ours and theirs and not _meet(ours, theirs):
                    yield Problem(
                        f"Model '{model.name}': the entity '{entity.name}' is {ours}, but {theirs} in model "
                        f"'{other.name}', where it leads.",
                        project.place("models", model.name, "entities", str(number)),
                        f"cast one of the two: {{name: {entity.name}, type: {entity.type}, expr: "
                        f"CAST({entity.key} AS {base_type(theirs)})}}; the other is at "
                        f"{project.place('models', other.name, 'entities', str(other.entities.index(key)))}",
                    )
    for metric in project.metrics.values():
        if isinstance(metric, Conversion):
            yield from _conversion(project, metric, kind_of)


def _led_to(project: Project, model: Model, entity: Entity) -> Iterator[tuple[Model, Entity]]:
    """The models that look an entity up by it; of two that both do, it is said once."""
    for other in project.models.values():
        key = other.entity(entity.name)
        if key is None or other.name == model.name or key.type is EntityType.foreign:
            continue
        if entity.type is EntityType.foreign or model.name < other.name:
            yield other, key


def _conversion(project: Project, metric: Conversion, kind_of: KindOf) -> Iterator[Problem]:
    base, later = (_model_of(project, one.name) for one in metric.inputs)
    if base is None or later is None:
        return
    met: list[tuple[tuple[str, ...], str, str]] = [(("entity",), metric.entity, metric.entity)]
    for number, one in enumerate(metric.constant_properties):
        met.append((("constant_properties", str(number)), one.base_property, one.conversion_property))
    for keys, ours, theirs in met:
        before, after = kind_of(base, _held(base, ours)), kind_of(later, _held(later, theirs))
        if before and after and not _meet(before, after):
            yield Problem(
                f"Metric '{metric.name}' looks for the same '{ours}' in two models, but it is {before} in "
                f"'{base.name}' and {after} in '{later.name}'.",
                project.place("metrics", metric.name, *keys),
                f"cast one of them in its model's sql, or in its expr: CAST({theirs} AS {base_type(before)})",
            )


def _model_of(project: Project, name: str) -> Model | None:
    metric = project.metrics[name]
    return project.models[metric.model] if isinstance(metric, Simple) else None


def _held(model: Model, name: str) -> str:
    """An entity, a dimension or a column of a model as SQL over its columns."""
    named = model.entity(name) or model.dimension(name)
    return (named.expr if named else None) or f'"{name}"'


def _key(entity: Entity) -> str:
    return entity.expr or f'"{entity.name}"'


def _meet(ours: str, theirs: str) -> bool:
    """Whether values of two types are equal where they look equal."""
    if NOTHING in (ours, theirs):
        return True
    return _family(ours) == _family(theirs)


def _family(kind: str) -> str:
    base = base_type(kind)
    if base in AMOUNTS:
        return "number"
    if base in TIMES:
        return "time"
    return "text" if base in ("VARCHAR", "ENUM") else kind
