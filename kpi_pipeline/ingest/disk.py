"""When the disk does not take what a load writes beside the warehouse: copies, unpacked files, what was fetched."""

from __future__ import annotations

import errno
import tempfile

from kpi_pipeline.errors import StorageError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""The disk is full, or ours of it is, or it may not be written."""


def out_of_room(problem: OSError, folder: str | None = None) -> StorageError | None:
    """What to say where the disk is what is wrong; None where it is something else."""
    if problem.errno not in NO_ROOM:
        return None
    return StorageError.not_written(folder or problem.filename or tempfile.gettempdir(), problem)
