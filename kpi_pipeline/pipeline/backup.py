"""A backup: one file with the warehouse, the definitions and the reviews, and with checksums of all of them."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

from filelock import FileLock, Timeout

from kpi_pipeline.errors import DataError, StorageError, WarehouseBusy
from kpi_pipeline.files import building, clear_leftovers, put_in_place, remove, sync
from kpi_pipeline.pipeline.watch import Quiet, Watch
from kpi_pipeline.project import Project
from kpi_pipeline.publish import project_version
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.backup import copy_state, files_of, last_run, log_of, put_back
from kpi_pipeline.store.state import MIGRATIONS, version_of
from kpi_pipeline.version import VERSION

FORMAT = 1
"""Of the file; a program refuses those of later formats."""
MANIFEST = "manifest.json"
WAREHOUSE = "warehouse.duckdb"
LOG = log_of(Path(WAREHOUSE)).name
FOLDERS = ("definitions", "reviews")
ALL, STATE = "all", "state"
BLOCK = 1 << 20


@dataclass(frozen=True)
class Content:
    """A file of a backup: how large it is, and the checksum of its content."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Backup:
    """What a backup says of itself.

    `holds` is `all`, or `state` where everything else is to be loaded and computed anew.
    """

    format: int
    project: str
    made_at: str
    program: str
    holds: str
    state_version: int
    definition_version: str
    last_run: str | None
    files: Mapping[str, Content]

    @property
    def bytes(self) -> int:
        """How large everything in it is."""
        return sum(one.bytes for one in self.files.values())


@dataclass(frozen=True)
class Restored:
    """What came of a restore: what was put back, where the warehouse that was there is now, and which files differ."""

    backup: Backup
    kept: Path | None
    files_put_back: tuple[str, ...]
    files_that_differ: tuple[str, ...]


def back_up(
    project: Project,
    folder: Path,
    *,
    state_only: bool = False,
    keep: int | None = None,
    wait: float = 600,
    watch: Watch | None = None,
    now: datetime | None = None,
) -> tuple[Path, Backup]:
    """Writes a new backup into a folder, durably; nobody but runs wait for it.

    Args:
        project: the definitions.
        folder: is made where it is missing; may be shared by several projects.
        state_only: only what cannot be derived again, without rows and partial results.
        keep: how many of the project's backups of that kind stay there, this one included; all if not given.
        wait: seconds to wait for a run that is writing.
        watch: is told whom it waits for.
        now: the moment that the file is called after.

    Raises:
        DataError: nothing was loaded yet.
        WarehouseBusy: a run was still writing, or another backup is being written there.
        StorageError: the folder cannot be written to, or the warehouse is of a newer version.
    """
    path, moment = project.path(project.settings.warehouse), now or datetime.now(UTC)
    if not path.exists():
        raise DataError(f"There is nothing to back up: there is no {path}.\nHint: `kpi run` loads it.")
    ending = f"-{STATE}.zip" if state_only else ".zip"
    target = folder / f"{project.settings.name}-{moment:%Y%m%dT%H%M%SZ}{ending}"
    with _alone_in(folder), _storage_errors(folder):
        clear_leftovers(_any_in(folder))
        built = building(_any_in(folder))
        try:
            on_wait = _waiting(watch or Quiet(), wait)
            with Warehouse.open_to_read(path, wait=wait, on_wait=on_wait, holder="a backup") as warehouse:
                made = _written(project, warehouse, built, moment, holds=STATE if state_only else ALL)
            put_in_place(built, target)
        finally:
            clear_leftovers(_any_in(folder))
        for old in _earlier(folder, project.settings.name, ending)[keep:] if keep else ():
            remove(old)
    return target, made


def read_backup(file: Path) -> Backup:
    """What a backup says of itself, once every file in it was found to be what was written.

    Raises:
        StorageError: it is damaged, no backup at all, or one of a newer program.
    """
    with _archive(file) as archive:
        backup = _manifest(file, archive)
        for name, content in backup.files.items():
            with archive.open(name) as packed:
                if _copied(packed, None) != content:
                    raise _damaged(file, f"{name} in it is not what was written")
    return backup


def restore(
    project: Project,
    file: Path,
    *,
    wait: float = 600,
    watch: Watch | None = None,
    now: datetime | None = None,
) -> Restored:
    """Puts the warehouse of a backup in the place of the project's, which is kept beside it.

    Files of reviews that are missing are put back; definitions and reviews that are there stay as they are.

    Raises:
        StorageError: the backup is damaged, of a newer program, or of another project; nothing was changed.
        WarehouseBusy: a run was still writing.
    """
    backup = read_backup(file)
    if backup.project != project.settings.name:
        raise StorageError(
            f"{file} is a backup of the project '{backup.project}'; this one is '{project.settings.name}'.\n"
            "Hint: name the right project with --project."
        )
    path = project.path(project.settings.warehouse)

    def fill(built: Path) -> None:
        with _archive(file) as archive:
            for name, place in ((WAREHOUSE, built), (LOG, log_of(built))):
                if name in backup.files:
                    _unpack(file, archive, backup, name, place)

    with _storage_errors(path):
        kept = put_back(fill, path, wait=wait, on_wait=_waiting(watch or Quiet(), wait), now=now)
    back, differ = [], []
    with _storage_errors(project.root), _archive(file) as archive:
        for name in backup.files:
            place = project.root / name
            if PurePosixPath(name).parts[0] not in FOLDERS:
                continue
            if place.exists():
                with place.open("rb") as there:
                    differ += [name] if _copied(there, None) != backup.files[name] else []
            elif name.startswith("reviews/"):
                _unpack(file, archive, backup, name, place)
                back.append(name)
    return Restored(backup, kept, tuple(back), tuple(differ))


