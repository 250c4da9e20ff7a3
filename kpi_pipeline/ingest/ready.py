"""Making a file ready: landed, its names checked, every column given its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sqlglot import expressions as exp

from kpi_pipeline.errors import DefinitionError, Problem
from kpi_pipeline.ingest import contract, evolve
from kpi_pipeline.ingest.contract import Fitted, RowRule
from kpi_pipeline.ingest.files import FoundFile
from kpi_pipeline.ingest.infer import infer_types, types_of
from kpi_pipeline.ingest.land import Column, Landed, land
from kpi_pipeline.ingest.loading import Loading


@dataclass(frozen=True)
class Ready:
    """A landed file with its columns as they go into the raw table."""

    landed: Landed
    columns: tuple[Fitted, ...]
    rules: tuple[RowRule, ...] = ()
    """The checks that set aside rows which fail them."""

    @property
    def misfit(self) -> exp.Expr | None:
        """True for rows that do not go into the raw table; None where all do."""
        return contract.any_misfit(self.columns, self.rules)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.landed.file.name


def make_ready(load: Loading, file: FoundFile, *, place: int, folder: Path, said: Mapping[str, str | None]) -> Ready:
    """Lands a file and decides, by the contract or by looking at the values, what each of its columns is.

    `said` are the types of what folders say.
    """
    landed = land(load.source, file, load.executor, place=place, folder=folder)
    evolve.check_names(load.source, file.name, [column.name for column in landed.columns])
    return fitted(load, landed, said)


def types_of_folders(load: Loading, files: Iterable[FoundFile]) -> dict[str, str | None]:
    """The type of each text that a folder of the files says."""
    texts = {text for file in files for _, text in file.partition if text is not None}
    return types_of(load.executor, texts, lambda text: contract.cleaned(load.source, Column("", text, None)))


def fitted(load: Loading, landed: Landed, said: Mapping[str, str | None] = MappingProxyType({})) -> Ready:
    """Decides what each column of what was landed is."""
    source = load.source
    _check_formats(load)
    open_columns = [
        (column, contract.cleaned(source, column))
        for column in landed.columns
        if column.type is None and column.name not in source.columns and column.name not in landed.constants
    ]
    inferred = infer_types(load.executor, landed.relation, open_columns)
    if landed.records > len(landed.broken):
        inferred |= {name: said[text] for name, text in landed.constants.items() if text is not None}
    columns = (contract.fit(source, column, inferred.get(column.name), zone=load.zone) for column in landed.columns)
    return Ready(landed, tuple(columns))


def _check_formats(load: Loading) -> None:
    for name, column in load.source.columns.items():
        if column.format is None:
            continue
        try:
            load.executor.rows("SELECT try_strptime('', ?)", [column.format])
        except Exception as problem:
            place = load.project.place("sources", load.source.name, "columns", name)
            hint = "such as %d/%m/%Y %H:%M; the letters are those of strptime"
            text = (
                f"Column '{name}' of source '{load.source.name}' has a format that cannot be read: '{column.format}'."
            )
            raise DefinitionError([Problem(text, place, hint)]) from problem
