"""Definitions fit each other: grains, lags, offsets, breakdowns, time columns."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.errors import Problem, did_you_mean, listed
from kpi_pipeline.kpis import Direction, Kpi
from kpi_pipeline.links import Link
from kpi_pipeline.load.kinds import link_name
from kpi_pipeline.load.references import inputs_with_keys
from kpi_pipeline.load.sites import models_drawn_on, written_path
from kpi_pipeline.metrics import Agg, Cumulative, Simple
from kpi_pipeline.models import Model
from kpi_pipeline.periods import whole_periods
from kpi_pipeline.project import Project
from kpi_pipeline.targets import AtLeast, AtMost

CUMULABLE = (Agg.sum, Agg.count, Agg.count_distinct, Agg.sum_boolean, Agg.min, Agg.max, Agg.average)
"""How a metric may aggregate for its window to be computed from shorter periods."""


def misfits(project: Project) -> Iterator[Problem]:
    """A problem for each definition that contradicts another one it uses."""
    for model in project.models.values():
        yield from _model(project, model)
    yield from _metrics(project)
    for kpi in project.kpis.values():
        yield from _breakdowns(project, kpi)
        yield from _offsets(project, kpi)
        yield from _direction(project, kpi)
    for link in project.links:
        yield from _link(project, link)


def _model(project: Project, model: Model) -> Iterator[Problem]:
    yield from _time_dimension(project, "models", model.name, model, model.agg_time_dimension)
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
        if isinstance(metric, Simple) and metric.agg_time_dimension and metric.model in project.models:
            model = project.models[metric.model]
            yield from _time_dimension(project, "metrics", metric.name, model, metric.agg_time_dimension)
        if isinstance(metric, Cumulative):
            yield from _cumulative(project, metric)


def _cumulative(project: Project, metric: Cumulative) -> Iterator[Problem]:
    used = project.metrics.get(metric.input_metric.name)
    if isinstance(used, Simple) and used.agg is Agg.average and metric.period_agg in ("highest", "lowest"):
        yield Problem(
            f"Metric '{metric.name}' takes the {metric.period_agg} day of '{used.name}', which aggregates by average.",
            project.place("metrics", metric.name, "period_agg"),
            "an average is a sum by a count, whose days cannot be chosen one by one: use last, first or average",
        )
    if used is None or (isinstance(used, Simple) and used.agg in CUMULABLE):
        return
    what = f"aggregates by {used.agg}" if isinstance(used, Simple) else f"is of type {used.type}"
    yield Problem(
        f"Metric '{metric.name}' accumulates '{used.name}', which {what}.",
        project.place("metrics", metric.name, "input_metric"),
        f"a cumulative metric takes a simple one that aggregates by {listed(CUMULABLE)}; for a ratio, accumulate "
        "numerator and denominator and divide those",
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
            for model in models:
                if model.dimension(dimension) is None:
                    yield _no_dimension(project, kpi, (str(number), str(position)), dimension, model)


def _no_dimension(project: Project, kpi: Kpi, keys: tuple[str, str], dimension: str, model: Model) -> Problem:
    names = [one.name for one in model.dimensions if one.type == "categorical"]
    near = did_you_mean(dimension, names)
    if "__" in dimension:
        near = "a breakdown uses the model's own dimensions; select the other model's column in this one's SQL"
    has = f"it has {listed(names)}" if names else "it has no dimensions"
    return Problem(
        f"KPI '{kpi.name}' is broken down by '{dimension}', but model '{model.name}', which metric '{kpi.metric}' "
        "is computed from, has no such dimension.",
        project.place("kpis", kpi.name, "breakdowns", *keys),
        near or f"{has}; add '{dimension}' to the dimensions at {project.place('models', model.name)}",
    )


def _direction(project: Project, kpi: Kpi) -> Iterator[Problem]:
    """A value that should rise is not held below a bound, nor one that should fall above it."""
    against = {Direction.up: AtMost, Direction.down: AtLeast}.get(kpi.direction)
    if against and isinstance(kpi.target, against):
        yield Problem(
            f"KPI '{kpi.name}' is better when it goes {kpi.direction}, but its target is {kpi.target.type}.",
            project.place("kpis", kpi.name, "direction"),
            "one of the two is meant otherwise; 'direction: hold' fits both",
        )


def _offsets(project: Project, kpi: Kpi) -> Iterator[Problem]:
    """A value of a month cannot be compared with that of a week ago."""
    todo, seen = [kpi.metric], set()
    while todo:
        name = todo.pop()
        metric = project.metrics.get(name)
        if metric is None or name in seen:
            continue
        seen.add(name)
        for keys, one in inputs_with_keys(metric):
            todo.append(one.name)
            offset = one.offset_window
            if offset and offset.grain.rank < kpi.grain.rank and whole_periods(offset, kpi.grain) is None:
                yield Problem(
                    f"KPI '{kpi.name}' has the grain {kpi.grain}, but its metric '{name}' looks back {offset} "
                    f"('{written_path(keys)}'), which is finer.",
                    project.place("kpis", kpi.name, "grain"),
                    f"give the KPI the grain {offset.grain}, or the offset a whole number of {kpi.grain}s "
                    f"({project.place('metrics', name, *keys, 'offset_window')})",
                )


def _link(project: Project, link: Link) -> Iterator[Problem]:
    leader, follower = project.kpis.get(link.from_), project.kpis.get(link.to)
    if leader is None or follower is None or project.tested_at(link):
        return
    grains = sorted(project.shared_grains(leader, follower), key=lambda grain: grain.rank)
    place = project.place("links", link_name(link.from_, link.to), "lag")
    if not grains:
        yield Problem(
            f"Link '{link.from_}' -> '{link.to}' joins a KPI by {leader.grain} with one by {follower.grain}, "
            "and no grain is published for both.",
            place,
            "give both KPIs the same grain, or name a common one in project.publish.grains",
        )
        return
    yield Problem(
        f"Link '{link.from_}' -> '{link.to}' has the lag {link.lag}, which is not a whole number of periods at any "
        f"grain that both KPIs are published at ({', '.join(grains)}).",
        place,
        f"write the lag in {grains[0]}s, such as '4 {grains[0]}s'",
    )
