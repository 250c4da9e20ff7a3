"""One pass of the pipeline as one step that yields many assets.

Sources are shared between models, metrics between KPIs, and there is one writer; so there is one step, and a selection
of its assets is computed with everything it is made from in a single pass. Steps in a row would let Dagster stop every
healthy KPI behind one failed blocking check; here the pipeline decides what a check blocks, and the rest is yielded.
"""

# NOTE: no postponed annotations here: Dagster looks at the class that annotates `context`.
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from kpi_pipeline.errors import KpiError
from kpi_pipeline.orchestration.again import Again
from kpi_pipeline.orchestration.automation import Automation
from kpi_pipeline.orchestration.checks import check_results, check_specs
from kpi_pipeline.orchestration.keys import EVIDENCE, SCORECARD, SNAPSHOT, key, names
from kpi_pipeline.orchestration.metadata import column_lineage, metadata_of
from kpi_pipeline.orchestration.place import Asked, Place
from kpi_pipeline.orchestration.pool import pool_of
from kpi_pipeline.orchestration.projection import projection_check_results
from kpi_pipeline.orchestration.selection import bring_up_to_date
from kpi_pipeline.orchestration.specs import asset_specs
from kpi_pipeline.orchestration.upstream import values_of_assets
from kpi_pipeline.orchestration.watch import told_in
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.pipeline.watch import Quiet
from kpi_pipeline.project import Project

Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def project_assets(project: Project, place: Place | None = None) -> dg.AssetsDefinition:
    """All assets and checks of a project, at the top or at a place of their own."""
    place = place or Place()
    automation = Automation.of(project)
    specs = asset_specs(project, automation)
    own = {one.key for one in specs}

    @dg.multi_asset(
        name=place.called(project),
        description=f"Brings {project.settings.title} up to date, or as much of it as is selected.",
        specs=[place.spec(one, own=own) for one in specs],
        check_specs=[place.check(one) for one in check_specs(project, automation)],
        can_subset=True,
        pool=pool_of(project),
    )
    def bring(context: dg.AssetExecutionContext, config: Again) -> Events:
        with said_plainly(), told_in(context.log):
            asked = place.asked(context.selected_asset_keys, context.selected_asset_check_keys)
            report = bring_up_to_date(
                project,
                names(asked.everything),
                Quiet(),
                values_of_assets(project, context),
                full=config.full,
                since=config.from_day,
            )
        for event in _events(project, report, asked, [one.key for one in specs], place):
            if isinstance(event, dg.AssetMaterialization):
                context.log_event(event)
            else:
                yield event
        _fail_if_blocked(report, asked)

    return bring


@contextmanager
def said_plainly() -> Iterator[None]:
    """What the author, the data or the disk did is told in its own words, without a trace of our code."""
    try:
        yield
    except KpiError as problem:
        raise dg.Failure(str(problem), allow_retries=False) from None


def _events(
    project: Project, report: RunReport, asked: Asked, keys: list[dg.AssetKey], place: Place
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult | dg.AssetMaterialization]:
    """What Dagster is told, in the order of the assets: those that are up to date now, and what their checks found.

    What was not asked for and yet written anew is a materialization to be logged.
    """
    found = {**check_results(report), **projection_check_results(project, report)}
    columns = place.lineage(column_lineage(project))
    versions = {one.asset: one.version for one in report.assets}
    renewed = _renewed(report)
    for asset in keys:
        (name,) = names([asset])
        good = name not in report.blocked
        if good and asset in asked.assets:
            version = versions.get(name)
            yield dg.MaterializeResult(
                asset_key=place.put(asset),
                metadata=metadata_of(project, name, report, columns),
                data_version=dg.DataVersion(version) if version else None,
            )
        elif good and name in renewed:
            yield dg.AssetMaterialization(place.put(asset), metadata=metadata_of(project, name, report, columns))
        for check, result in found.items():
            if check.asset_key == asset and check in asked.checks:
                yield result._replace(asset_key=place.put(asset))


def _renewed(report: RunReport) -> frozenset[str]:
    """What the run wrote anew, selected or not: a selection is computed with all below it, and published whole."""
    tables = {one.asset for one in report.assets if one.changed}
    published = (
        {EVIDENCE, SNAPSHOT, *([SCORECARD] if "scorecard" in report.published else [])} if report.computed else set()
    )
    return frozenset(tables | published)


def _fail_if_blocked(report: RunReport, asked: Asked) -> None:
    """A selected asset that is missing fails the run also where the check that blocks it was not selected.

    Where it was, Dagster itself fails the step once everything is yielded.
    """
    missing = {name: why for name, why in report.blocked.items() if key(name) in asked.assets}
    told = names(check.asset_key for check in asked.checks)
    if missing and not any(one.blocks and one.asset in told for one in report.checks):
        lines = [f"{name} was not computed: {why}" for name, why in sorted(missing.items())]
        raise dg.Failure("\n".join(lines), allow_retries=False)
