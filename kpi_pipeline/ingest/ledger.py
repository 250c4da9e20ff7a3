"""The ledger of sources, read and written through an executor; its tables are made by the store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from kpi_pipeline.ingest.staged import SourceFile, SourceState, Staged
from kpi_pipeline.plan import Executor


def source_states(executor: Executor) -> dict[str, SourceState]:
    """What every loaded source holds, by its name."""
    found = executor.rows(
        "SELECT source, version, rows, complete_before, newest_day, fingerprint, loaded_at, run_id "
        "FROM state.source_state ORDER BY source"
    )
    return {str(row[0]): SourceState(*row) for row in found}


def files_of(executor: Executor, source: str) -> dict[str, SourceFile]:
    """The files whose rows the source's raw table holds, by their names."""
    found = executor.rows(
        "SELECT file, size, modified_ns, sha256, rows, quarantined, loaded_at, run_id, tag, columns "
        "FROM state.source_file WHERE source = ? ORDER BY file",
        [source],
    )
    return {str(row[0]): SourceFile(*(*row[:-2], json.loads(row[-1]), row[-2])) for row in found}


def write(executor: Executor, state: SourceState, files: Iterable[SourceFile]) -> None:
    """Replaces all that is known of a source; to be called within the transaction that swaps its rows."""
    known, now = files_of(executor, state.source), {one.file: one for one in files}
    for name, before in known.items():
        if now.get(name) != before:
            executor.run("DELETE FROM state.source_file WHERE source = ? AND file = ?", [state.source, name])
    for one in now.values():
        if known.get(one.file) == one:
            continue
        executor.run(
            "INSERT INTO state.source_file (source, file, size, modified_ns, sha256, rows, quarantined, loaded_at, "
            "run_id, fingerprint, columns, tag) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(state.source, one.file, one.size, one.modified_ns, one.sha256, one.rows, one.quarantined),
                *(one.loaded_at, one.run_id, state.fingerprint, json.dumps(dict(one.columns)), one.tag),
            ],
        )
    executor.run("DELETE FROM state.source_state WHERE source = ?", [state.source])
    executor.run(
        "INSERT INTO state.source_state (source, version, rows, complete_before, newest_day, fingerprint, loaded_at, "
        "run_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(state.source, state.version, state.rows, state.complete_before, state.newest_day),
            *(state.fingerprint, state.loaded_at, state.run_id),
        ],
    )


def note_load(executor: Executor, staged: Staged) -> None:
    """Keeps what a load read, and where its rows went: those loaded and those quarantined are all there were."""
    executor.run(
        "INSERT INTO state.source_load (source, run_id, loaded_at, how, rows_read, rows_loaded, rows_quarantined) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            *(staged.source, staged.state.run_id, staged.state.loaded_at, staged.how),
            *(staged.rows_read, staged.rows_loaded, staged.rows_quarantined),
        ],
    )


def note_renewed(executor: Executor, source: str, renewed: Mapping[str, tuple[int, str]]) -> None:
    """Remembers new times and versions of files whose content is what it was, so that they need not be hashed again."""
    for file, (moment, tag) in renewed.items():
        executor.run(
            "UPDATE state.source_file SET modified_ns = ?, tag = ? WHERE source = ? AND file = ?",
            [moment, tag, source, file],
        )


def forget_content(executor: Executor, source: str, file: str) -> None:
    """Has a file read again at the next load, whatever its size, time and version say."""
    executor.run("UPDATE state.source_file SET sha256 = '' WHERE source = ? AND file = ?", [source, file])


def remembered(executor: Executor, source: str) -> str | None:
    """What the source's connector wanted to be told."""
    found = executor.rows("SELECT remembered FROM state.connector_state WHERE source = ?", [source])
    return str(found[0][0]) if found else None


def remember(executor: Executor, source: str, text: str | None) -> None:
    """Keeps what the source's connector wants to be told at its next load; None leaves what is there."""
    if text is None:
        return
    executor.run("DELETE FROM state.connector_state WHERE source = ?", [source])
    executor.run("INSERT INTO state.connector_state (source, remembered) VALUES (?, ?)", [source, text])
