"""What a dimension's name stands for: a model's own dimension, or one that its entities lead to.

`country` is the row's own, `customer__country` that of the row's customer, `customer__region__name` goes on from there;
`customer` is the key of the row's customer; `sold_at__month` is the month of a time dimension, `sold_at__extract_dow` a
part of it, `metric_time` the time itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kpi_pipeline.errors import did_you_mean, listed
from kpi_pipeline.models import Dimension, Entity, EntityType, Model
from kpi_pipeline.periods import OF_DAYS, Grain
from kpi_pipeline.plan.joins import DatePart

SEPARATOR = "__"
METRIC_TIME = "metric_time"
LOOKED_UP_BY = (EntityType.primary, EntityType.unique, EntityType.natural)


@dataclass(frozen=True)
class Step:
    """From a row along its entity to the model whose rows have that entity as their own."""

    entity: Entity
    model: Model
    key: Entity


@dataclass(frozen=True)
class Found:
    """What a name stands for: a dimension, the way to the model that has it, and which period or part of a time."""

    name: str
    steps: tuple[Step, ...]
    dimension: Dimension
    of_time: Grain | DatePart | None = None

    @property
    def is_own(self) -> bool:
        """Whether it is a dimension of the model itself, as it stands."""
        return not self.steps and self.of_time is None and self.dimension.name == self.name


class UnknownDimension(Exception):
    """A name that stands for nothing that a model's rows can have."""

    def __init__(self, message: str, hint: str) -> None:
        self.message, self.hint = message, hint
        super().__init__(message)


def find_dimension(models: Mapping[str, Model], model: Model, name: str, *, time: str | None = None) -> Found:
    """What a name stands for, seen from a model's rows; `time` is the column they count by, if not the model's own.

    Raises:
        UnknownDimension: there is no such dimension, no way to it, or more than one.
    """
    if name == METRIC_TIME or name.startswith(METRIC_TIME + SEPARATOR):
        return _of_metric_time(model, name, time or model.agg_time_dimension)
    found = list(_from(models, model, name, name, ()))
    if not found:
        raise _not_found(models, model, name)
    nearest = [one for one in found if len(one.steps) == min(len(other.steps) for other in found)]
    if len(nearest) > 1:
        ways = listed(sorted(" -> ".join((model.name, *(step.model.name for step in one.steps))) for one in nearest))
        raise UnknownDimension(
            f"'{name}' can be reached from model '{model.name}' in more than one way: {ways}",
            "call the dimension otherwise in one of these models, or name the entity there differently",
        )
    return nearest[0]


def may_be_joined(model: Model, name: str) -> bool:
    """Whether a column that a filter names could be more than a column of the model's table."""
    if name == METRIC_TIME:
        return True
    if SEPARATOR not in name or model.dimension(name):
        return False
    named = [*(one.name for one in model.entities), *(one.name for one in model.dimensions)]
    firsts = (METRIC_TIME, model.agg_time_dimension, *named)
    return any(first and name.startswith(first + SEPARATOR) for first in firsts)


def dimension_names(models: Mapping[str, Model], model: Model, *, steps: int = 3) -> tuple[str, ...]:
    """The model's own dimensions, then those of the models that its entities lead to, the nearest first."""
    own = [one.name for one in model.dimensions]
    further = [
        f"{entity.name}{SEPARATOR}{name}"
        for entity in model.entities
        for step in _steps(models, model, entity)
        for name in (dimension_names(models, step.model, steps=steps - 1) if steps else ())
        if not name.startswith(entity.name + SEPARATOR)
    ]
    return tuple(dict.fromkeys([*own, *sorted(further, key=lambda name: name.count(SEPARATOR))]))


def _from(models: Mapping[str, Model], model: Model, rest: str, name: str, steps: tuple[Step, ...]) -> Iterator[Found]:
    """Every way in which the rest of a name can be read, beginning at a model."""
    if own := model.dimension(rest) or _key_of(model, rest):
        yield Found(name, steps, own)
        return
    for time in _times(model):
        if rest.startswith(time.name + SEPARATOR) and (of_time := _of_time(rest[len(time.name + SEPARATOR) :])):
            yield Found(name, steps, time, of_time)
            return
    for entity in model.entities:
        if not rest.startswith(entity.name + SEPARATOR):
            continue
        further = rest[len(entity.name + SEPARATOR) :]
        if not steps and entity.type in LOOKED_UP_BY and model.dimension(further):
            yield from _from(models, model, further, name, steps)
            return
        for step in _steps(models, model, entity):
            if step.model.name not in {one.model.name for one in steps}:
                yield from _from(models, step.model, further, name, (*steps, step))


def _key_of(model: Model, name: str) -> Dimension | None:
    """The key of an entity as a dimension."""
    entity = model.entity(name)
    return Dimension.model_construct(name=entity.name, expr=entity.expr) if entity else None


def own_expression(model: Model, name: str) -> Found | None:
    """A model's own dimension or key that is not just a column of its name; what a filter means by it, if it is none.

    NOTE: where the model's table has a column of that name, filters are about the column, as it is written.
    """
    own = model.dimension(name) or _key_of(model, name)
    return Found(name, (), own) if own and own.expr and own.expr != name else None


def _steps(models: Mapping[str, Model], model: Model, entity: Entity) -> Iterator[Step]:
    for other in models.values():
        for key in other.entities:
            if other.name != model.name and key.name == entity.name and key.type in LOOKED_UP_BY:
                yield Step(entity, other, key)


