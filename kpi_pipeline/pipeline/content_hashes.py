"""What a published file says, as one fingerprint a table: `python -m kpi_pipeline.pipeline.content_hashes FILE`.

Two runs over the same rows and definitions give the same ones, in whatever order rows came, in however many files, in
one run or in many, on however many processors.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from kpi_pipeline.errors import KpiError
from kpi_pipeline.publish import TABLES
from kpi_pipeline.publish.content_hash import content_hash
from kpi_pipeline.store.published import Published


def content_hashes(file: Path) -> Mapping[str, str]:
    """The fingerprint of every table of a published file but those that tell of runs.

    Raises:
        DataError: nothing was published there, or by an earlier version with other tables.
    """
    with Published.open(file) as published:
        found = {one.name: content_hash(one, published.fetch(f'SELECT * FROM "{one.name}"')) for one in TABLES}
    return {name: digest for name, digest in found.items() if digest is not None}


def main() -> int:
    """Prints them, a table a line."""
    try:
        for name, digest in content_hashes(Path(sys.argv[1])).items():
            print(digest, name)
    except IndexError:
        print(
            "Say which file: python -m kpi_pipeline.pipeline.content_hashes data/published/kpi.duckdb", file=sys.stderr
        )
        return 2
    except KpiError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
