"""Fetching: files come over a few at a time, each under its final name only once it is whole."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from kpi_pipeline.errors import StorageError
from kpi_pipeline.ingest.disk import out_of_room
from kpi_pipeline.ingest.remote.nouns import UNSAID, Entry, RemoteFile
from kpi_pipeline.ingest.remote.trouble import tried
from kpi_pipeline.project import Project
from kpi_pipeline.sources import Source

AT_ONCE = 8


def folder_of(project: Project, source: Source) -> Path:
    """Where the files of a source lie between being fetched and being staged."""
    return project.path(f"{project.settings.warehouse}.fetched") / source.name


def path_of(folder: Path, entry: Entry) -> Path:
    """The path of a fetched file: another version of it has another name."""
    known_by = f"{entry.name}\n{entry.size}\n{entry.modified_ns}\n{entry.tag}"
    return folder / hashlib.sha256(known_by.encode()).hexdigest()[:40]


def download(wanted: Sequence[tuple[RemoteFile, Path]]) -> None:
    """Fetches files that an earlier run, cut short, did not fetch already; a file of unknown size is fetched anew."""
    missing = [(file, path) for file, path in wanted if file.entry.size == UNSAID or not path.exists()]
    if not missing:
        return
    folder = missing[0][1].parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as problem:
        raise StorageError.not_written(str(folder), problem) from problem
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(_fetch, file, path) for file, path in missing]
        try:
            for one in running:
                one.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def forget_downloads(project: Project, source: Source) -> None:
    """Removes what was fetched, once its rows are staged."""
    folder = folder_of(project, source)
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()


def _fetch(file: RemoteFile, path: Path) -> None:
    part = path.with_suffix(".part")

    def fetched() -> None:
        file.store.fetch(file.entry, part)
        if file.entry.size not in (UNSAID, part.stat().st_size):
            raise OSError(f"incomplete: {part.stat().st_size} of {file.entry.size} bytes came")

    try:
        tried(fetched, about=f"{file.entry.name} of source '{file.source}'", place=file.place, kind=file.kind)
        part.replace(path)
    except Exception as problem:
        part.unlink(missing_ok=True)
        cause = problem.__cause__
        if isinstance(cause, OSError) and (full := out_of_room(cause, str(path.parent))):
            raise full from problem
        raise
