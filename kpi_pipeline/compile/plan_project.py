"""The whole plan of a run, and the plan of one question."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.calendar import fits
from kpi_pipeline.cohort_ages import cohorts_told_apart
from kpi_pipeline.compile.canonical import condition_asked
from kpi_pipeline.compile.dimensions import looked_up_by, models_joined, with_joins
from kpi_pipeline.compile.formula import formula, group_of, sample_of
from kpi_pipeline.compile.hours import unfit_for_hours
from kpi_pipeline.compile.models import plan_models
from kpi_pipeline.compile.reductions import reductions_for
from kpi_pipeline.compile.selection import models_below, sources_below
from kpi_pipeline.compile.timespine import in_every_period
from kpi_pipeline.dimensions import UnknownDimension, find_dimension, may_be_joined
from kpi_pipeline.errors import QueryError, did_you_mean, listed
from kpi_pipeline.grouped import Asked, refuse_grouping
from kpi_pipeline.names import COHORT_AGE, TAKEN_NAMES
from kpi_pipeline.periods import Grain, ToGrain
from kpi_pipeline.plan import Derivation, Leaf, ModelPlan, Node, Plan, Reduction, Series, SeriesKey, fingerprint, leaves
from kpi_pipeline.plan.cohorts import add_up
from kpi_pipeline.project import Project
from kpi_pipeline.quotes import text_meant


def compile_project(
    project: Project, *, kpis: Iterable[str] | None = None, metrics: Iterable[str] | None = None
) -> Plan:
    """What computes the KPIs and metrics named, or all of them."""
    some_kpis = tuple(project.kpis) if kpis is None else tuple(sorted(kpis))
    some_metrics = tuple(project.metrics) if metrics is None else tuple(sorted(metrics))
    nodes = _nodes(project, some_kpis, some_metrics)
    plan = _plan(project, _series(project, some_kpis, some_metrics, nodes), nodes)
    targets = {target.table for name in some_kpis if (target := project.kpis[name].target) and target.table}
    models = frozenset(one.name for one in plan.models) | (targets & project.models.keys())
    return replace(plan, models=plan_models(project, models))


def compile_passes(project: Project, models: frozenset[str]) -> Plan:
    """The passes over some models that a run of the whole project makes; no metric is derived from them."""
    metrics = sorted(name for name in project.metrics if not models.isdisjoint(project.models_of(name)))
    kpis = sorted(name for name, kpi in project.kpis.items() if kpi.metric in metrics)
    nodes = _nodes(project, kpis, metrics)
    series = _series(project, kpis, metrics, nodes)
    passes = tuple(one for one in _passes(project, series, nodes) if one.model in models)
    return Plan(_made_for(project, passes), passes, {}, ())


def compile_query(
    project: Project, metrics: Sequence[str], *, by: Sequence[str], grain: Grain | None, where: str | None
) -> Plan:
    """What answers a question about a few metrics; refuses what the definitions cannot answer."""
    for name in metrics:
        if name not in project.metrics:
            raise QueryError(f"There is no metric named '{name}'.\nHint: {_metric_meant(project, name)}")
    if not metrics:
        raise QueryError("Name at least one metric to query.\nHint: `kpi list metrics` shows them.")
    for dimension in by:
        _has_dimension(project, metrics, dimension)
        _refuse_ambiguous(dimension, metrics)
    condition = ""
    if where:
        condition, columns = condition_asked(where)
        for column in columns:
            _refuse_age_in_a_condition(column)
            _refuse_text_for_a_name(project, metrics, column, where, condition)
            _has_dimension(project, metrics, column)
    series = tuple(Series(name, grain, tuple(sorted(set(by))), at_most=2**31) for name in dict.fromkeys(metrics))
    plan = _plan(project, series, _nodes(project, (), metrics), condition)
    for one in series:
        _refuse_impossible_grain(plan.derivations[one.metric], grain)
    return plan


def _metric_meant(project: Project, name: str) -> str:
    """The metric that was meant by a name that is none."""
    if name in project.kpis:
        return f"'{name}' is a KPI; its metric is '{project.kpis[name].metric}'"
    return did_you_mean(name, project.metrics) or f"there are {listed(sorted(project.metrics))}"


def _refuse_text_for_a_name(project: Project, metrics: Sequence[str], column: str, where: str, condition: str) -> None:
    """Text needs single quotes; without them, or in double ones, it is a name, and of nothing."""
    models = [project.models[name] for metric in metrics for name in project.models_asked(metric)]
    if any(model.dimension(column) or model.entity(column) for model in models):
        return
    if f'"{column}"' in where:
        raise QueryError(
            f'"{column}" in double quotes names a dimension, and there is none of that name.\n'
            f"Hint: text stands in single quotes: '{column}'"
        )
    named = (one for one in sqlglot.parse_one(condition, read="duckdb").find_all(exp.Column) if one.name == column)
    meant = next(filter(None, map(text_meant, named)), None)
    if meant and not any(may_be_joined(model, column) for model in models):
        raise QueryError(
            f"The condition \"{where}\" names '{column}', and there is no dimension of that name.\n"
            f"Hint: text stands in single quotes: {meant}"
        )


def _refuse_age_in_a_condition(column: str) -> None:
    if column == COHORT_AGE:
        raise QueryError(
            f"A condition is about rows, and no row has a '{COHORT_AGE}'.\n"
            f"Hint: ask by it (--by {COHORT_AGE}); 'oldest_age' of the metric says where it ends."
        )


def _has_ages(project: Project, metrics: Sequence[str]) -> None:
    try:
        cohorts_told_apart(project, metrics)
    except UnknownDimension as unknown:
        raise QueryError(
            f"{listed(metrics)} cannot be asked by '{COHORT_AGE}': {unknown.message}.\nHint: {unknown.hint}"
        ) from None


def _has_dimension(project: Project, metrics: Sequence[str], dimension: str) -> None:
    if dimension == COHORT_AGE:
        _has_ages(project, metrics)
        return
    for metric in metrics:
        for name in sorted(project.models_asked(metric)):
            model = project.models[name]
            try:
                if asked := Asked.of_column(dimension):
                    refuse_grouping(project, model, asked)
                else:
                    find_dimension(project.models, model, dimension)
            except UnknownDimension as unknown:
                raise QueryError(
                    f"Metric '{metric}' cannot be asked by '{dimension}': {unknown.message}.\nHint: {unknown.hint}"
                ) from None


def _refuse_ambiguous(dimension: str, metrics: Sequence[str]) -> None:
    """A column of the answer cannot be a dimension and something else at once."""
    if dimension in metrics:
        raise QueryError(
            f"'{dimension}' is a metric and a dimension, so the answer would have two columns of that name.\n"
            "Hint: rename the dimension in its model: {name: another_name, expr: " + dimension + "}"
        )
    if dimension in TAKEN_NAMES - {COHORT_AGE}:
        raise QueryError(
            f"Values cannot be broken down by '{dimension}', which is the name of a column they have.\n"
            "Hint: rename the dimension in its model: {name: another_name, expr: " + dimension + "}"
        )


def _refuse_impossible_grain(derivation: Derivation, grain: Grain | None) -> None:
    if unfit := unfit_for_hours(derivation.node, grain):
        why, instead = unfit
        raise QueryError(f"Metric '{derivation.metric}' {why}.\nHint: ask with --grain {instead}.")
    for leaf in leaves(derivation.node):
        ages = leaf.measure.ages
        if ages and grain and not add_up(ages.grain, grain):
            raise QueryError(
                f"Metric '{derivation.metric}' has cohorts by {ages.grain}, and no {grain} is made of these.\n"
                f"Hint: ask with --grain {ages.grain}."
            )
        for back in leaf.offsets:
            if grain is None:
                raise QueryError(
                    f"Metric '{derivation.metric}' compares periods, so it needs a grain.\n"
                    f"Hint: ask with --grain {back.grain} or a finer one."
                )
            if not fits(grain, back):
                finer = f"looks back {back}, which is no whole number of {grain}s"
                if isinstance(back, ToGrain):
                    finer = f"looks at its value {back}, which no {grain} lies in"
                raise QueryError(
                    f"Metric '{derivation.metric}' {finer}.\nHint: ask with --grain {back.grain} or a finer one."
                )


def _nodes(project: Project, kpis: Iterable[str], metrics: Iterable[str]) -> dict[str, Node]:
    """The formulas of some metrics, and of the metrics of some KPIs."""
    names = dict.fromkeys((*metrics, *(project.kpis[name].metric for name in kpis)))
    return {name: formula(project, project.metrics[name]) for name in names}


def _series(
    project: Project, kpis: Sequence[str], metrics: Sequence[str], nodes: Mapping[str, Node]
) -> tuple[Series, ...]:
    """The KPIs' own series first, then every metric's total at the published grains and those links are tested at."""
    found: dict[SeriesKey, Series] = {}

    def want(series: Series) -> None:
        known = found.get(series.key)
        if known is None or (series.compared and not known.compared) or series.at_most > known.at_most:
            at_most = max(series.at_most, known.at_most) if known and known.breakdown else series.at_most
            compared = series.compared or bool(known and known.compared)
            found[series.key] = Series(series.metric, series.grain, series.breakdown, at_most, compared)

    for name in kpis:
        kpi = project.kpis[name]
        for breakdown in kpi.told_apart_by:
            want(Series(kpi.metric, kpi.grain, breakdown, kpi.segments_at_most, compared=True))
    for name, grain in itertools.product(metrics, project.settings.publish.grains):
        if _fits(nodes[name], grain):
            want(Series(name, grain))
    for tested in _tested(project, kpis, nodes):
        want(tested)
    return tuple(found.values())


def _tested(project: Project, kpis: Sequence[str], nodes: Mapping[str, Node]) -> Iterator[Series]:
    """What every link is tested on: its two ends and what is held constant, in total and for each segment asked."""
    for link in project.links:
        tested = project.tested_at(link)
        for name in (link.from_, link.to, *link.control):
            kpi = project.kpis[name]
            if not tested or name not in kpis or not _fits(nodes[kpi.metric], tested[0]):
                continue
            yield Series(kpi.metric, tested[0])
            if link.by and _has(project, kpi.metric, link.by):
                yield Series(kpi.metric, tested[0], tuple(sorted(link.by)), kpi.segments_at_most)


def _has(project: Project, metric: str, dimensions: Sequence[str]) -> bool:
    """Whether a metric can be broken down so; both ends of a link can, what it holds constant need not."""
    models = [project.models[name] for name in sorted(project.models_asked(metric))]
    try:
        for model, dimension in itertools.product(models, dimensions):
            find_dimension(project.models, model, dimension)
    except UnknownDimension:
        return False
    return True


def _fits(node: Node, grain: Grain) -> bool:
    """Whether a metric can be computed at a grain: all it looks back are whole periods, and its cohorts fill them."""
    if unfit_for_hours(node, grain):
        return False
    ages = [leaf.measure.ages for leaf in leaves(node) if leaf.measure.ages]
    return all(add_up(one.grain, grain) for one in ages) and all(
        fits(grain, back) for leaf in leaves(node) for back in leaf.offsets
    )


def _plan(project: Project, series: tuple[Series, ...], formulas: Mapping[str, Node], where: str = "") -> Plan:
    nodes = {name: formulas[name] for name in dict.fromkeys(one.metric for one in series)}
    grounds = {models: _ground(project, models) for models in {project.models_of(name) for name in nodes}}
    derivations = {
        name: _derivation(project, name, node, grounds[project.models_of(name)]) for name, node in nodes.items()
    }
    reductions = _passes(project, series, nodes, where)
    return Plan(_made_for(project, reductions), reductions, derivations, series)


def _passes(
    project: Project, series: tuple[Series, ...], nodes: Mapping[str, Node], where: str = ""
) -> tuple[Reduction, ...]:
    """The passes that the series are derived from, each with what it looks up."""
    by_day: list[tuple[Leaf, tuple[str, ...]]] = []
    by_hour: list[tuple[Leaf, tuple[str, ...]]] = []
    for one in series:
        node = nodes[one.metric]
        wanted = by_hour if one.grain is Grain.hour else by_day
        counted = group_of(node) if project.min_group_size(one.metric) else None
        nodes_asked = (node, sample_of(node), *((counted,) if counted else ()))
        wanted += [(leaf, one.dimensions) for asked in nodes_asked for leaf in leaves(asked)]
    passes = (*reductions_for(by_day, where), *reductions_for(by_hour, where, finest=Grain.hour))
    return tuple(with_joins(project, one) for one in passes)


def _made_for(project: Project, reductions: Sequence[Reduction]) -> tuple[ModelPlan, ...]:
    """The models that passes read or look something up in, and those that checks on them compare them with."""
    models = {one.model for one in reductions} | models_joined(reductions)
    return plan_models(project, frozenset(models | _looked_at(project, models)))


def _looked_at(project: Project, models: set[str]) -> set[str]:
    """The models that checks on these models compare them with, and those of the calendar and of holidays."""
    checks = [
        check for name in models for below in models_below(project, name) for check in project.models[below].checks
    ]
    related = {one.looks_in for one in checks if one.looks_in}
    days = {project.settings.calendar_table or "", project.settings.holiday_table or ""}
    return (related | days) & project.models.keys()


@dataclass(frozen=True)
class _Ground:
    """What metrics over the same models rest on: the sources below these, and how they are defined."""

    sources: tuple[str, ...]
    fingerprints: list[str]


def _ground(project: Project, models: frozenset[str]) -> _Ground:
    sources = {source for model in models for source in sources_below(project, model)}
    return _Ground(tuple(sorted(sources)), [one.fingerprint for one in plan_models(project, models)])


def _derivation(project: Project, name: str, node: Node, ground: _Ground) -> Derivation:
    least = project.min_group_size(name)
    group = group_of(node) if least else None
    made_of = fingerprint(
        repr(node),
        ground.fingerprints,
        [one.fingerprint for one in looked_up_by(project, node)],
        *([least] if least else []),
    )
    every_period = in_every_period(project, project.metrics[name])
    return Derivation(name, node, sample_of(node), ground.sources, made_of, every_period, least, group)
