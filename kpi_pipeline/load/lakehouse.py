"""Rows in a lakehouse: which cluster reduces them, and what cannot be asked of rows that stay where they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from sqlglot import exp

from kpi_pipeline.dimensions import SEPARATOR, UnknownDimension, find_dimension
from kpi_pipeline.engines import SparkEngine
from kpi_pipeline.errors import Place, Problem, listed
from kpi_pipeline.load.fault import Fault
from kpi_pipeline.load.model_sql import tables_of
from kpi_pipeline.load.sites import models_drawn_on, row_expressions
from kpi_pipeline.load.sql import SqlError, columns_used, expression, position
from kpi_pipeline.models import Model
from kpi_pipeline.names import TableRef
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.sources import LakehouseConnector


def cluster_of(project: Project, table: TableRef) -> SparkEngine | None:
    """The cluster that has the rows of a source or model; None where they are in the warehouse."""
    if not _has_lakehouse(project):
        return None  # asked of every pass of every project, so without a look at any SQL
    if table.schema == "raw":
        return _of_source(project, table.name)
    model = project.models[table.name]
    return (model.engine or project.settings.engine) if lakehouse_sources(project, model.name) else None


def lakehouse_sources(project: Project, model: str) -> tuple[str, ...]:
    """The sources in a lakehouse that a model reads, itself or by models that it reads."""
    return tuple(name for name in _sources(project, model) if is_in_lakehouse(project, name))


def is_in_lakehouse(project: Project, source: str) -> bool:
    """Whether the rows of a source stay where they are."""
    noun = project.sources.get(source)
    return noun is not None and isinstance(noun.connector, LakehouseConnector)


def misplaced(project: Project) -> Iterator[Problem]:
    """A problem for each use of rows in a lakehouse that only rows in the warehouse can be put to."""
    there = _has_lakehouse(project)
    for model in project.models.values():
        if there or model.engine:
            yield from _model(project, model)
    if not there:
        return
    for source in project.sources:
        if is_in_lakehouse(project, source):
            yield from _without_cluster(project, source)
    yield from _looked_up(project)
    yield from _needed_here(project)


def _has_lakehouse(project: Project) -> bool:
    return any(is_in_lakehouse(project, source) for source in project.sources)


def _of_source(project: Project, source: str) -> SparkEngine | None:
    if not is_in_lakehouse(project, source):
        return None
    named = (one.engine for one in project.models.values() if source in _read(one, "raw"))
    return next((one for one in named if one), project.settings.engine)


def _read(model: Model, schema: str) -> tuple[str, ...]:
    """The sources (raw) or models that a model reads itself."""
    return tuple(table.name.lower() for table in tables_of(model) if table.db.lower() == schema)


def _sources(project: Project, model: str, seen: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The sources that a model reads, itself or by models that it reads; one that reads itself is refused elsewhere."""
    noun = project.models.get(model)
    if noun is None or model in seen:
        return ()
    below = (one for inner in _read(noun, "model") for one in _sources(project, inner, seen | {model}))
    return tuple(dict.fromkeys((*_read(noun, "raw"), *below)))


def _without_cluster(project: Project, source: str) -> Iterator[Problem]:
    if _of_source(project, source) is None and not _engines_unread(project):
        yield Problem(
            f"Source '{source}' is in a lakehouse, and nothing says which cluster reads it.",
            project.place("sources", source, "connector"),
            'write engine: {type: spark, remote: "${SPARK_REMOTE}"} in project.yaml, or in the models that read it',
        )
    readers = [one for one in project.models.values() if source in _read(one, "raw")]
    if len({one.engine or project.settings.engine for one in readers}) > 1:
        yield Problem(
            f"Source '{source}' is read by models of several clusters: {listed([one.name for one in readers])}.",
            project.place("sources", source),
            "let them name the same `engine`; or define the source once for each cluster",
        )


def _engines_unread(project: Project) -> bool:
    """Whether an engine may be written where a definition could not be read, which is said already."""
    lost = (path[1] for path in project.places if path[0] == "models" and path[-1] == "engine")
    return project.settings == Settings(name="unnamed") or any(name not in project.models for name in lost)


