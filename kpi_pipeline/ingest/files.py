"""The files of a source: which there are, and which of them changed since they were loaded."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from kpi_pipeline.errors import DataError, counted, listed
from kpi_pipeline.ingest import remote
from kpi_pipeline.ingest.partitions import Partition, partition_of
from kpi_pipeline.ingest.remote import RemoteFile
from kpi_pipeline.ingest.staged import SourceFile
from kpi_pipeline.project import Project
from kpi_pipeline.sources import Source
from kpi_pipeline.sources.file import format_of, packing_of

MOST_NAMED = 3
"""Files that went are told one by one up to this many, then together."""


@dataclass(frozen=True)
class FoundFile:
    """A file as it lies there now; its name is its path as seen from the project's root."""

    name: str
    path: Path
    format: str
    size: int
    modified_ns: int
    sha256: str = ""
    packing: str | None = None
    """What it is packed with, such as gzip."""
    partition: Partition = ()
    """The columns that its folders give its rows."""
    tag: str = ""
    """What its store calls this version of it, where it does."""
    remote: RemoteFile | None = None
    """Where to fetch it from; its path is where it will lie then."""

    def untouched(self) -> bool:
        """Whether the file is still what it was when it was found; what was fetched is a copy of our own."""
        if self.remote:
            return True
        now = self.path.stat()
        return (now.st_size, now.st_mtime_ns) == (self.size, self.modified_ns)


@dataclass(frozen=True)
class Survey:
    """Which files are to be read, and which rows already loaded stay."""

    read: tuple[FoundFile, ...]
    kept: tuple[SourceFile, ...]
    """Files whose rows stay: unchanged ones, and vanished ones where the load mode keeps rows."""
    dropped: tuple[SourceFile, ...]
    """Files whose rows go because the file went, or became a copy of another."""
    renewed: Mapping[str, tuple[int, str]]
    """New times and versions of files whose content is what it was."""
    notes: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.read or self.dropped)


def find_files(project: Project, source: Source) -> tuple[FoundFile, ...]:
    """The files that the source's path matches, sorted by name; none at all is an error."""
    pattern = source.files.path
    if source.files.store:
        folder = remote.folder_of(project, source)
        return tuple(_found_remote(source, one, folder) for one in remote.find_remote(project, source))
    try:
        is_file = (project.root / pattern).is_file()
        names = [pattern] if is_file else glob.glob(pattern, root_dir=project.root, recursive=True)  # noqa: PTH207 (Path.glob refuses absolute patterns)
        paths = sorted({project.root / name for name in names if (project.root / name).is_file()})
        if not paths:
            raise _nothing_matches(project, source)
    except OSError as problem:
        raise _not_readable(pattern, problem) from problem
    return tuple(_found(project, source, path) for path in paths)


def survey(source: Source, found: tuple[FoundFile, ...], known: Mapping[str, SourceFile], *, afresh: bool) -> Survey:
    """Compares the files found with those loaded before; `afresh` reads all of them whatever is known.

    A file of equal size and time is trusted, others are fetched if they are elsewhere, and hashed. Under `append` and
    `merge` nothing that was loaded is ever lost: the rows of a file that vanished stay. Under `append` a file is known
    by its content: one that moved is not loaded twice, nor is a copy of another.
    """
    keeps = source.load.mode != "full"
    read: list[FoundFile] = []
    kept: list[SourceFile] = []
    renewed: dict[str, tuple[int, str]] = {}
    notes: list[str] = []
    empty = [file for file in found if file.size == 0]
    if empty and (not keeps or len(empty) == len(found)):
        raise DataError(
            f"{listed([file.name for file in empty])} of source '{source.name}' is empty: not even a header.\n"
            "Hint: was the export cut off? Deliver the file again, or remove it."
        )
    notes += [f"{file.name} is empty and was left out until it holds something" for file in empty]
    kept += [known[file.name] for file in empty if file.name in known]
    for file in _with_content([file for file in found if file.size], known, afresh=afresh):
        before = known.get(file.name)
        now = (file.modified_ns, file.tag)
        if before and before.sha256 == file.sha256 and now != (before.modified_ns, before.tag):
            renewed[file.name] = now
        if before and before.sha256 == file.sha256 and not afresh:
            kept.append(replace(before, modified_ns=file.modified_ns, tag=file.tag))
        else:
            read.append(file)
    present = {file.name for file in found}
    gone = [file for name, file in known.items() if name not in present]
    became_copies: list[SourceFile] = []
    if source.load.mode == "append":
        originals, copies = _without_copies(read, kept)
        became_copies = [known[file.name] for file in read if file not in originals and file.name in known]
        read = originals
        notes += copies
        contents = {file.sha256: file.name for file in read}
        moved = [file for file in gone if file.sha256 in contents]
        notes += [f"{file.file} is now {contents[file.sha256]}" for file in moved]
        gone = [file for file in gone if file not in moved]
    else:
        moved = []
    if keeps:
        notes += _what_stays(gone)
    return Survey(
        read=tuple(read),
        kept=tuple([*kept, *gone] if keeps else kept),
        dropped=tuple([*moved, *became_copies] if keeps else gone),
        renewed=renewed,
        notes=tuple(notes),
    )


