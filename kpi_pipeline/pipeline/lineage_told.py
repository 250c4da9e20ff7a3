"""A run told to whoever collects OpenLineage events: that it began, what each asset is made from, how it ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from kpi_pipeline.open_lineage import Check, Collector, Dataset, Told, is_asked_for, told_of
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.project import Project
from kpi_pipeline.publish.lineage import lineage

PUBLISHED = "published/snapshot"

Tell = Callable[[RunReport], RunReport]
"""Takes what the run did, and gives it back."""


@contextmanager
def lineage_told(context: Context) -> Iterator[Tell]:
    """Tells how the run in the block begins, what it did, and how it ends; nothing where nobody asked for it."""
    if not is_asked_for():
        yield lambda report: report
        return
    project = context.project
    job, sources = project.settings.name, tuple(f"raw/{name}" for name in sorted(project.sources))
    collector = Collector(job, context.run_id)

    def tell(report: RunReport) -> RunReport:
        for event in _of_assets(project, report):
            collector.tell(event)
        checks: dict[str, tuple[Check, ...]] = defaultdict(tuple)
        for one in report.checks:
            checks[one.asset] += ((one.check_name, one.passed, one.severity),)
        read = tuple(dict.fromkeys([*sources, *checks]))
        collector.tell(Told("COMPLETE", job, read, Dataset(PUBLISHED), checks=checks))
        return report

    try:
        collector.tell(Told("START", job, sources, Dataset(PUBLISHED)))
        yield tell
    except BaseException as problem:
        collector.tell(Told("FAIL", job, sources, Dataset(PUBLISHED), str(problem) or type(problem).__name__))
        raise
    finally:
        collector.close()


def _of_assets(project: Project, report: RunReport) -> list[Told]:
    """The assets that the run brought up to date, from sources to KPIs; none where nothing had changed."""
    if report.status == "unchanged":
        return []
    upstream, columns = _made_from(project)
    tables = {one.asset: one for one in report.assets}
    wanted = [f"kpi/{name}" for name in sorted(report.computed)]
    metrics = sorted({f"metric/{project.kpis[name].metric}" for name in report.computed if name in project.kpis})
    missing = sorted(name for name in report.blocked if name not in {*tables, *wanted})
    datasets = [
        Dataset(
            name,
            tables[name].columns if name in tables else {},
            tables[name].rows if name in tables else None,
            columns.get(name, ()),
        )
        for name in [*tables, *metrics, *wanted, *missing]
    ]
    return told_of(datasets, upstream, report.blocked)


def _made_from(
    project: Project,
) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[tuple[str, str], ...]]]:
    """What each asset is made from, and the columns that it reads there."""
    upstream: dict[str, dict[str, None]] = defaultdict(dict)
    columns: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    for edge in lineage(project):
        upstream[str(edge.downstream)][str(edge.upstream)] = None
        if edge.column:
            columns[str(edge.downstream)][str(edge.upstream), edge.column] = None
    return {name: tuple(ones) for name, ones in upstream.items()}, {name: tuple(ones) for name, ones in columns.items()}
