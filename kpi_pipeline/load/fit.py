"""Definitions fit each other: grains, lags, offsets, breakdowns, time columns."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.calendar import fits
from kpi_pipeline.cohort_ages import cohorts_told_apart
from kpi_pipeline.dimensions import UnknownDimension, find_dimension
from kpi_pipeline.errors import Problem, counted, listed
from kpi_pipeline.kpis import Direction, Kpi
from kpi_pipeline.load.hours import hours_misfit
from kpi_pipeline.load.kpi_checks import misfit_checks
from kpi_pipeline.load.links import link_misfits
from kpi_pipeline.load.references import inputs_with_keys, metrics_below
from kpi_pipeline.load.sites import models_drawn_on, written_path
from kpi_pipeline.metrics import Agg, Conversion, Cumulative, Retention, Simple
from kpi_pipeline.models import EntityType, Model
from kpi_pipeline.names import COHORT_AGE
from kpi_pipeline.periods import ToGrain
from kpi_pipeline.project import Project
from kpi_pipeline.targets import AtLeast, AtMost, DecreaseTo, Growth, IncreaseTo

CUMULABLE = (Agg.sum, Agg.count, Agg.count_distinct, Agg.sum_boolean, Agg.min, Agg.max, Agg.average)
"""How a metric may aggregate for its window to be computed from shorter periods."""


_ONE_DAY = ("highest", "lowest")


def misfits(project: Project) -> Iterator[Problem]:
    """A problem for each definition that contradicts another one it uses."""
    for model in project.models.values():
        yield from _model(project, model)
    yield from _metrics(project)
    for kpi in project.kpis.values():
        yield from _goals(project, kpi)
        yield from _breakdowns(project, kpi)
        yield from _offsets(project, kpi)
        yield from hours_misfit(project, kpi)
        yield from _direction(project, kpi)
        yield from misfit_checks(project, kpi)
    for link in project.links:
        yield from link_misfits(project, link)


def _model(project: Project, model: Model) -> Iterator[Problem]:
    if model.agg_time_dimension:
        yield from _time_dimension(project, "models", model.name, model, model.agg_time_dimension)
    yield from _validity(project, model)
    for kind, names in (
        ("dimension", [one.name for one in model.dimensions]),
        ("entity", [one.name for one in model.entities]),
    ):
        key = "dimensions" if kind == "dimension" else "entities"
        for number, name in enumerate(names):
            if name in names[:number]:
                yield Problem(
                    f"Model '{model.name}' has the {kind} '{name}' twice.",
                    project.place("models", model.name, key, str(number)),
                    f"it is first at {project.place('models', model.name, key, str(names.index(name)))}; keep one",
                )


def _validity(project: Project, model: Model) -> Iterator[Problem]:
    """Rows that are valid for a time say since when and until when, and whose they are by a natural entity."""
    for number, one in enumerate(model.dimensions):
        if one.validity_params and one.type != "time":
            yield Problem(
                f"Model '{model.name}': the dimension '{one.name}' says how long a row is valid, but is no time.",
                project.place("models", model.name, "dimensions", str(number)),
                f"write {{name: {one.name}, type: time, validity_params: ...}}",
            )
    starts = [one.name for one in model.dimensions if one.validity_params and one.validity_params.is_start]
    ends = [one.name for one in model.dimensions if one.validity_params and one.validity_params.is_end]
    if (starts or ends) and (len(starts), len(ends)) != (1, 1):
        yield Problem(
            f"Model '{model.name}' has {counted(len(starts), 'start')} and {counted(len(ends), 'end')} of validity.",
            project.place("models", model.name, "dimensions"),
            "one time dimension has validity_params: {is_start: true}, another one {is_end: true}",
        )
    natural = [number for number, one in enumerate(model.entities) if one.type is EntityType.natural]
    if natural and not (starts or ends):
        yield Problem(
            f"Model '{model.name}': '{model.entities[natural[0]].name}' is a natural entity, the row's own for a time, "
            "but nothing says for which.",
            project.place("models", model.name, "entities", str(natural[0])),
            "give two time dimensions validity_params ({is_start: true} and {is_end: true}), or make it primary",
        )
    if (starts or ends) and not natural:
        yield Problem(
            f"Model '{model.name}' has rows that are valid for a time, but no natural entity whose they are.",
            project.place("models", model.name, "entities"),
            "the entity whose rows follow each other has `type: natural`",
        )


def _time_dimension(project: Project, kind: str, user: str, model: Model, name: str) -> Iterator[Problem]:
    declared = model.dimension(name)
    if declared and declared.type != "time":
        subject = f"Model '{user}'" if kind == "models" else f"Metric '{user}'"
        yield Problem(
            f"{subject}: 'agg_time_dimension' is '{name}', which is not a time dimension.",
            project.place(kind, user, "agg_time_dimension"),
            f"write {{name: {name}, type: time}} among the dimensions of model '{model.name}', or name another column",
        )


def _metrics(project: Project) -> Iterator[Problem]:
    for metric in project.metrics.values():
        if isinstance(metric, Simple | Retention) and metric.agg_time_dimension and metric.model in project.models:
            model = project.models[metric.model]
            yield from _time_dimension(project, "metrics", metric.name, model, metric.agg_time_dimension)
        if isinstance(metric, Simple | Retention) and metric.model in project.models:
            yield from _without_time(project, metric, project.models[metric.model])
        if isinstance(metric, Cumulative):
            yield from _cumulative(project, metric)


def _without_time(project: Project, metric: Simple | Retention, model: Model) -> Iterator[Problem]:
    """A metric's rows count at some time; a model that is only looked up needs none."""
    if model.agg_time_dimension or metric.agg_time_dimension or (isinstance(metric, Simple) and metric.active):
        return
    yield Problem(
        f"Metric '{metric.name}' counts rows of model '{model.name}', and nothing says when they count.",
        project.place("metrics", metric.name, "model"),
        f"give the model agg_time_dimension: ... ({project.place('models', model.name)}), or the metric its own",
    )


