"""Functions that definitions name: found in a file below the project's folder, and nowhere else.

What a function does it does with the run's own rights, so whoever may change the definitions or the files beside them
may do what the run may do. A name that leads out of the folder, by a link or otherwise, is refused.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from kpi_pipeline.errors import DataError, DefinitionError, KpiError, Problem, did_you_mean
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.sources.python import file_of

Function = Callable[..., object]


@contextmanager
def found(load: Loading, function: str) -> Iterator[Function]:
    """The function; while the block lasts, its module may import others of the project's folder."""
    path = file_of(load.project.root, function)
    if path is None:
        raise _missing(
            load, function, f"there is no file {function.partition(':')[0].replace('.', '/')}.py in the project"
        )
    root = str(load.project.root.resolve())
    sys.path.insert(0, root)
    try:
        module = _imported(load, path)
        name = function.partition(":")[2]
        wanted = getattr(module, name, None)
        if not callable(wanted):
            near = did_you_mean(name, [one for one in vars(module) if not one.startswith("_")])
            raise _missing(load, function, f"{path.name} has no function '{name}'", near)
        yield wanted
    finally:
        sys.path.remove(root)


def _imported(load: Loading, path: Path) -> object:
    """The module as it is written now, under a name that no other project's can have."""
    mark = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    spec = spec_from_file_location(f"kpi_project_{mark}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as problem:
        raise failed(load, f"{path.name} cannot be imported", problem) from problem
    return module


@contextmanager
def told_by(load: Loading, what: str) -> Iterator[None]:
    """Whatever the project's own code raises is told as that."""
    try:
        yield
    except (KpiError, GeneratorExit):
        raise
    except Exception as problem:
        raise failed(load, f"{what} failed", problem) from problem


def given_by(load: Loading, what: str, rows: Iterator[object]) -> Iterator[object]:
    """What the project's own code yields, as it yields it."""
    with told_by(load, what):
        yield from rows


def failed(load: Loading, what: str, problem: Exception) -> DataError:
    """What to tell of an error in a function of the project: what it was, and the line of the project it came from."""
    root = load.project.root.resolve()
    line, trace = "", problem.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(root):
            line = f" ({path.relative_to(root).as_posix()}:{trace.tb_lineno})"
        trace = trace.tb_next
    said = str(problem).splitlines()[0] if str(problem) else ""
    told = f"{type(problem).__name__}: {said}" if said else type(problem).__name__
    place = load.project.place("sources", load.source.name, "connector")
    text = f"Source '{load.source.name}': {what}: {told}{line}."
    hint = "nothing of this source was loaded; mend the function, or what it asks."
    return DataError(str(Problem(text, place, hint)))


def _missing(load: Loading, function: str, why: str, hint: str | None = None) -> DefinitionError:
    place = load.project.place("sources", load.source.name, "connector")
    text = f"Source '{load.source.name}' is loaded by '{function}', but {why}."
    return DefinitionError(
        [Problem(text, place, hint or "write it like connectors.erp:invoices for connectors/erp.py")]
    )
