"""What a selection of assets asks of the pipeline."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from kpi_pipeline.compile import compile_project
from kpi_pipeline.errors import QueryError
from kpi_pipeline.ingest import HandedBy
from kpi_pipeline.orchestration.evidence import linked
from kpi_pipeline.orchestration.keys import EVIDENCE
from kpi_pipeline.pipeline.load_tables import load_tables
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.pipeline.run import run
from kpi_pipeline.pipeline.watch import Watch
from kpi_pipeline.project import Project
from kpi_pipeline.redaction import telling_no_secret


@dataclass(frozen=True)
class Asked:
    """What to compute, and which sources and models to bring up to date that no computation needs."""

    values: tuple[str, ...] | None
    """KPIs and metrics to compute, as `run` takes them; () stands for all, None for none."""
    sources: frozenset[str]
    models: frozenset[str]


def bring_up_to_date(
    project: Project,
    wanted: Collection[str],
    watch: Watch,
    handed: HandedBy | None = None,
    *,
    full: bool = False,
    since: date | None = None,
) -> RunReport:
    """Computes what is wanted, such as `raw/targets` or `kpi/weekly_orders`, and everything that it is made from.

    What goes wrong is kept by Dagster and shown to whoever may see its pages, so it tells no secret.

    Args:
        project: the definitions.
        wanted: the names of assets.
        watch: is told how far the run is.
        handed: gives the rows of sources that Dagster reads.
        full: read every source and compute everything again.
        since: compute again all days from this one on, whatever changed.
    """
    with telling_no_secret():
        asked = what_is_asked(project, wanted)
        if since and asked.values is None:
            raise QueryError(
                "'since' computes metrics and KPIs again, and none is selected.\n"
                "Hint: select those to compute, or take 'full' to read the sources again."
            )
        report: RunReport | None = None
        if asked.sources or asked.models:
            report = load_tables(
                project, sources=asked.sources, models=asked.models, full=full, watch=watch, handed=handed
            )
        if asked.values is None:
            return report or load_tables(project, watch=watch)
        computed = run(project, select=asked.values, full=full, since=since, watch=watch, handed=handed)
        return _together(report, computed) if report else computed


def what_is_asked(project: Project, wanted: Collection[str]) -> Asked:
    """A published asset alone stands for everything it shows; with KPIs or metrics beside it, for those.

    The evidence stands for all KPIs that are linked.
    """
    kpis, metrics = _of(wanted, "kpi"), _of(wanted, "metric")
    if EVIDENCE in wanted:
        kpis |= frozenset(linked(project))
    sources, models = _of(wanted, "raw"), _of(wanted, "model")
    everything = kpis == set(project.kpis) and metrics == set(project.metrics)
    if everything or (_of(wanted, "published") and not kpis and not metrics):
        kpis, metrics = frozenset(project.kpis), frozenset(project.metrics)
        values: tuple[str, ...] | None = ()
    elif kpis or metrics:
        values = (*(f"kpi:{name}" for name in sorted(kpis)), *(f"metric:{name}" for name in sorted(metrics)))
    else:
        return Asked(None, sources, models)
    below = compile_project(project, kpis=kpis, metrics=metrics | {project.kpis[name].metric for name in kpis}).models
    read = {source for model in below for source in model.sources}
    given = {target.table for name in kpis if (target := project.kpis[name].target)}
    return Asked(
        values,
        sources - read - given,
        models - {model.name for model in below},
    )


def _of(wanted: Collection[str], kind: str) -> frozenset[str]:
    return frozenset(name.removeprefix(f"{kind}/") for name in wanted if name.startswith(f"{kind}/"))


def _together(loaded: RunReport, computed: RunReport) -> RunReport:
    """The report of both; the computation decides the status, unless loading was blocked."""
    return replace(
        computed,
        status="blocked" if loaded.blocked else computed.status,
        assets=(*loaded.assets, *computed.assets),
        checks=(*loaded.checks, *computed.checks),
        blocked={**loaded.blocked, **computed.blocked},
    )