def _cumulative(project: Project, metric: Cumulative) -> Iterator[Problem]:
    used = project.metrics.get(metric.input_metric.name)
    if isinstance(used, Simple) and used.agg is Agg.average and metric.period_agg in _ONE_DAY:
        yield Problem(
            f"Metric '{metric.name}' takes the {metric.period_agg} day of '{used.name}', which aggregates by average.",
            project.place("metrics", metric.name, "period_agg"),
            "an average is a sum by a count, whose days cannot be chosen one by one: use last, first or average",
        )
    if isinstance(used, Conversion) and used.calculation == "conversion_rate" and metric.period_agg in _ONE_DAY:
        yield Problem(
            f"Metric '{metric.name}' takes the {metric.period_agg} day of '{used.name}', which is a rate.",
            project.place("metrics", metric.name, "period_agg"),
            "a rate is conversions by base metric, whose days cannot be chosen one by one: use last, first or average",
        )
    if used is None or isinstance(used, Conversion) or (isinstance(used, Simple) and used.agg in CUMULABLE):
        return
    what = f"aggregates by {used.agg}" if isinstance(used, Simple) else f"is of type {used.type}"
    yield Problem(
        f"Metric '{metric.name}' accumulates '{used.name}', which {what}.",
        project.place("metrics", metric.name, "input_metric"),
        f"a cumulative metric takes a simple one that aggregates by {listed(CUMULABLE)}; for a ratio, accumulate "
        "numerator and denominator and divide those",
    )


def _goals(project: Project, kpi: Kpi) -> Iterator[Problem]:
    names = [share.goal for share in kpi.goals]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Problem(
                f"KPI '{kpi.name}' serves the goal '{name}' twice.",
                project.place("kpis", kpi.name, "goals", str(number), "goal"),
                "keep one, with the weight of both",
            )


