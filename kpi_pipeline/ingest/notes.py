"""What a load tells of itself: columns that are new or other than they were, files that hold nothing that fits."""

from __future__ import annotations

from kpi_pipeline.errors import counted
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.staged import WITHOUT_VALUES, Staged
from kpi_pipeline.ingest.tables import full_name


def notes_of(load: Loading, result: Staged) -> list[str]:
    """What is worth saying of the columns and files of a load."""
    notes = _turned_to_text(load, result)
    if load.in_use:
        had = {name.lower(): kind for name, kind in load.in_use.items()}
        for name, kind in result.columns.items():
            before = had.get(name.lower())
            if before is None:
                notes.append(f"new column '{name}' ({kind})")
            elif full_name(before) != full_name(kind):
                notes.append(f"column '{name}' was {before} and is {kind} now")
    for file in result.files:
        if file.file not in result.files_read:
            continue
        if file.rows + file.quarantined == 0:
            notes.append(f"{file.file} has no rows, only a header")
        elif file.rows == 0:
            notes.append(f"no row of {file.file} fits what source '{load.source.name}' says its columns are")
        elif file.quarantined:
            read = counted(file.rows + file.quarantined, "row")
            notes.append(f"{file.quarantined:,} of {read} of {file.file} do not fit")
    return notes


def _turned_to_text(load: Loading, result: Staged) -> list[str]:
    """Says which columns are text only because the values of some file are nothing else."""
    notes = []
    for name, kind in result.columns.items():
        if kind != "VARCHAR" or name in load.source.columns or load.in_use.get(name) == "VARCHAR":
            continue
        texts = [file.file for file in result.files if file.columns.get(name) == "VARCHAR"]
        others = [file for file in result.files if file.columns.get(name) not in (None, "VARCHAR", WITHOUT_VALUES)]
        if texts and others:
            notes.append(
                f"column '{name}' is text, because it is in {texts[0]} (it is {others[0].columns[name]} in "
                f"{others[0].file}); a type for it under `columns` of the source would put such rows into quarantine"
            )
    return notes