def _model(project: Project, model: Model) -> Iterator[Problem]:
    sources = _sources(project, model.name)
    there = [one for one in sources if is_in_lakehouse(project, one)]
    here = [one for one in sources if one in project.sources and one not in there]
    if there and here:
        yield Problem(
            f"Model '{model.name}' reads {listed(there)} in a lakehouse and {listed(here)} in the warehouse, and no "
            "engine has both.",
            project.place("models", model.name),
            "make a model of each; metrics are put together after they are reduced, and a model in the warehouse can "
            "be looked up by its entities",
        )
    elif model.engine and here:
        yield Problem(
            f"Model '{model.name}' names an engine, but its sources are loaded into the warehouse: {listed(here)}.",
            project.place("models", model.name, "engine"),
            "leave `engine` out, or give the sources a connector of `type: lakehouse`",
        )
    for inner in _read(model, "model"):
        below = project.models.get(inner)
        if there and below and (below.engine or project.settings.engine) != (model.engine or project.settings.engine):
            yield Problem(
                f"Model '{model.name}' and model '{inner}', which it reads, are of different clusters.",
                project.place("models", model.name),
                "let both name the same `engine`",
            )
    if there and model.materialized == "table":
        yield Problem(
            f"Model '{model.name}' reads a lakehouse, where nothing is written, so it cannot be kept as a table.",
            project.place("models", model.name, "materialized"),
            "leave `materialized` out; or have the table made in the lakehouse, and read it as a source",
        )


def _looked_up(project: Project) -> Iterator[Problem]:
    """Dimensions that rows would look up in a lakehouse where they are not."""
    for kpi in project.kpis.values():
        for path, name in _with_places(kpi.breakdowns):
            for model in models_drawn_on(project, kpi.metric):
                place = project.place("kpis", kpi.name, "breakdowns", *path)
                yield from _apart(project, model, name, f"KPI '{kpi.name}' is broken down by '{name}'", place)
    for site in row_expressions(project):
        for table in site.tables if site.kind == "metrics" else ():
            for column in _columns(site.text):
                place = site.place(project, Fault("", *position(column, site.text)))
                yield from _apart(project, table.name, column.name, f"{site.subject} uses '{column.name}'", place)


def _with_places(breakdowns: Sequence[Sequence[str]]) -> Iterator[tuple[tuple[str, str], str]]:
    for number, names in enumerate(breakdowns):
        for place, name in enumerate(names):
            yield (str(number), str(place)), name


def _columns(text: str) -> list[exp.Column]:
    """The columns that an expression names; none where it cannot be read, which is said elsewhere."""
    try:
        return list(columns_used(expression(text)))
    except SqlError:
        return []


def _apart(project: Project, model: str, name: str, use: str, place: Place | None) -> Iterator[Problem]:
    noun = project.models.get(model)
    if noun is None or SEPARATOR not in name or noun.dimension(name):
        return
    with suppress(UnknownDimension):
        for step in find_dimension(project.models, noun, name).steps:
            there = cluster_of(project, TableRef("model", step.model.name))
            if there and there != cluster_of(project, TableRef("model", model)):
                yield Problem(
                    f"{use}, for which model '{model}' would look up rows of model '{step.model.name}', which is in a "
                    "lakehouse, and no engine has both.",
                    place,
                    f"load the sources of model '{step.model.name}', such as with a connector of `type: file`; rows of "
                    "a lakehouse can look up those of the warehouse, but not the other way round",
                )


def _needed_here(project: Project) -> Iterator[Problem]:
    """Tables that are read as a whole, and by the pipeline itself."""
    uses = [
        (("project", "", "calendar"), "the calendar", project.settings.calendar_table),
        (("project", "", "holidays"), "the holidays", project.settings.holiday_table),
        *(
            (("kpis", kpi.name, "target"), f"targets of KPI '{kpi.name}'", kpi.target.table)
            for kpi in project.kpis.values()
            if kpi.target
        ),
    ]
    for path, what, table in uses:
        if table and _is_there(project, table):
            yield Problem(
                f"'{table}' is in a lakehouse, and {what} must be in the warehouse.",
                project.place(*(part for part in path if part)),
                "load that small table, such as with a connector of `type: file`",
            )
    for kind, nouns in (("sources", project.sources), ("models", project.models)):
        for noun in nouns.values():
            for number, check in enumerate(noun.checks):
                own = cluster_of(project, TableRef("raw" if kind == "sources" else "model", noun.name))
                if check.looks_in and _cluster_named(project, check.looks_in) != own:
                    yield Problem(
                        f"Check '{check.title}' looks in '{check.looks_in}', and no engine has both.",
                        project.place(kind, noun.name, "checks", str(number)),
                        "compare tables that are both in the warehouse, or both in the lakehouse",
                    )


def _is_there(project: Project, table: str) -> bool:
    return bool(lakehouse_sources(project, table)) or is_in_lakehouse(project, table)


def _cluster_named(project: Project, table: str) -> SparkEngine | None:
    known = table in project.models or table in project.sources
    return cluster_of(project, project.table_named(table)) if known else None
