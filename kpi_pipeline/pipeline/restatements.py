"""What is said differently from now on, and why: kept with the values, in the transaction that swaps them in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from kpi_pipeline.checks.naming import FROZEN, RESTATED
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.periods import moment_before
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.frozen_check import frozen_checks
from kpi_pipeline.pipeline.restated_check import restated_checks
from kpi_pipeline.plan import Derivation, Plan, fingerprint, leaves
from kpi_pipeline.project import Project
from kpi_pipeline.publish.definition_version import parts_of_kpi_versions
from kpi_pipeline.store.checks import replace_results
from kpi_pipeline.store.differences import AIM, DEFINITION, RULE, Causes
from kpi_pipeline.store.history import Kept, Recorded, last_published, moved_at, record
from kpi_pipeline.store.refused import forget_refused, refuse
from kpi_pipeline.store.said import Said, last_said, note_said
from kpi_pipeline.store.source_changes import forget_changes, last_change
from kpi_pipeline.store.values import PROGRAM, Change

if TYPE_CHECKING:
    from kpi_pipeline.pipeline.publish_tables import Computed


def moment_of(context: Context) -> datetime:
    """From when on the values of this run are the published ones: later than those of any run before."""
    before = last_published(context.warehouse)
    now = context.finished_at
    return now if before is None else max(now, before + timedelta(microseconds=1))


def keep_said(context: Context, plan: Plan, computed: Computed, change: Change, moment: datetime) -> Recorded:
    """Keeps what was said until now and what is said from now on, with the reasons."""
    project, warehouse = context.project, context.warehouse
    names = project.former_names
    known = {names.get(name, name): one for name, one in last_said(warehouse).items()}
    now = list(_said_now(project, computed, last_change(warehouse)))
    causes, kept = _causes(project, plan, known, now), _kept(project, moment)
    recorded = record(warehouse, change, moment=moment, names=names, causes=causes, kept=kept)
    frozen = computed.frozen
    refuse(warehouse, frozen.said, frozen.would, kpis=computed.kpis, moment=moment, names=names, causes=causes)
    forget_refused(warehouse, project.kpis.keys(), kept.complete)
    note_said(warehouse, now, project.kpis.keys())
    forget_changes(warehouse)
    return recorded


def check_said(
    context: Context, kpis: Collection[str], moment: datetime, refused: pl.DataFrame
) -> tuple[CheckResult, ...]:
    """Whether values of KPIs that are restated move by more than is taken for granted, and closed ones would at all.

    `refused` has the rows of `kpi_refused`. What is found is remembered, too.
    """
    project, warehouse = context.project, context.warehouse
    restated = restated_checks(project, moved_at(warehouse, moment), moment)
    found = {
        RESTATED: [one for one in restated if one.asset.removeprefix("kpi/") in kpis],
        FROZEN: list(frozen_checks(project, refused, kpis, moment)),
    }
    for name, results in found.items():
        replace_results(warehouse, name, [f"kpi/{kpi}" for kpi in kpis], results)
    return tuple(one for results in found.values() for one in results)


def _kept(project: Project, moment: datetime) -> Kept:
    """What the project says how long a history is."""
    history = project.settings.history
    return Kept(moment_before(moment, history.keep), moment_before(moment, history.in_progress))


def _said_now(project: Project, computed: Computed, source_change: int) -> Iterator[Said]:
    """What the KPIs that were computed are made by."""
    versions = parts_of_kpi_versions(project)
    given = computed.targets.partition_by("kpi", as_dict=True)
    for name in sorted(computed.kpis):
        version = versions[name]
        aims = sorted(given[name,].rows(), key=repr) if (name,) in given else []
        target = fingerprint(version.target, aims)
        yield Said(name, version.number, target, version.rule, PROGRAM, source_change)


def _causes(project: Project, plan: Plan, known: Mapping[str, Said], now: list[Said]) -> Causes:
    """What changed since each of the KPIs was published last; of one that never was, nothing is known."""
    kpis, sources = [], []
    for one in now:
        before = known.get(one.kpi)
        if before is None:
            continue
        rule = (before.rule_version, before.program) != (one.rule_version, one.program)
        kpis.append(
            (one.kpi, before.number_version != one.number_version, before.target_version != one.target_version, rule)
        )
        by_day = _sources_by_day(plan, plan.derivations[project.kpis[one.kpi].metric])
        sources += [(one.kpi, source, before.source_change, dated) for source, dated in by_day.items()]
    flags = dict.fromkeys((DEFINITION, AIM, RULE), pl.Boolean)
    return Causes(
        pl.DataFrame(kpis, schema={"kpi": pl.String, **flags}, orient="row"),
        pl.DataFrame(
            sources,
            schema={"kpi": pl.String, "source": pl.String, "since": pl.Int64, "by_day": pl.Boolean},
            orient="row",
        ),
    )


def _sources_by_day(plan: Plan, derivation: Derivation) -> dict[str, bool]:
    """The sources of a metric, and whether a row of one counts on the day that its cursor says, in all its passes."""
    asked = {(leaf.measure.model, leaf.measure.time) for leaf in leaves(derivation.node)}
    found = dict.fromkeys(derivation.sources, True)
    for reduction in plan.reductions:
        if (reduction.model, reduction.time) not in asked:
            continue
        model = plan.model(reduction.model)
        dated = model.row_local_cursor is not None and reduction.time == model.row_local_time
        for one in plan.models_of(reduction):
            for source in plan.sources_of(one.name):
                by_day = dated and one is model and not reduction.events and not reduction.stock
                found[source] = found.get(source, True) and by_day
    return found