def _times(model: Model) -> Iterator[Dimension]:
    """The time dimensions of a model, and its time column where that is not declared as one."""
    yield from (one for one in model.dimensions if one.type == "time")
    if model.agg_time_dimension and model.dimension(model.agg_time_dimension) is None:
        yield Dimension(name=model.agg_time_dimension, type="time")


def _of_time(word: str) -> Grain | DatePart | None:
    part = word.removeprefix("extract_")
    if part != word:
        return DatePart(part) if part in DatePart.__members__ else None
    return Grain(word) if word in OF_DAYS else None


def _of_metric_time(model: Model, name: str, time: str | None) -> Found:
    word = name.removeprefix(METRIC_TIME).removeprefix(SEPARATOR)
    of_time = _of_time(word) if word else Grain.day
    if of_time is None:
        raise UnknownDimension(f"'{word}' is no grain and no part of a date", _ways_to_name(METRIC_TIME, word))
    # NOTE: a model without a time of its own is counted by metrics that have one; which it is, they say.
    return Found(name, (), model.dimension(time or "") or Dimension(name=time or METRIC_TIME, type="time"), of_time)


def _ways_to_name(time: str, word: str) -> str:
    """The hint where a word behind a time is none that can stand there."""
    if word == Grain.hour:
        return (
            f"for single hours ask with --grain hour; '{time}{SEPARATOR}extract_hour' is the hour of the day, 0 to 23"
        )
    return f"{time}{SEPARATOR} goes with {listed([*OF_DAYS, *(f'extract_{one}' for one in DatePart)], most=20)}"


def _not_found(models: Mapping[str, Model], model: Model, name: str) -> UnknownDimension:
    first, separator, rest = name.partition(SEPARATOR)
    if separator:
        if refusal := _against_the_arrow(models, model, first, rest):
            return refusal
        for time in _times(model):
            if first == time.name or name.startswith(time.name + SEPARATOR):
                word = name.removeprefix(time.name + SEPARATOR)
                return UnknownDimension(
                    f"'{name}' names no grain and no part of a date", _ways_to_name(time.name, word)
                )
    known = dimension_names(models, model)
    near = did_you_mean(name, known)
    if separator and any(entity.name == first for entity in model.entities):
        return _end_of_the_way(models, model, first, rest)
    has = f"it has {listed(known)}" if known else "it has no dimensions"
    if separator and not near and not any(entity.name == first for entity in model.entities):
        return UnknownDimension(
            f"model '{model.name}' has no entity '{first}' to look it up by",
            f"{has}; where its rows have the key, add it to its entities: {{name: {first}, type: foreign}}",
        )
    return UnknownDimension(f"model '{model.name}' has no such dimension", near or has)


def _end_of_the_way(models: Mapping[str, Model], model: Model, entity: str, rest: str) -> UnknownDimension:
    held = next(one for one in model.entities if one.name == entity)
    reached = [step.model for step in _steps(models, model, held)]
    if not reached:
        return UnknownDimension(
            f"no model has '{entity}' as its primary, unique or natural entity, so there is nothing to look up",
            f"give the model with one row a {entity} the entity {{name: {entity}, type: primary}}",
        )
    there = [name for one in reached for name in dimension_names(models, one)]
    has = listed([one.name for one in reached])
    near = did_you_mean(rest, there)
    hint = f"there are {listed(there)}" if there else f"add `dimensions` to {has}"
    return UnknownDimension(
        f"'{rest}' is no dimension of {has}, where entity '{entity}' leads",
        near.replace("'", f"'{entity}{SEPARATOR}", 1) if near else hint,
    )


def _against_the_arrow(models: Mapping[str, Model], model: Model, first: str, rest: str) -> UnknownDimension | None:
    """Why a dimension is refused to which one row would lead many times: joining it would count the row many times."""
    held = {one.name: one for one in model.entities}
    last = rest.rpartition(SEPARATOR)[2]
    for other in models.values():
        if other.name == model.name or (other.dimension(rest) is None and other.dimension(last) is None):
            continue
        shared = next((one for one in other.entities if one.name in held and one.type is EntityType.foreign), None)
        own = other.entity(first)
        if shared is None or own is None:
            continue
        if first in held and any(True for _ in _steps(models, model, held[first])) and own.type in LOOKED_UP_BY:
            continue
        many = f"one {shared.name} has many rows in model '{other.name}'"
        if held[shared.name].type is EntityType.foreign:
            return UnknownDimension(
                f"'{first}{SEPARATOR}{rest}' would join many rows to many: model '{model.name}' and model "
                f"'{other.name}' both only point to '{shared.name}', so rows would be counted several times",
                f"compute the metric on '{other.name}', or make a model with one row a {shared.name} that has "
                f"'{last}' as a dimension, and ask by '{shared.name}{SEPARATOR}{last}'",
            )
        return UnknownDimension(
            f"'{first}{SEPARATOR}{rest}' leads from one row to many: {many}, so rows of '{model.name}' would be "
            "counted several times",
            f"compute the metric on model '{other.name}', where '{shared.name}{SEPARATOR}...' leads to one row; or "
            f"aggregate '{other.name}' in a model with one row a {shared.name}, and ask by its dimensions",
        )
    return None