def restore_definitions(root: Path, file: Path) -> Backup:
    """Unpacks definitions and reviews of a backup into a folder that has none: all of them or nothing."""
    backup = read_backup(file)
    built = building(root / FOLDERS[0])
    with _storage_errors(root), _archive(file) as archive:
        root.mkdir(parents=True, exist_ok=True)
        clear_leftovers(root / FOLDERS[0])
        try:
            for name in backup.files:
                if PurePosixPath(name).parts[0] in FOLDERS:
                    _unpack(file, archive, backup, name, built / name)
            # NOTE: definitions come last, for where they are, nothing is unpacked again.
            for folder in reversed(FOLDERS):
                if (built / folder).is_dir() and not (root / folder).exists():
                    put_in_place(built / folder, root / folder)
        finally:
            clear_leftovers(root / FOLDERS[0])
    return backup


def _written(project: Project, warehouse: Warehouse, target: Path, moment: datetime, *, holds: str) -> Backup:
    """Writes everything into the file, and last what it holds; the warehouse is closed by then."""
    version = version_of(warehouse)
    last = last_run(warehouse) if version else None
    files: dict[str, Content] = {}
    # NOTE: raw rows are in it, so it is nobody else's to read.
    handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w+b") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, path in _texts_of(project.root):
            with path.open("rb") as text:
                files[name] = _packed(archive, name, text)
        if holds == STATE:
            state = target.with_name(f"{target.name}.duckdb")
            copy_state(warehouse, state)
            warehouse.close()
            with state.open("rb") as copy:
                files[WAREHOUSE] = _packed(archive, WAREHOUSE, copy)
            remove(state)
        else:
            with files_of(warehouse) as opened:
                for name, file in zip((WAREHOUSE, LOG), opened.values(), strict=False):
                    files[name] = _packed(archive, name, file)
        made = Backup(
            FORMAT,
            project.settings.name,
            moment.isoformat(timespec="seconds"),
            VERSION,
            holds,
            version,
            project_version(project),
            last,
            files,
        )
        archive.writestr(MANIFEST, json.dumps(asdict(made), indent=1))
    return made


def _texts_of(root: Path) -> Iterator[tuple[str, Path]]:
    """The files of definitions and reviews."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            hidden = any(part.startswith((".", "__")) for part in path.relative_to(root).parts)
            if path.is_file() and not hidden:
                yield path.relative_to(root).as_posix(), path


def _packed(archive: zipfile.ZipFile, name: str, file: IO[bytes]) -> Content:
    with archive.open(name, "w", force_zip64=True) as packed:
        return _copied(file, packed)


def _copied(source: IO[bytes], target: IO[bytes] | None) -> Content:
    """Copies what is there, and says what it was."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(BLOCK):
        digest.update(block)
        size += len(block)
        if target:
            target.write(block)
    return Content(size, digest.hexdigest())


def _unpack(file: Path, archive: zipfile.ZipFile, backup: Backup, name: str, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as packed, place.open("wb") as out:
        found = _copied(packed, out)
    if found != backup.files[name]:
        raise _damaged(file, f"{name} in it is not what was written")
    sync(place)


def _manifest(file: Path, archive: zipfile.ZipFile) -> Backup:
    """What the backup says of itself, if this program can read it and it names everything that is in it."""
    try:
        written = json.loads(archive.read(MANIFEST))
        if written["format"] > FORMAT or written["state_version"] > len(MIGRATIONS):
            raise StorageError(
                f"{file} was written by kpi_pipeline {written['program']}, with a state of version "
                f"{written['state_version']}; this is {VERSION}, which knows versions up to {len(MIGRATIONS)}.\n"
                "Hint: upgrade this one, then restore."
            )
        files = {name: Content(**one) for name, one in written.pop("files").items()}
        backup = Backup(**written, files=files)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise _damaged(file, f"it does not say what it holds ({problem})") from None
    if {*files, MANIFEST} != set(archive.namelist()) or WAREHOUSE not in files:
        raise _damaged(file, "what it says that it holds is not what is in it")
    for name in files:
        path = PurePosixPath(name)
        is_text = path.parts[0] in FOLDERS and len(path.parts) > 1 and ".." not in path.parts and "\\" not in name
        if name not in (WAREHOUSE, LOG) and not is_text:
            raise _damaged(file, f"'{name}' is no file of a backup")
    return backup


@contextmanager
def _archive(file: Path) -> Iterator[zipfile.ZipFile]:
    if not file.is_file():
        raise DataError(f"There is no backup {file}.\nHint: `kpi backup` says where it writes them.")
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as problem:
        raise _damaged(file, str(problem)) from problem


def _damaged(file: Path, why: str) -> StorageError:
    return StorageError(
        f"{file} is damaged, or no backup: {why}.\nHint: take another backup; nothing was changed here."
    )


def _any_in(folder: Path) -> Path:
    """What all backups of a folder are called while they are written."""
    return folder / "backup"


def _earlier(folder: Path, project: str, ending: str) -> list[Path]:
    """The project's backups of a kind, the newest first."""
    stamp = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"
    return sorted(folder.glob(f"{project}-{stamp}{ending}"), reverse=True)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One backup at a time is written into a folder."""
    with _storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".backup.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise WarehouseBusy(
                f"Another backup is being written into {folder}.\nHint: wait until it is there, or name another folder."
            ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _storage_errors(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise StorageError.not_written(str(problem.filename or place), problem) from problem


def _waiting(watch: Watch, wait: float) -> Callable[[str], None]:
    return lambda how: watch.note(f"The warehouse is {how}; waiting up to {wait:.0f} s.")
