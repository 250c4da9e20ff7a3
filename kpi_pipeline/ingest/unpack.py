"""Unpacking: a packed file is written out once, so that every reader meets plain text and a cut file is noticed."""

from __future__ import annotations

import lzma
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from kpi_pipeline.errors import DataError, listed

PIECE = 1 << 20


def unpacked(path: Path, name: str, packing: str, target: Path) -> Path:
    """Writes what is packed in a file to `target`; nothing of a file that ends too early is used."""
    with packed_stream(path, name, packing) as stream, target.open("wb") as out:
        shutil.copyfileobj(stream, out, PIECE)
    return target


def beginning(path: Path, name: str, packing: str, target: Path, *, size: int = PIECE) -> Path:
    """Writes out only the first bytes, for a look at the header."""
    with packed_stream(path, name, packing) as stream:
        target.write_bytes(stream.read(size))
    return target


@contextmanager
def packed_stream(path: Path, name: str, packing: str) -> Iterator[BinaryIO]:
    """What is packed in a file, to be read from its beginning."""
    if packing == "zip":
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) != 1:
                raise DataError(
                    f"{name} holds {len(members)} files ({listed([one.filename for one in members], most=3)}), "
                    "and one is expected.\nHint: unpack it into a folder, and name that with wildcards."
                )
            with archive.open(members[0]) as member:
                yield cast("BinaryIO", member)
    elif packing == "xz":
        with lzma.open(path) as stream:
            yield cast("BinaryIO", stream)
    else:
        import pyarrow as pa

        with pa.input_stream(str(path), compression=packing) as stream:
            yield cast("BinaryIO", stream)
