"""Columns that definitions name must be there: known from the headers of files and from what was loaded before."""

from __future__ import annotations

from collections.abc import Iterable

from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.ingest import peek
from kpi_pipeline.load import check_columns
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.binding import unbindable
from kpi_pipeline.pipeline.personal_segments import personal_segments
from kpi_pipeline.plan import Executor
from kpi_pipeline.project import Project


def refuse_unknown_columns(
    project: Project, sources: Iterable[str], executor: Executor | None = None
) -> tuple[str, ...]:
    """Looks up every column that the definitions name; returns the sources whose columns are not known yet.

    Args:
        project: the definitions.
        sources: whose columns to look at.
        executor: the warehouse, where there is one; rows that were loaded from a file that is gone have columns, too.

    Raises:
        DefinitionError: a definition names a column that its table does not have, or, where the types are known, holds
            an expression that cannot be computed.
    """
    known: dict[TableRef, dict[str, str]] = {}
    unknown = []
    for name in sources:
        table = TableRef("raw", name)
        columns = dict.fromkeys(peek(project, project.sources[name]) or (), "")
        columns |= executor.table_columns(table) if executor else {}
        if columns:
            known[table] = columns
        else:
            unknown.append(name)
    problems = (*personal_segments(project), *check_columns(project, known)) or unbindable(project, known)
    if problems:
        raise DefinitionError(problems)
    return tuple(unknown)
