"""Functions that sources are loaded by: they are in a file of the project and take what they are given.

The file is read and not run: looking at definitions does nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from kpi_pipeline.errors import Problem, did_you_mean, listed
from kpi_pipeline.project import Project
from kpi_pipeline.sources import DltConnector, PythonConnector, Source
from kpi_pipeline.sources.python import file_of

SINCE = "since"


def unknown_functions(project: Project) -> Iterator[Problem]:
    """A problem for each function that is not there, or that cannot be called with its arguments."""
    for source in project.sources.values():
        match source.connector:
            case PythonConnector() as connector:
                yield from _function(project, source, "function", connector.function, connector.arguments)
            case DltConnector() as connector if not connector.is_of_dlt:
                yield from _function(project, source, "resource", connector.resource, None)
            case _:
                continue


def _function(
    project: Project, source: Source, key: str, function: str, arguments: dict[str, object] | None
) -> Iterator[Problem]:
    place = project.place("sources", source.name, "connector", key)
    who = f"Source '{source.name}' is loaded by '{function}'"
    module, _, name = function.partition(":")
    path = file_of(project.root, function)
    if path is None:
        wanted = module.replace(".", "/")
        hint = "the file has to be below the project's folder, and no link that leads out of it"
        yield Problem(f"{who}, but there is no file {wanted}.py in the project.", place, hint)
        return
    try:
        written = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError) as problem:
        line = f", line {problem.lineno}" if isinstance(problem, SyntaxError) else ""
        shown = path.relative_to(project.root).as_posix()
        yield Problem(f"{who}, but {shown} cannot be read{line}: {_said(problem)}.", place, "mend the file")
        return
    found = {one.name: one for one in written.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    if name not in found:
        if name not in _named(written):
            near = did_you_mean(name, found)
            shown = path.relative_to(project.root).as_posix()
            yield Problem(f"{who}, but {shown} has no function '{name}'.", place, near or f"it has {listed([*found])}")
        return
    if arguments is not None and not found[name].decorator_list:
        yield from _call(project, source, found[name], arguments, path)


def _call(
    project: Project,
    source: Source,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    given: dict[str, object],
    path: Path,
) -> Iterator[Problem]:
    """What keeps a function from being called with its arguments, and with `since` where rows are added."""
    place = project.place("sources", source.name, "connector", "arguments")
    who = f"Source '{source.name}': '{function.name}' ({path.relative_to(project.root).as_posix()}:{function.lineno})"
    parameters = function.args
    names = [one.arg for one in (*parameters.args, *parameters.kwonlyargs)]
    optional = {one.arg for one in parameters.args[len(parameters.args) - len(parameters.defaults) :]}
    optional |= {one.arg for one, default in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True) if default}
    for name in given:
        if name not in names and parameters.kwarg is None:
            yield Problem(f"{who} takes no argument '{name}'.", place, did_you_mean(name, names) or _takes(names))
    missing = [name for name in names if name not in optional and name not in given and name != SINCE]
    if missing:
        yield Problem(f"{who} is not given {listed(missing)}.", place, "write it under `arguments`")
    if source.load.mode == "append" and SINCE not in names:
        hint = "give it that parameter: the newest cursor that is there, or None; or load it with `mode: full`"
        yield Problem(f"{who} takes no `since`, but what it gives is appended.", place, hint)


def _takes(names: list[str]) -> str:
    return f"it takes {listed(names)}" if names else "it takes none"


def _named(written: ast.Module) -> set[str]:
    """The names that a module has by import or assignment."""
    names: set[str] = set()
    for one in written.body:
        match one:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case _:
                continue
    return names


def _said(problem: Exception) -> str:
    return problem.msg if isinstance(problem, SyntaxError) else str(problem)
