"""Values from the environment: `${NAME}` is replaced after the file is read, so that it can never change its shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from kpi_pipeline.errors import Problem, did_you_mean
from kpi_pipeline.load.tree import Fields, Items, Scalar, Written

VARIABLE = re.compile(r"\$\{([^{}]*)\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Path = tuple[str, ...]


def with_environment(
    node: Written, variables: Mapping[str, str], may_lack: Callable[[Path], bool], path: Path = ()
) -> tuple[Written, tuple[Problem, ...]]:
    """The tree with variables replaced by their values, and a problem for each one that is not set.

    A value that may lack its variable becomes None.
    """
    if isinstance(node, Scalar):
        return _replaced(node, variables, optional=may_lack(path))
    problems: list[Problem] = []
    if isinstance(node, Items):
        members = []
        for number, member in enumerate(node.members):
            new, found = with_environment(member, variables, may_lack, (*path, str(number)))
            members.append(new)
            problems.extend(found)
        return replace(node, members=tuple(members)), tuple(problems)
    entries = []
    for key, value in node.entries:
        new, found = with_environment(value, variables, may_lack, (*path, key.text))
        entries.append((key, new))
        problems.extend(found)
    return Fields(tuple(entries), node.place), tuple(problems)


def _replaced(node: Scalar, variables: Mapping[str, str], *, optional: bool) -> tuple[Scalar, tuple[Problem, ...]]:
    if node.text is None or "${" not in node.text:
        return node, ()
    missing = [name for name in VARIABLE.findall(node.text) if name not in variables]
    if missing and optional:
        return replace(node, text=None), ()
    problems = (
        *(_missing(name, node, variables) for name in missing),
        *(_no_text(name, node) for name in VARIABLE.findall(node.text) if not _is_text(variables.get(name, ""))),
    )
    text = VARIABLE.sub(lambda match: variables.get(match[1], match[0]), node.text)
    return replace(node, text=text, text_place=None), problems


def _is_text(value: str) -> bool:
    """Whether a variable was written in UTF-8; other bytes of it come as characters that no file can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_text(name: str, node: Scalar) -> Problem:
    return Problem(f"The environment variable '{name}' is not UTF-8.", node.place, "set it again, in UTF-8")


def _missing(name: str, node: Scalar, variables: Mapping[str, str]) -> Problem:
    if not NAME.fullmatch(name):
        return Problem(
            f"'${{{name}}}' does not name an environment variable.", node.place, "write it like ${WAREHOUSE_URL}"
        )
    near = did_you_mean(name, variables)
    return Problem(
        f"The environment variable {name} is not set.",
        node.place,
        near or f"set it before the run: export {name}=...",
    )