def _breakdowns(project: Project, kpi: Kpi) -> Iterator[Problem]:
    seen: set[frozenset[str]] = set()
    models = [project.models[name] for name in models_drawn_on(project, kpi.metric) if name in project.models]
    for number, breakdown in enumerate(kpi.breakdowns):
        place = project.place("kpis", kpi.name, "breakdowns", str(number))
        if frozenset(breakdown) in seen or len(set(breakdown)) < len(breakdown):
            yield Problem(
                f"KPI '{kpi.name}' has the breakdown [{', '.join(breakdown)}] twice, or a dimension twice in it.",
                place,
                "keep one; the order of dimensions makes no difference",
            )
        seen.add(frozenset(breakdown))
        for position, dimension in enumerate(breakdown):
            if dimension == COHORT_AGE:
                yield from _no_ages(project, kpi, (str(number), str(position)))
                continue
            for model in models:
                try:
                    find_dimension(project.models, model, dimension)
                except UnknownDimension as unknown:
                    yield _no_dimension(project, kpi, (str(number), str(position)), dimension, model, unknown)


def _no_dimension(
    project: Project, kpi: Kpi, keys: tuple[str, str], dimension: str, model: Model, unknown: UnknownDimension
) -> Problem:
    hint = unknown.hint
    if "__" not in dimension and not hint.startswith("did you mean"):
        hint = f"{hint}; add '{dimension}' to the dimensions at {project.place('models', model.name)}"
    return _not_broken_down(project, kpi, keys, dimension, unknown.message, hint)


def _no_ages(project: Project, kpi: Kpi, keys: tuple[str, str]) -> Iterator[Problem]:
    """Only retention has ages of cohorts."""
    try:
        cohorts_told_apart(project, [kpi.metric])
    except UnknownDimension as unknown:
        yield _not_broken_down(project, kpi, keys, COHORT_AGE, unknown.message, unknown.hint)


def _not_broken_down(project: Project, kpi: Kpi, keys: tuple[str, str], dimension: str, why: str, hint: str) -> Problem:
    return Problem(
        f"KPI '{kpi.name}' is broken down by '{dimension}', which its metric '{kpi.metric}' cannot be: {why}.",
        project.place("kpis", kpi.name, "breakdowns", *keys),
        hint,
    )


def _direction(project: Project, kpi: Kpi) -> Iterator[Problem]:
    """A value that should rise is not held below a bound, nor one that should fall above it."""
    against = {Direction.up: AtMost | DecreaseTo, Direction.down: AtLeast | IncreaseTo}.get(kpi.direction)
    if kpi.direction is Direction.hold and isinstance(kpi.target, Growth):
        yield Problem(
            f"KPI '{kpi.name}' is to be held, but its target is growth, which has a better and a worse side.",
            project.place("kpis", kpi.name, "direction"),
            "say which way is better: up or down",
        )
    if against and isinstance(kpi.target, against):
        yield Problem(
            f"KPI '{kpi.name}' is better when it goes {kpi.direction}, but its target is {kpi.target.type}.",
            project.place("kpis", kpi.name, "direction"),
            "one of the two is meant otherwise; 'direction: hold' fits both",
        )


def _offsets(project: Project, kpi: Kpi) -> Iterator[Problem]:
    """A value of a month cannot be compared with that of a week ago."""
    for metric in metrics_below(project, kpi.metric):
        for keys, one in inputs_with_keys(metric):
            if one.offset is None or fits(kpi.grain, one.offset):
                continue
            if isinstance(one.offset, ToGrain):
                key, says, instead = "offset_to_grain", f"looks at a value {one.offset}", f"{kpi.grain} or a longer one"
            else:
                key, says, instead = "offset_window", f"looks back {one.offset}", f"a whole number of {kpi.grain}s"
            yield Problem(
                f"KPI '{kpi.name}' has the grain {kpi.grain}, but its metric '{metric.name}' {says} "
                f"('{written_path(keys)}'), which is finer.",
                project.place("kpis", kpi.name, "grain"),
                f"give the KPI the grain {one.offset.grain}, or the offset {instead} "
                f"({project.place('metrics', metric.name, *keys, key)})",
            )
