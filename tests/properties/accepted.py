"""A project as `kpi check` accepts it, and as a run finds it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from kpi_pipeline.compile.models import plan_models
from kpi_pipeline.errors import DefinitionError, Problem
from kpi_pipeline.load import check_columns, load
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.binding import unbindable
from kpi_pipeline.project import Project
from kpi_pipeline.reduce import model_statement
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.state import prepare_state
from tests.engine import NOW, Engine, Table, fill


def accepted(said: Mapping[str, Any], tables: Mapping[str, Table]) -> Project:
    """The project as `kpi check` accepts it: from its file, with every column and expression looked at."""
    columns = {
        TableRef("raw", name): {column: kind.upper() for column, kind in table.columns.items()}
        for name, table in tables.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "definitions" / "all.yaml"
        file.parent.mkdir()
        with file.open("w", encoding="utf-8") as out:
            writer = YAML(typ="safe", pure=True)
            writer.representer.ignore_aliases = lambda _: True
            writer.dump(dict(said), out)
        project = load(file.parent)
        problems = check_columns(project, columns) or unbindable(project, columns)
    if problems:
        raise DefinitionError(problems)
    return project


def assert_readable(problems: tuple[Problem, ...]) -> None:
    """Every problem has a place and ends as a sentence does."""
    assert problems
    for one in problems:
        assert one.place is not None, one
        assert one.message.endswith((".", "?", "!")), one
        assert "Traceback" not in one.message


@contextmanager
def filled(project: Project, tables: Mapping[str, Table]) -> Iterator[Engine]:
    """An engine over the tables, with the project's models made."""
    with Warehouse.in_memory() as warehouse:
        prepare_state(warehouse)
        for name, table in tables.items():
            fill(warehouse, name, table)
        for model in plan_models(project, frozenset(project.models)):
            warehouse.run(model_statement(model))
        yield Engine(project, warehouse, NOW, tables)
