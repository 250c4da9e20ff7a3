"""What a process asked of the disk, written down by strace, and folders as a loss of power may leave them.

A kill loses nothing that was written: the system still has it. A loss of power does: of what a process wrote to a file
since the file was last synced, any block may be there or not, and the file may be as long as before or as now. Names
(files made, renamed, removed) are kept in order, as file systems with a journal keep them: all up to the last sync of
anything, and of the later ones any number of the first.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = 4096
CALLS = (
    "openat", "lseek", "write", "pwrite64", "ftruncate", "rename", "renameat", "renameat2", "unlink", "unlinkat",
    "mkdir", "mkdirat", "rmdir", "fsync", "fdatasync", "sendfile", "copy_file_range",
)  # fmt: skip
"""What strace is asked to write down. NOTE: none of ours writes by writev, fallocate or a mapped file."""

TRACING = ["strace", "-f", "-ff", "-ttt", "-y", "-xx", "-s", "100000000", "-e", f"trace={','.join(CALLS)}"]
_LINE = re.compile(r"([0-9.]+) (\w+)\((.*)\) += (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FILE = re.compile(r"(?:\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>")


@dataclass(frozen=True)
class Asked:
    """One thing that was asked of the disk: which, of which paths, and for writes what and where."""

    call: str
    paths: tuple[str, ...]
    content: bytes = b""
    at: int | None = None
    flags: str = ""


def read_trace(prefix: Path) -> list[Asked]:
    """What a process and its threads asked and got, in order."""
    lines = []
    for file in prefix.parent.glob(f"{prefix.name}.*"):
        with file.open(encoding="ascii", errors="replace") as trace:
            lines += [found.groups() for found in map(_LINE.match, trace) if found and int(found.group(4)) >= 0]
    lines.sort(key=lambda line: float(line[0]))
    return [_asked(call, arguments, int(result)) for _, call, arguments, result in lines]


def _asked(call: str, arguments: str, result: int) -> Asked:
    files = [_bytes(one).decode() for one in _FILE.findall(arguments)]
    texts = [_bytes(one) for one in _TEXT.findall(arguments)]
    last = arguments.rpartition(", ")[2]
    if call in ("write", "pwrite64"):
        at = int(last) if call == "pwrite64" else None
        return Asked(call, (files[0],), texts[0][:result], at)
    if call in ("ftruncate", "lseek"):
        return Asked(call, (files[0],), at=int(last) if call == "ftruncate" else result)
    if call in ("sendfile", "copy_file_range"):
        whence = re.search(r"\[(\d+)\]", arguments)
        into = files if call == "sendfile" else files[::-1]
        return Asked("copy", tuple(into), b"\0" * result, int(whence.group(1)) if whence else None)
    if call in ("fsync", "fdatasync"):
        return Asked("sync", (files[0],))
    names = [one.decode() for one in texts]
    folders = files if call.endswith("at") or call == "renameat2" else []
    paths = [str(Path(folder) / name) for folder, name in zip(folders, names, strict=False)] or names
    flags = arguments if call == "openat" else ""
    return Asked(call.removesuffix("at").removesuffix("at2"), tuple(paths), flags=flags)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


@dataclass
class _File:
    """A file's content as the system has it, and as the disk has it for sure."""

    now: bytearray
    sure: bytes
    at: int = 0

    def write(self, content: bytes, at: int) -> None:
        if len(self.now) < at + len(content):
            self.now.extend(b"\0" * (at + len(content) - len(self.now)))
        self.now[at : at + len(content)] = content

    def survives(self, chance: random.Random) -> bytes:
        """What a loss of power may leave of it."""
        if self.now == self.sure:
            return self.sure
        length = chance.choice([len(self.sure), len(self.now)])
        kept = chance.choice([0.0, 0.5, 1.0])
        left = bytearray(self.sure[:length].ljust(length, b"\0"))
        for at in range(0, length, BLOCK):
            if chance.random() < kept:
                left[at : at + BLOCK] = self.now[at : min(at + BLOCK, length)].ljust(min(BLOCK, length - at), b"\0")
        return bytes(left)


@dataclass
class Disk:
    """The files below a folder while things are asked of it; its names now, and the changes that may still be lost."""

    root: str
    files: dict[str, _File] = field(default_factory=dict)
    sure: dict[str, _File] = field(default_factory=dict)
    pending: list[dict[str, _File]] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path, called: Path) -> Disk:
        """The files of a folder, as if they lay where the trace calls them."""
        disk = cls(f"{called}/")
        for path in folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                disk.files[str(called / path.relative_to(folder))] = _File(bytearray(content), content)
        disk.sure = dict(disk.files)
        return disk

    def do(self, asked: Asked) -> None:
        """Does what was asked."""
        does = {
            "open": self._open,
            "lseek": self._lseek,
            "write": self._write,
            "pwrite64": self._pwrite64,
            "copy": self._copy,
            "ftruncate": self._ftruncate,
            "rename": self._rename,
            "unlink": self._unlink,
            "sync": self._sync,
        }
        if asked.call in does:  # NOTE: folders come and go with the files in them.
            does[asked.call](asked)

    def survives(self, chance: random.Random) -> Iterator[tuple[str, bytes]]:
        """The files that a loss of power may leave, by their paths below the root."""
        names = chance.choice([self.sure, *self.pending])
        for path, file in sorted(names.items()):
            yield path.removeprefix(self.root), file.survives(chance)

    def _renamed(self) -> None:
        self.pending.append(dict(self.files))

    def _open(self, asked: Asked) -> None:
        [path] = asked.paths[:1]
        if path not in self.files:
            if "O_CREAT" not in asked.flags:
                return
            self.files[path] = _File(bytearray(), b"")
            self._renamed()
        file = self.files[path]
        if "O_TRUNC" in asked.flags:
            file.now.clear()
        file.at = len(file.now) if "O_APPEND" in asked.flags else 0

    def _lseek(self, asked: Asked) -> None:
        if (file := self.files.get(asked.paths[0])) and asked.at is not None:
            file.at = asked.at

    def _write(self, asked: Asked) -> None:
        if file := self.files.get(asked.paths[0]):
            file.write(asked.content, file.at)
            file.at += len(asked.content)

    def _pwrite64(self, asked: Asked) -> None:
        if (file := self.files.get(asked.paths[0])) and asked.at is not None:
            file.write(asked.content, asked.at)

    def _copy(self, asked: Asked) -> None:
        into, out = (self.files.get(path) for path in asked.paths)
        if into and out:
            at = asked.at if asked.at is not None else into.at
            content = bytes(out.now[at : at + len(asked.content)])
            into.write(content, into.at)
            into.at += len(content)

    def _ftruncate(self, asked: Asked) -> None:
        if (file := self.files.get(asked.paths[0])) and asked.at is not None:
            del file.now[asked.at :]
            file.now.extend(b"\0" * (asked.at - len(file.now)))

    def _rename(self, asked: Asked) -> None:
        old, new = asked.paths
        for path in [path for path in self.files if path == old or path.startswith(f"{old}/")]:
            self.files[new + path.removeprefix(old)] = self.files.pop(path)
        self._renamed()

    def _unlink(self, asked: Asked) -> None:
        if self.files.pop(asked.paths[0], None):
            self._renamed()

    def _sync(self, asked: Asked) -> None:
        if file := self.files.get(asked.paths[0]):
            file.sure = bytes(file.now)
        self.sure = dict(self.files)
        self.pending.clear()
