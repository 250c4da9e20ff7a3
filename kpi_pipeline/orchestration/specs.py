"""The assets of a project: one for every source, model, metric and KPI, the evidence, and two for what is published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from kpi_pipeline.compile.models import plan_models
from kpi_pipeline.judge import classify, headline
from kpi_pipeline.kpis import Indicator, Kpi
from kpi_pipeline.load import cluster_of
from kpi_pipeline.metrics import Metric
from kpi_pipeline.names import TableRef
from kpi_pipeline.orchestration.automation import Automation
from kpi_pipeline.orchestration.evidence import evidence_spec
from kpi_pipeline.orchestration.keys import EVIDENCE, SCORECARD, SNAPSHOT, key, names
from kpi_pipeline.pipeline.explain import explain
from kpi_pipeline.plan import ModelPlan, fingerprint
from kpi_pipeline.project import Project
from kpi_pipeline.publish import project_version
from kpi_pipeline.publish.definition_version import kpi_versions, metric_versions
from kpi_pipeline.publish.formula import formula
from kpi_pipeline.publish.lineage import lineage
from kpi_pipeline.sources import AssetConnector, Connector, DatabaseConnector, FileConnector, LakehouseConnector, Source
from kpi_pipeline.sources.file import format_of

WORDS = {"checks", "label", "description", "ignore"}
"""What of a source may change while every row it loads stays the same."""

Upstream = Mapping[str, Sequence[str]]


def asset_specs(project: Project, automation: Automation) -> tuple[dg.AssetSpec, ...]:
    """Every asset, each after those it is made from. A run may leave any of them out, because checks block some."""
    upstream = _upstream(project)
    metrics, kpis = metric_versions(project), kpi_versions(project)
    indicators = headline(project, classify(project))
    specs = [
        *(_source(project, one, automation) for one in project.sources.values()),
        *(_model(project, one) for one in plan_models(project, frozenset(project.models))),
        *(_metric(project, project.metrics[name], metrics[name]) for name in _in_order(project)),
        *(_kpi(project, one, kpis[one.name], indicators[one.name], automation) for one in project.kpis.values()),
        *evidence_spec(project),
        *_published(project, [*_ends(upstream), *([EVIDENCE] if project.links else [])]),
    ]
    return tuple(_joined(spec, upstream, automation) for spec in specs)


def _joined(spec: dg.AssetSpec, upstream: Upstream, automation: Automation) -> dg.AssetSpec:
    """The asset with what lies above it in the graph, and what makes it compute itself."""
    (name,) = names([spec.key])
    return spec.replace_attributes(
        deps=[*spec.deps, *(key(one) for one in upstream.get(name, ()))],
        automation_condition=automation.at_the_sources if name.startswith("raw/") else automation.downstream,
        skippable=True,
    )


def _upstream(project: Project) -> dict[str, list[str]]:
    """What each asset is made from; goals are no assets."""
    found: dict[str, list[str]] = {}
    for edge in lineage(project):
        if edge.downstream.kind != "goal":
            known = found.setdefault(str(edge.downstream), [])
            if str(edge.upstream) not in known:
                known.append(str(edge.upstream))
    return found


def _ends(upstream: Upstream) -> list[str]:
    """The metrics and KPIs that nothing but what is published is made from."""
    used = {name for above in upstream.values() for name in above}
    return [name for name in upstream if name not in used and name.startswith(("metric/", "kpi/"))]


def _in_order(project: Project) -> Iterator[str]:
    """The metrics, each after those it is computed from."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in done:
            return
        done.add(name)
        for used in project.metrics[name].inputs:
            yield from visit(used.name)
        yield name

    for name in project.metrics:
        yield from visit(name)


def _source(project: Project, source: Source, automation: Automation) -> dg.AssetSpec:
    connector = source.connector
    there = isinstance(connector, LakehouseConnector)
    loaded = f"Loaded from `{connector.where}`, {source.load.mode}."
    where = f"Its rows stay at `{connector.where}` and are read there." if there else loaded
    return dg.AssetSpec(
        key(f"raw/{source.name}"),
        description=_text(source.description, where),
        metadata=_table(f"raw.{source.name}") | _written_at(project, "sources", source.name),
        group_name="sources",
        deps=[dg.AssetKey(connector.asset.split("/"))] if isinstance(connector, AssetConnector) else [],
        kinds={"spark" if there else "duckdb", *_kinds(connector)},
        tags={} if there else {"load": source.load.mode},
        code_version=fingerprint(source.model_dump_json(by_alias=True, exclude=WORDS)),
        freshness_policy=automation.fresh_source(source),
    )


