"""Whatever happened to a file: every row of it is loaded or in quarantine, or nothing is and a message says why."""

from __future__ import annotations

import os

from kpi_pipeline.errors import DataError
from tests.ingest.conftest import Bench, orders
from tests.ingest.mutations import cases, line_count, originals

COUNT = int(os.environ.get("KPI_MUTATIONS", "30"))


def test_sound_files_give_all_their_rows(bench: Bench) -> None:
    for suffix, content in originals().items():
        bench.write(f"sound/a.{suffix}", content)
        staged = bench.load(orders(f"sound/a.{suffix}"), full=True)
        assert (staged.rows_loaded, staged.rows_quarantined) == (39, 0), suffix


def test_no_mishap_loses_a_row_or_ends_in_anything_but_a_message(bench: Bench) -> None:
    """The loader itself counts every file by two readers; lines of files without quotes are counted here once more."""
    refused = loaded = 0
    for number, (suffix, mutation) in enumerate(cases(COUNT, seed=7)):
        path = bench.write(f"data/a.{suffix}", mutation.content)
        about = f"file {number}: {suffix}, {mutation.what}"
        try:
            staged = bench.load(orders(f"data/a.{suffix}", load={"allow_empty": True}), full=True)
        except DataError:
            refused += 1
        except BaseException as problem:
            raise AssertionError(about) from problem
        else:
            loaded += 1
            rows = bench.warehouse.rows("SELECT count(*) FROM raw.orders")[0][0]
            held = bench.warehouse.rows("SELECT count(*) FROM quarantine.orders")[0][0]
            assert rows + held == staged.rows_read, about
            lines = line_count(mutation.content) if suffix == "plain.csv" else None
            assert lines in (None, staged.rows_read), about
        path.unlink()
    print(f"{COUNT} files: {loaded} loaded, {refused} refused")
    assert loaded
