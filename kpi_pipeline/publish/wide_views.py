"""Wide views that bear a project's own names: a column a KPI, and dimensions and metrics as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import polars as pl
from sqlglot import exp

from kpi_pipeline.periods import Grain
from kpi_pipeline.project import Project
from kpi_pipeline.publish.view import View, comments_of
from kpi_pipeline.segments import TOTAL

_PERIOD = ("period_start", "period_end", "last_day", "period_label")


def _period(grain: Grain) -> tuple[str, ...]:
    """The columns that say which period a row is of; hours are told apart by the moment they begin."""
    return (*_PERIOD, "period_start_utc") if grain is Grain.hour else _PERIOD


def kpi_wide_views(project: Project) -> Iterator[View]:
    """A view a grain that KPIs have: a row a period, a column a KPI, totals only."""
    for grain in Grain:
        kpis = {kpi.name: kpi.title for kpi in project.kpis.values() if kpi.grain is grain}
        if kpis:
            period = _period(grain)
            fixed = {name: comments_of("kpi_value")[name] for name in period}
            fixed["is_complete"] = "False while the period is in progress for any of the KPIs"
            names = _apart_from(fixed, kpis, prefix="kpi")
            complete = exp.alias_(exp.LogicalAnd(this=_column("is_complete")), "is_complete", quoted=True)
            query = (
                exp.select(*_columns(period), complete)
                .select(*(_picked("value", "kpi", kpi, names[kpi]) for kpi in kpis))
                .from_(_table("kpi_value"))
                .where(_equals("grain", grain.value), _equals("segment", TOTAL))
                .group_by(*_columns(period))
                .order_by(_column(period[-1] if grain is Grain.hour else "period_start"))
            )
            comments = {**fixed, **{names[kpi]: title for kpi, title in kpis.items()}}
            yield View(f"kpi_wide_{grain}", f"A {grain}, with one column a KPI; totals only", comments, query)


def model_views(project: Project, metric_value: pl.DataFrame, segment: pl.DataFrame) -> Iterator[View]:
    """A view a model and grain: dimensions and metrics as columns, for the breakdowns that were published.

    The row of a breakdown has the value of each of its dimensions and NULL in the others, so a total has NULL in all;
    `(none)` is a dimension value that the rows did not have.
    """
    present = metric_value.select("metric", "grain", "breakdown").unique()
    dimensions = segment.drop_nulls("dimension").select("breakdown", "dimension").unique()
    for model in project.models.values():
        metrics = {
            name: project.metrics[name].title for name in project.metrics if project.models_asked(name) == {model.name}
        }
        here = present.filter(pl.col("metric").is_in(list(metrics)))
        for grain in Grain:
            rows = here.filter(pl.col("grain") == grain.value)
            shown = {name: title for name, title in metrics.items() if name in rows.get_column("metric")}
            broken_down_by = dimensions.join(rows, on="breakdown", how="semi").get_column("dimension").unique().sort()
            if shown:
                labels = {name: _dimension_words(project, model.name, name) for name in broken_down_by}
                title = f"{model.title}, by {grain}: dimensions and metrics as columns, one breakdown beside the other"
                yield _model_view(f"{model.name}_{grain}", title, grain, labels, shown)


def _model_view(
    name: str, comment: str, grain: Grain, dimensions: Mapping[str, str], metrics: Mapping[str, str]
) -> View:
    fixed = {
        column: comments_of("metric_value")[column]
        for column in (*_period(grain), "breakdown", "segment", "is_complete")
    }
    dimension_names = _apart_from(fixed, dimensions, prefix="by")
    metric_names = _apart_from({*fixed, *dimension_names.values()}, metrics, prefix="metric")
    described = (
        exp.select(_column("segment"))
        .select(*(_picked("label", "dimension", one, dimension_names[one]) for one in dimensions))
        .from_(_table("segment"))
        .group_by(_column("segment"))
    )
    keys = [exp.column(one, table="metric_value", quoted=True) for one in (*_period(grain), "breakdown", "segment")]
    shown = [exp.column(one, table="described", quoted=True) for one in dimension_names.values()]
    complete = exp.LogicalAnd(this=exp.column("is_complete", table="metric_value", quoted=True))
    query = (
        exp.select(*keys, *shown, exp.alias_(complete, "is_complete", quoted=True))
        .select(*(_picked("value", "metric", metric, metric_names[metric]) for metric in metrics))
        .from_(_table("metric_value"))
        .join(
            described.subquery("described"),
            on=exp.EQ(
                this=exp.column("segment", table="described", quoted=True),
                expression=exp.column("segment", table="metric_value", quoted=True),
            ),
            join_type="left",
        )
        .where(_equals("grain", grain.value), _column("metric").isin(*metrics))
        .group_by(*keys, *shown)
        .order_by(
            exp.column(
                _period(grain)[-1] if grain is Grain.hour else "period_start", table="metric_value", quoted=True
            ),
            keys[-1].copy(),
        )
    )
    comments = {
        **fixed,
        **{dimension_names[one]: words for one, words in dimensions.items()},
        **{metric_names[one]: words for one, words in metrics.items()},
    }
    return View(name, comment, comments, query)


def _dimension_words(project: Project, model: str, name: str) -> str:
    noun = project.models[model].dimension(name)
    return (noun.label if noun else "") or name.replace("__", ", ").replace("_", " ").capitalize()


def _apart_from(taken: Iterable[str], names: Iterable[str], *, prefix: str) -> dict[str, str]:
    """A column name for each, with a prefix where a fixed column already bears it.

    >>> _apart_from(["segment"], ["segment", "orders"], prefix="metric")
    {'segment': 'metric_segment', 'orders': 'orders'}
    """
    there = set(taken)
    return {name: f"{prefix}_{name}" if name in there else name for name in names}


def _picked(value: str, by: str, name: str, called: str) -> exp.Expr:
    """One row's value out of a group: that whose `by` is `name`."""
    only = exp.Filter(this=exp.Max(this=_column(value)), expression=exp.Where(this=_equals(by, name)))
    return exp.alias_(only, called, quoted=True)


def _equals(column: str, text: str) -> exp.Expr:
    return exp.EQ(this=_column(column), expression=exp.Literal.string(text))


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)


def _columns(names: Iterable[str]) -> list[exp.Column]:
    return [_column(name) for name in names]


def _table(name: str) -> exp.Table:
    return exp.table_(name, quoted=True)
