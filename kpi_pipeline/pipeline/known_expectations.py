"""Checks in the words of Great Expectations name an expectation that there is, with arguments it takes."""

from __future__ import annotations

from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.project import Project
from kpi_pipeline.quality import expectation_problem, filter_problem


def refuse_unknown_expectations(project: Project) -> None:
    """Looks up every check of type `expectation`; only where there is one, Great Expectations is imported.

    Filters of checks of KPIs, which are conditions on published values, are tried, too.

    Raises:
        DefinitionError: a name is not known, arguments do not fit, or a filter cannot be read.
    """
    written = [
        *(("sources", one.name, one.checks) for one in project.sources.values()),
        *(("models", one.name, one.checks) for one in project.models.values()),
    ]
    found = [
        expectation_problem(check, project.place(kind, name, "checks", str(number)))
        for kind, name, checks in written
        for number, check in enumerate(checks)
    ]
    found += [
        filter_problem(check, project.place("kpis", kpi.name, "checks", str(number), "filter"))
        for kpi in project.kpis.values()
        for number, check in enumerate(kpi.checks)
    ]
    if problems := [one for one in found if one]:
        raise DefinitionError(problems)