def _what_stays(gone: Sequence[SourceFile]) -> list[str]:
    if len(gone) > MOST_NAMED:
        rows = sum(file.rows for file in gone)
        return [f"{len(gone)} files are no longer there; what they held stays ({counted(rows, 'row')})"]
    return [f"{file.file} is no longer there; what it held stays ({counted(file.rows, 'row')})" for file in gone]


def _without_copies(read: list[FoundFile], kept: list[SourceFile]) -> tuple[list[FoundFile], list[str]]:
    first = {file.sha256: file.file for file in kept}
    originals: list[FoundFile] = []
    notes: list[str] = []
    for file in read:
        if file.sha256 in first:
            notes.append(f"{file.name} is a copy of {first[file.sha256]} and was not loaded again")
        else:
            first[file.sha256] = file.name
            originals.append(file)
    return originals, notes


def _found(project: Project, source: Source, path: Path) -> FoundFile:
    name = Path(os.path.relpath(path, project.root)).as_posix()
    about = path.stat()
    return FoundFile(
        name=name,
        path=path,
        format=_format(source, name),
        size=about.st_size,
        modified_ns=about.st_mtime_ns,
        packing=packing_of(name),
        partition=partition_of(source.files, name),
    )


def _found_remote(source: Source, file: RemoteFile, folder: Path) -> FoundFile:
    entry = file.entry
    return FoundFile(
        name=entry.name,
        path=remote.path_of(folder, entry),
        format=_format(source, entry.name),
        size=entry.size,
        modified_ns=entry.modified_ns,
        packing=packing_of(entry.name),
        partition=partition_of(source.files, entry.name),
        tag=entry.tag,
        remote=file,
    )


def _format(source: Source, name: str) -> str:
    form = source.files.format or format_of(name)
    if form is None:
        raise DataError(
            f"{name} of source '{source.name}' does not say by its suffix what it is.\n"
            "Hint: write `format` in its connector: csv, parquet, jsonl, json or excel; or narrow its path."
        )
    return form


def _with_content(found: Sequence[FoundFile], known: Mapping[str, SourceFile], *, afresh: bool) -> Iterator[FoundFile]:
    """The files with the hash of their content; those elsewhere that are new, or read again, are fetched first."""
    trusted = {file.name for file in found if _is_as_before(file, known.get(file.name))}
    wanted = [(one.remote, one.path) for one in found if one.remote and (afresh or one.name not in trusted)]
    remote.download(wanted)
    for file in found:
        if file.name in trusted:
            yield replace(file, size=known[file.name].size, sha256=known[file.name].sha256)
        else:
            size = file.path.stat().st_size if file.remote else file.size
            yield replace(file, size=size, sha256=_digest(file))


def _is_as_before(file: FoundFile, before: SourceFile | None) -> bool:
    """Whether size, time and version say that a file is the one that was loaded; not of one that was forgotten."""
    if before is None or not before.sha256:
        return False
    if file.size not in (before.size, remote.UNSAID) or file.modified_ns != before.modified_ns:
        return False
    return file.tag == before.tag and (bool(file.tag) or file.remote is None)


def _digest(file: FoundFile) -> str:
    try:
        with file.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
    except OSError as problem:
        raise _not_readable(file.name, problem) from problem
    # NOTE: equal files in folders of two years hold different rows: neither is a copy of the other.
    digest.update(repr(file.partition).encode() if file.partition else b"")
    return digest.hexdigest()


def _not_readable(name: str, problem: OSError) -> DataError:
    return DataError(f"{name} cannot be read: {problem.strerror}.\nHint: look at its permissions; nothing was loaded.")


def _nothing_matches(project: Project, source: Source) -> DataError:
    pattern = Path(source.files.path)
    folder = pattern.parent
    while glob.has_magic(str(folder)) or not (project.root / folder).is_dir():
        if folder == folder.parent:
            break
        folder = folder.parent
    there = sorted(entry.name for entry in (project.root / folder).iterdir() if not entry.name.startswith("."))
    near = get_close_matches(pattern.name, there, n=3, cutoff=0.5)
    if near:
        hint = f"did you mean {listed(near)}?"
    elif there:
        hint = f"the folder holds {listed(there, most=5)}."
    else:
        hint = "the folder is empty."
    where = "the project's root" if folder == Path() else f"folder {folder.as_posix()}"
    return DataError(f"Source '{source.name}': no file matches '{source.files.path}'; looked in {where}.\nHint: {hint}")
