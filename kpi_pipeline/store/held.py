"""Who has a warehouse open for writing, and how large files are: looked at from outside, without opening anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock, Timeout


def held_by(warehouse: Path) -> Mapping[str, str] | None:
    """Who writes to a warehouse: holder, pid, host, since; None where nobody does.

    The lock is asked for and given back at once; the note that a killed run left behind counts for nothing.
    """
    lock = warehouse.with_name(warehouse.name + ".lock")
    if not lock.exists():
        return None
    try:
        with FileLock(lock).acquire(timeout=0):
            return None
    except Timeout:
        pass
    except OSError:
        return None
    try:
        found = json.loads(lock.with_suffix(".holder").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"holder": "another process"}
    return {str(name): str(value) for name, value in found.items()}


def size_of(path: Path) -> int:
    """How many bytes a file or a folder takes; a warehouse's log counts with it."""
    if path.is_dir():
        return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    log = path.with_name(path.name + ".wal")
    return sum(one.stat().st_size for one in (path, log) if one.exists())
