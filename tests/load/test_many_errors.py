"""All problems of a project are told at once, in the order of its files; a text people read, so compared whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.load import load

FOLDER = Path(__file__).parent / "many_errors"


def test_many_errors_at_once():
    with pytest.raises(DefinitionError) as raised:
        load(FOLDER / "definitions", variables={})

    assert f"{raised.value}\n" == (FOLDER / "expected.txt").read_text(encoding="utf-8")


def test_a_parent_folder_of_another_name_changes_nothing(tmp_path):
    """Places are relative to the project's root."""
    moved = tmp_path / "elsewhere" / "definitions"
    moved.mkdir(parents=True)
    for file in (FOLDER / "definitions").iterdir():
        (moved / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")

    with pytest.raises(DefinitionError) as raised:
        load(moved, variables={})

    assert f"{raised.value}\n" == (FOLDER / "expected.txt").read_text(encoding="utf-8")
