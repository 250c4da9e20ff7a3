"""Stage 2: views and tables over the sources, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.compile.personal import personal_columns
from kpi_pipeline.errors import DataError, DefinitionError
from kpi_pipeline.ingest import SourceState
from kpi_pipeline.load import check_columns, cluster_of
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.binding import unbindable
from kpi_pipeline.pipeline.checking import check_asset, why_blocked
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.defined import make_model
from kpi_pipeline.pipeline.engine_error import engine_error
from kpi_pipeline.pipeline.report import AssetReport
from kpi_pipeline.plan import ModelPlan, Plan, fingerprint
from kpi_pipeline.store.made import made_from, note_made


@dataclass(frozen=True)
class Models:
    """The models after this stage: which may be used, and the version of what is in them."""

    versions: Mapping[str, str]
    """Of every usable model: a fingerprint of its definition, what it reads, and their versions."""
    blocked: Mapping[str, str]
    assets: tuple[AssetReport, ...]
    checks: tuple[CheckResult, ...]


def make_models(
    context: Context, plan: Plan, states: Mapping[str, SourceState], blocked_sources: Mapping[str, str]
) -> Models:
    """Makes every model whose sources and models may be used; a table only where what it holds would change."""
    _refuse_unknown_columns(context, states)
    versions: dict[str, str] = {}
    blocked: dict[str, str] = {}
    changed: dict[str, bool] = {}
    for model in plan.models:
        if reason := _why_not(model, states, blocked_sources, blocked):
            blocked[model.name] = reason
        else:
            versions[model.name] = _version(model, states, versions)
            changed[model.name] = made_from(context.warehouse, model.table) != versions[model.name]
            if changed[model.name] or model.materialized == "view":
                make_model(context, plan, model)
                note_made(context.warehouse, model.table, versions[model.name])
        context.watch.step(model.name)
    # NOTE: checks come when all models are made, because a relationship looks at another one.
    checks = {name: _checked(context, plan.model(name), versions, states) for name in versions}
    for model in plan.models:
        failed = why_blocked(checks.get(model.name, ()))
        below = next((blocked[inner] for inner in model.models if inner in blocked), None)
        if reason := blocked.get(model.name) or below or failed:
            blocked[model.name] = reason
    return Models(
        {name: version for name, version in versions.items() if name not in blocked},
        blocked,
        tuple(_report(context, plan.model(name), version, changed=changed[name]) for name, version in versions.items()),
        tuple(result for found in checks.values() for result in found),
    )


def _report(context: Context, model: ModelPlan, version: str, *, changed: bool) -> AssetReport:
    columns = context.warehouse.table_columns(model.table)
    rows = _row_count(context, model) if changed else None
    return AssetReport(f"model/{model.name}", changed, rows, columns, version=version)


def _refuse_unknown_columns(context: Context, states: Mapping[str, SourceState]) -> None:
    """Now that the raw tables' columns are known, definitions that name others are refused, with their place."""
    columns = {
        TableRef("raw", name): context.warehouse.table_columns(TableRef("raw", name))
        for name in context.project.sources
        if name in states
    }
    known = {table: found for table, found in columns.items() if found}
    problems = check_columns(context.project, known) or unbindable(context.project, known)
    if problems:
        raise DefinitionError(problems)


def _why_not(
    model: ModelPlan, states: Mapping[str, SourceState], blocked_sources: Mapping[str, str], blocked: Mapping[str, str]
) -> str | None:
    for source in model.sources:
        if source in blocked_sources:
            return blocked_sources[source]
        if source not in states:
            return f"raw/{source} was never loaded"
    return next((blocked[inner] for inner in model.models if inner in blocked), None)


def _version(model: ModelPlan, states: Mapping[str, SourceState], versions: Mapping[str, str]) -> str:
    return fingerprint(
        model.fingerprint,
        {source: states[source].version for source in model.sources},
        {inner: versions[inner] for inner in model.models},
    )


def _checked(
    context: Context, model: ModelPlan, versions: Mapping[str, str], states: Mapping[str, SourceState]
) -> tuple[CheckResult, ...]:
    checks = context.project.models[model.name].checks
    moments = [context.moment_for(states[source]) for source in states if source in model.sources]
    known = {name: state.version for name, state in states.items()} | dict(versions)
    related = [known.get(one.looks_in) for one in checks if one.looks_in]
    return check_asset(
        context,
        f"model/{model.name}",
        model.table,
        checks,
        about=fingerprint(versions[model.name], related),
        as_of=max(moments, default=context.now),
        personal=sorted(personal_columns(context.project, context.project.models[model.name])),
        timezone=model.naive_zone,
    )


def _row_count(context: Context, model: ModelPlan) -> int | None:
    """How many rows a model has; not known of one in a cluster, where counting them reads them all."""
    if cluster_of(context.project, model.table):
        return None
    try:
        return context.warehouse.count(model.table)
    except context.warehouse.query_errors as problem:
        said = engine_error(context.project, model.name, problem)
        raise DataError(f"Model '{model.name}' cannot be read: {said}") from problem
