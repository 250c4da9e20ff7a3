"""Columns are of the types that their use needs: times are times, rates are numbers, segments are plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kpi_pipeline.errors import Problem
from kpi_pipeline.load.checked_types import checked_types
from kpi_pipeline.load.hours import days_by_hour
from kpi_pipeline.load.kinds import BY_KEY
from kpi_pipeline.load.sites import written_path
from kpi_pipeline.load.typed import Typed, type_of
from kpi_pipeline.metrics import Conversion, Metric, Retention, Simple
from kpi_pipeline.models import Model
from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import Grain
from kpi_pipeline.project import Project

Keys = tuple[str, ...]
TIME_TYPES = ("DATE", "TIMESTAMP", "DATETIME")
DAY_TYPES = (*TIME_TYPES, "VARCHAR")
"""What the day of a calendar table may be; text is read as a day."""
NO_SEGMENTS = ("STRUCT", "MAP", "UNION", "JSON", "BLOB", "INTERVAL", "BIT", "VARIANT")
"""Types whose values cannot be the segments of a breakdown; neither can lists."""


def check_types(project: Project, columns: Typed) -> tuple[Problem, ...]:
    """A problem for each column that is used for what its type cannot be.

    Args:
        project: A loaded project.
        columns: For raw tables and models, the names of their columns and the types DuckDB gives them; what is not
            known is passed over.
    """
    return (
        *_not_times(project, columns),
        *_not_segments(project, columns),
        *_not_rates(project, columns),
        *_not_days(project, columns),
        *_hours_between_days(project, columns),
        *days_by_hour(project, columns),
        *checked_types(project, columns),
    )


def _kind(columns: Typed, model: Model, name: str) -> str:
    """The type of a model's column, or of the one that a dimension names; empty where it is not known."""
    declared = model.dimension(name)
    return type_of(columns, TableRef("model", model.name), declared.column if declared else name)


def _not_times(project: Project, columns: Typed) -> Iterator[Problem]:
    """A time column is a date or a timestamp."""
    for model in project.models.values():
        times: dict[Keys, str] = {}
        if model.agg_time_dimension:
            times["agg_time_dimension",] = model.agg_time_dimension
        for number, one in enumerate(model.dimensions):
            if one.type == "time" and one.name != model.agg_time_dimension:
                times["dimensions", str(number)] = one.name
        yield from _each_a_time(project, "models", model.name, model, times, columns)
    for metric in project.metrics.values():
        model_of_it = project.models.get(metric.model) if isinstance(metric, Simple | Retention) else None
        if model_of_it:
            own = {keys: name for keys, name in _times_of(metric).items() if not model_of_it.dimension(name)}
            yield from _each_a_time(project, "metrics", metric.name, model_of_it, own, columns)


def _times_of(metric: Metric) -> dict[Keys, str]:
    """The time columns that a metric names itself, by their keys."""
    times: dict[Keys, str] = {}
    if isinstance(metric, Simple | Retention) and metric.agg_time_dimension:
        times["agg_time_dimension",] = metric.agg_time_dimension
    if isinstance(metric, Simple) and metric.active:
        times |= {("active", "from"): metric.active.from_, ("active", "to"): metric.active.to}
    return times


def _each_a_time(
    project: Project, kind: str, user: str, model: Model, times: Mapping[Keys, str], columns: Typed
) -> Iterator[Problem]:
    for keys, name in times.items():
        found = _kind(columns, model, name)
        if found and not found.startswith(TIME_TYPES):
            yield Problem(
                f"{BY_KEY[kind].subject(user)}: '{written_path(keys)}' is '{name}', of the type {found}.",
                project.place(kind, user, *keys),
                f"cast it in the model's sql: CAST({name} AS TIMESTAMP) AS {name}",
            )


def _not_segments(project: Project, columns: Typed) -> Iterator[Problem]:
    """A dimension has values that can be told apart and written down."""
    for model in project.models.values():
        for number, one in enumerate(model.dimensions):
            kind = _kind(columns, model, one.name)
            if not one.expr and (kind.startswith(NO_SEGMENTS) or kind.endswith("]")):
                yield Problem(
                    f"Model '{model.name}': the dimension '{one.name}' is {kind}, which is no plain value.",
                    project.place("models", model.name, "dimensions", str(number)),
                    "take one value out of it in the model's sql",
                )


def _not_rates(project: Project, columns: Typed) -> Iterator[Problem]:
    """A rate is a number, and the code of a currency is text."""
    for model in project.models.values():
        currency = model.currency
        rates = project.models.get(currency.rates or "") if currency else None
        if currency is None or rates is None:
            continue
        coded = [("code", currency.code, rates)] + ([("column", currency.column, model)] if currency.column else [])
        for key, name, where in coded:
            kind = _kind(columns, where, name)
            if kind and not kind.startswith(("VARCHAR", "ENUM", '"NULL"')):
                yield Problem(
                    f"Model '{model.name}': 'currency.{key}' is '{name}', of the type {kind}.",
                    project.place("models", model.name, "currency", key),
                    "name the column with the code of the currency, such as USD",
                )
        kind = _kind(columns, rates, currency.rate)
        if kind.startswith((*TIME_TYPES, *NO_SEGMENTS, "VARCHAR", "BOOLEAN", "UUID", "ENUM", "TIME")):
            yield Problem(
                f"Model '{model.name}': 'currency.rate' is '{currency.rate}', of the type {kind}.",
                project.place("models", model.name, "currency", "rate"),
                f"name the column of model '{rates.name}' with the rate, or cast it there to DECIMAL(18, 9)",
            )


def _not_days(project: Project, columns: Typed) -> Iterator[Problem]:
    """The tables of the calendar and of holidays have a column with the day."""
    for key, of_days in (("calendar", project.settings.calendar), ("holidays", project.settings.holidays)):
        if of_days is None or of_days.table is None:
            continue
        table, day = project.table_named(of_days.table), of_days.columns.day
        kind = type_of(columns, table, day)
        if kind and not kind.startswith(DAY_TYPES):
            yield Problem(
                f"The project: '{key}.columns.day' is '{day}', which is {kind} in {table}, and no day.",
                project.place("project", key, "columns", "day"),
                f"name the column with the day: {key}: {{table: ..., columns: {{day: ...}}}}; or make one in a model's "
                f"sql, such as strptime(CAST({day} AS VARCHAR), '%Y%m%d') for days like 20240131",
            )


def _hours_between_days(project: Project, columns: Typed) -> Iterator[Problem]:
    """A window of hours needs the time of day in both events."""
    for metric in project.metrics.values():
        if not isinstance(metric, Conversion) or metric.window is None or metric.window.grain is not Grain.hour:
            continue
        for used in metric.inputs:
            simple = project.metrics[used.name]
            model = project.models.get(simple.model) if isinstance(simple, Simple) else None
            if not isinstance(simple, Simple) or model is None:
                continue
            time = model.counts_by(simple.agg_time_dimension)
            if _kind(columns, model, time) == "DATE":
                yield Problem(
                    f"Metric '{metric.name}': 'window' is {metric.window}, but '{time}' of model '{model.name}' "
                    "holds days.",
                    project.place("metrics", metric.name, "window"),
                    "write the window in days, or take a time column with the time of day",
                )
