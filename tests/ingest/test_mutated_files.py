"""Whatever happened to a file: every row of it is loaded or in quarantine, or nothing is and a message says why."""

from __future__ import annotations

from pathlib import Path

from reliability.mutated_files import tried


def test_no_mishap_loses_a_row_or_ends_in_anything_but_a_message(tmp_path: Path) -> None:
    tally = tried(30, 7, tmp_path)
    assert tally.faults == []
    assert sum(tally.loaded.values()) + sum(tally.refused.values()) == 30
    assert tally.rows > 100
