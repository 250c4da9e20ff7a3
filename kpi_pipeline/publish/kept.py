"""Earlier snapshots: how many stay, and for how long, so that readers can finish and people can look back."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from kpi_pipeline.errors import StorageError
from kpi_pipeline.files import building, of_run, put_in_place, remove, sync
from kpi_pipeline.periods import Window, shift_day

RUN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")
"""What runs are called; a file with another name beside the published one is not ours to remove."""


@dataclass(frozen=True)
class Keeping:
    """The newest snapshots stay, and all that are not much older than the latest."""

    newest: int
    for_: Window | None = None

    def outdated(self, snapshots: Iterable[Path]) -> Iterator[Path]:
        """The files or folders that are not to stay."""
        newest_first = sorted(snapshots, key=lambda path: path.stat().st_mtime_ns, reverse=True)
        if newest_first:
            since = shift_day(_day(newest_first[0]), self.for_, back=True) if self.for_ else None
            yield from (path for path in islice(newest_first, self.newest, None) if since is None or _day(path) < since)


def keep_snapshot(published: Path, run_id: str, keeping: Keeping) -> Path:
    """Sees to it that the published file has the name of its run as well, and removes earlier ones by the rule.

    Where the published name is a link it has; else both names are one file on the disk, where it knows such a thing.

    Raises:
        StorageError: the disk is full, or does not let us write; the published file is there and new.
    """
    kept = of_run(published, run_id)
    try:
        _same_file(published, kept)
        for old in keeping.outdated(kept_snapshots(published)):
            remove(old)
            remove(old.with_name(f"{old.name}.wal"))
    except OSError as problem:
        raise StorageError.not_written(str(kept), problem) from problem
    return kept


def kept_snapshots(published: Path) -> dict[Path, str]:
    """The snapshots that are kept beside the published file, and the runs that made them."""
    ours = re.compile(f"{re.escape(published.stem)}-({RUN_ID.pattern}){re.escape(published.suffix)}")
    found = {path: ours.fullmatch(path.name) for path in published.parent.iterdir()}
    return {path: match[1] for path, match in found.items() if match}


def _same_file(published: Path, kept: Path) -> None:
    """Gives a file a second name, or a copy where the disk knows no such thing."""
    if kept.exists():
        return
    try:
        os.link(published, kept)
        sync(kept.parent)
    except OSError:
        built = building(kept)
        try:
            shutil.copyfile(published, built)
            put_in_place(built, kept)
        finally:
            remove(built)


def _day(path: Path) -> date:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
