"""Columns that definitions name must be there: known from the headers of files and from what was loaded before."""

from __future__ import annotations

from collections.abc import Iterable

from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.ingest import as_loaded, peek
from kpi_pipeline.ingest.contract import TYPES
from kpi_pipeline.ingest.staged import LINEAGE
from kpi_pipeline.load import check_columns
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.binding import unbindable
from kpi_pipeline.pipeline.personal_segments import personal_segments
from kpi_pipeline.plan import Executor
from kpi_pipeline.project import Project
from kpi_pipeline.sources import LakehouseConnector, Source


def refuse_unknown_columns(
    project: Project, sources: Iterable[str], executor: Executor | None = None
) -> tuple[str, ...]:
    """Looks up every column that the definitions name; returns the sources whose columns are not known yet.

    Types are those of what was loaded before, or else of the source's contract: where this says the type of every
    column, expressions are tried before the first run.

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
        source = project.sources[name]
        columns = {column: _declared(source, column) for column in peek(project, source) or ()}
        columns |= executor.table_columns(table) if executor and _tells(project, source, executor) else {}
        if columns:
            known[table] = columns
        else:
            unknown.append(name)
    problems = (*personal_segments(project), *check_columns(project, known)) or unbindable(project, known)
    if problems:
        raise DefinitionError(problems)
    return tuple(unknown)


def _tells(project: Project, source: Source, executor: Executor) -> bool:
    """Whether what was loaded before has the columns of now; of another place in a lakehouse it need not."""
    return not isinstance(source.connector, LakehouseConnector) or as_loaded(project, source, executor) is not None


def _declared(source: Source, column: str) -> str:
    """The type that a source's contract gives a column before anything was loaded; empty where it says nothing."""
    wanted = next((kind for name, kind in source.columns.items() if name.lower() == column.lower()), None)
    return TYPES[wanted.type] if wanted else LINEAGE.get(column, "")