def _kinds(connector: Connector) -> tuple[str, ...]:
    """What Dagster shows as the technology that rows come from."""
    match connector:
        case FileConnector():
            stored = connector.format or format_of(connector.path) or ""
            return ({"jsonl": "json"}.get(stored, stored),) if stored else ()
        case DatabaseConnector():
            return ({"postgresql": "postgres"}.get(connector.driver, connector.driver),)
        case AssetConnector():
            return ()
        case _:
            return (connector.type,)


def _model(project: Project, plan: ModelPlan) -> dg.AssetSpec:
    model = project.models[plan.name]
    made_of = f"```sql\n{model.sql.strip()}\n```" if model.sql else f"All of `{model.table}`."
    return dg.AssetSpec(
        key(f"model/{model.name}"),
        description=_text(model.description, made_of),
        metadata=_table(f"model.{model.name}") | _written_at(project, "models", model.name),
        group_name="models",
        kinds={"spark" if cluster_of(project, TableRef("model", model.name)) else "duckdb", model.materialized},
        tags={"time": model.agg_time_dimension} if model.agg_time_dimension else {},
        code_version=plan.fingerprint,
    )


def _metric(project: Project, metric: Metric, version: str) -> dg.AssetSpec:
    team = project.people[metric.owner].team if metric.owner else None
    return dg.AssetSpec(
        key(f"metric/{metric.name}"),
        description=_text(metric.description, f"{metric.type.capitalize()} metric: {formula(metric)}."),
        metadata={"plan": dg.MetadataValue.md(f"```\n{explain(project, [metric.name])}\n```")}
        | _written_at(project, "metrics", metric.name),
        group_name="metrics",
        owners=_owners(project, team, metric.owner),
        kinds={"polars"},
        tags={"metric_type": metric.type, "unit": metric.unit.value},
        code_version=version,
    )


def _kpi(project: Project, kpi: Kpi, version: str, indicator: str, automation: Automation) -> dg.AssetSpec:
    goal = project.goals[kpi.serves[0].goal] if kpi.serves else None
    tags = {
        "indicator": indicator,
        "direction": kpi.direction.value,
        "grain": kpi.grain.value,
        "goal": goal.name if goal else None,
        "framework": goal.framework.value if goal and goal.framework else None,
        "perspective": goal.perspective.value if goal and goal.perspective else None,
    }
    how = f"By {kpi.grain}: {formula(project.metrics[kpi.metric])}."
    serves = f"Goal: {goal.statement}" if goal else "It serves no goal yet."
    return dg.AssetSpec(
        key(f"kpi/{kpi.name}"),
        description=_text(f"**{kpi.title}**", kpi.description, how, serves, _claimed(indicator)),
        metadata=_written_at(project, "kpis", kpi.name),
        group_name=goal.name if goal else "kpis",
        owners=_owners(project, kpi.team, kpi.owner),
        kinds={"polars", "kpi"},
        tags={word: value for word, value in tags.items() if value},
        code_version=version,
        freshness_policy=automation.fresh_kpi(kpi),
    )


def _claimed(indicator: str) -> str:
    """What the definitions make of a KPI, and where to find what the data says."""
    if indicator == Indicator.unclassified.value:
        return ""
    return f"A {indicator} indicator by its definitions; `indicator_found` says what it is by the data, too."


def _published(project: Project, ends: Sequence[str]) -> Iterator[dg.AssetSpec]:
    publish = project.settings.publish
    server = publish.postgres if publish.postgres and publish.postgres.url else None
    also = [f"Parquet files below `{publish.parquet}`"] if publish.parquet else []
    also += [f"PostgreSQL at `{server.place}`"] if server else []
    yield dg.AssetSpec(
        key(SNAPSHOT),
        deps=[key(name) for name in ends],
        description=f"The validated tables that BI tools read: {' and '.join((f'`{publish.duckdb}`', *also))}.",
        group_name="published",
        kinds={"duckdb", *(["parquet"] if publish.parquet else []), *(["postgres"] if server else [])},
        code_version=project_version(project),
    )
    if publish.scorecard:
        yield dg.AssetSpec(
            key(SCORECARD),
            deps=[key(SNAPSHOT)],
            description=f"KPIs by goal as one page for people: `{publish.scorecard}/index.html`.",
            group_name="published",
            kinds={"html"},
            code_version=project_version(project),
        )


def _owners(project: Project, team: str | None, person: str | None) -> list[str]:
    """The team, and the person where an e-mail address is given."""
    mail = project.people[person].email if person else None
    return [*([f"team:{team}"] if team else []), *([mail] if mail else [])]


def _text(*paragraphs: str) -> str:
    return "\n\n".join(one.strip() for one in paragraphs if one.strip())


def _table(name: str) -> dict[str, object]:
    return {"dagster/table_name": name}


def _written_at(project: Project, *path: str) -> dict[str, object]:
    """The file and line of the definition."""
    place = project.place(*path)
    return {"defined_in": str(place)} if place else {}
