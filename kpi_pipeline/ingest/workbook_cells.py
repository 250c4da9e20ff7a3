"""The cells of a sheet, read in a process of its own; run by its path, so that it starts without our package.

It writes what it found as pickles: first what is wrong (None where nothing is), the sheet's name and the row and column
that its cells begin at, then the cells with an error, then row by row.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterator
from typing import BinaryIO

SHARE_OF_MEMORY = 0.5
MOST_MEMORY = 4 << 30
"""Room for fifty full columns; of a damaged file the reader may want more and more without end."""


def write_cells(path: str, wanted: str | None, out: BinaryIO) -> None:
    """Writes the cells of the sheet, or of the first one; what is wrong with the file where they cannot be read."""
    try:
        for found in _cells(path, wanted):
            pickle.dump(found, out)
    except ImportError:
        pickle.dump({"problem": "missing"}, out)
    except Exception as problem:  # noqa: BLE001 (the readers' exceptions are of their own kinds, and do not travel)
        pickle.dump({"problem": "unreadable", "words": str(problem) or type(problem).__name__}, out)


def _cells(path: str, wanted: str | None) -> Iterator[object]:
    import fastexcel
    import python_calamine

    workbook = python_calamine.CalamineWorkbook.from_path(path)
    name = next(iter(workbook.sheet_names), None) if wanted is None else wanted
    if name is None or name not in workbook.sheet_names:
        yield {"problem": "no sheet", "sheets": workbook.sheet_names}
        return
    sheet = workbook.get_sheet_by_name(name)
    if sheet.start is None:
        yield {"problem": "empty", "sheet": name}
        return
    yield {"problem": None, "sheet": name, "start": sheet.start}
    # NOTE: python_calamine gives a cell with an error as an empty one; a second reader says which those are.
    again = fastexcel.read_excel(path)
    _, errors = again.load_sheet(
        name, header_row=None, dtypes="string", skip_whitespace_tail_rows=False
    ).to_arrow_with_errors()
    yield [(*one.position, one.detail) for one in (errors.errors if errors else ())]
    yield from sheet.iter_rows()


def limit_memory() -> None:
    """Takes 4 GB and half of the machine's memory at most, where the system can hold us to it."""
    try:
        import resource

        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        most = min(MOST_MEMORY, int(SHARE_OF_MEMORY * there))
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (most if hard < 0 else min(most, hard), hard))
    except (ImportError, OSError, ValueError):
        return


if __name__ == "__main__":
    limit_memory()
    write_cells(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None, sys.stdout.buffer)
