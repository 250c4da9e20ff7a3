"""What may not be computed or published, and why: a failed check stops what depends on it, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from kpi_pipeline.pipeline.load_sources import Loaded
from kpi_pipeline.pipeline.make_models import Models
from kpi_pipeline.pipeline.publish_tables import Computed
from kpi_pipeline.plan import Derivation, Plan, leaves
from kpi_pipeline.project import Project
from kpi_pipeline.store import Warehouse


def computable(plan: Plan, models: Models) -> tuple[dict[str, Derivation], dict[str, str]]:
    """The metrics whose models may be used, also those looked up in; for the others why they are not computed."""
    found: dict[str, Derivation] = {}
    blocked: dict[str, str] = {}
    for name, derivation in plan.derivations.items():
        passes = {(leaf.measure.model, leaf.measure.time) for leaf in leaves(derivation.node)}
        read = [
            model.name
            for reduction in plan.reductions
            if (reduction.model, reduction.time) in passes
            for model in plan.models_of(reduction)
        ]
        reason = next((models.blocked[model] for model in read if model in models.blocked), None)
        if reason:
            blocked[f"metric/{name}"] = reason
        else:
            found[name] = derivation
    return found, blocked


def left_out(
    project: Project,
    kpis: frozenset[str],
    metrics: Mapping[str, str],
    loaded: Loaded,
    models: Models,
    warehouse: Warehouse,
) -> dict[str, str]:
    """Sources not let in, models not to be used, and of the KPIs those without their targets or their metric.

    `metrics` says why metrics are not computed.
    """
    blocked = {
        **metrics,
        **{f"raw/{name}": why for name, why in loaded.blocked.items()},
        **{f"model/{name}": why for name, why in models.blocked.items()},
        **_without_targets(project, kpis, {**loaded.blocked, **models.blocked}, warehouse),
    }
    of_metrics = {f"kpi/{name}": metrics.get(f"metric/{project.kpis[name].metric}") for name in sorted(kpis)}
    return blocked | {kpi: why for kpi, why in of_metrics.items() if why is not None}


def _without_targets(
    project: Project, kpis: frozenset[str], blocked: Mapping[str, str], warehouse: Warehouse
) -> dict[str, str]:
    """KPIs whose targets come from a table that may not be read: without them their status would be a lie.

    A source that was not let in this time still has the rows of before; a model may hold anything.
    """
    missing: dict[str, str] = {}
    for name in kpis:
        target = project.kpis[name].target
        if target is None or target.table is None:
            continue
        table = project.table_named(target.table)
        if warehouse.table_kind(table) is None or (table.schema == "model" and target.table in blocked):
            missing[f"kpi/{name}"] = blocked.get(target.table, f"{table} was never loaded".replace(".", "/"))
    return missing


def without(project: Project, computed: Computed, failed: Mapping[str, str]) -> Computed:
    """What was computed, less the KPIs that failed their checks and the metrics they are made of."""
    names = {asset.removeprefix("kpi/") for asset in failed}
    metrics = {project.kpis[name].metric for name in names}
    return replace(
        computed,
        results={series: frame for series, frame in computed.results.items() if series.metric not in metrics},
        kpi_value=computed.kpi_value.filter(~pl.col("kpi").is_in(sorted(names))),
        kpis=computed.kpis - names,
        metrics=computed.metrics - metrics,
        frozen=computed.frozen.of(computed.kpis - names),
    )
