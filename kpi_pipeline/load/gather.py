"""All definition files of a folder, read and sorted by kind: what is written where, before it means anything."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from kpi_pipeline.errors import Place, Problem, did_you_mean, listed
from kpi_pipeline.load.environment import with_environment
from kpi_pipeline.load.kinds import BY_KEY, LINKS, PROJECT, REVIEWS, Kind, link_name, review_name
from kpi_pipeline.load.tree import Fields, Items, Scalar, Written
from kpi_pipeline.load.yaml_file import read_yaml
from kpi_pipeline.periods import first_day_named

SUFFIXES = (".yaml", ".yml")
REVIEWS_FOLDER = "reviews"
"""The folder beside the definitions in which `kpi review` writes down what was decided, a file a KPI."""
UNSET_IS_NONE = (
    re.compile(r"project/publish/(?!duckdb$).+"),
    re.compile(r"project/notify/\d+/to/(url|user|password)"),
    re.compile(r"people/\d+/email"),
)
"""Where a variable that is not set means the value is not wanted, rather than a mistake."""


@dataclass(frozen=True)
class Member:
    """One definition as it is written: its kind, its name if it has one, its tree."""

    kind: Kind
    name: str | None
    number: int
    node: Fields

    @property
    def subject(self) -> str:
        """What messages call it, without values of the environment."""
        name = self.node.get("name")
        written = name.written if isinstance(name, Scalar) and self.name else self.name
        return self.kind.subject(written, self.number if self.kind is not PROJECT else None)


@dataclass(frozen=True)
class Gathered:
    """Everything the files hold."""

    members: tuple[Member, ...] = ()
    problems: tuple[Problem, ...] = ()
    names_in_unread_files: frozenset[str] = field(default_factory=frozenset)
    """Names that occur in files that could not be read, so that nobody is told they are not defined."""


def gather(definitions: Path, root: Path, variables: Mapping[str, str]) -> Gathered:
    """Reads every YAML file below the folder, and below that of the reviews beside it."""
    if not definitions.is_dir():
        missing = Problem(f"There is no folder {definitions.name} in {root}.", None, "begin a project with `kpi init`")
        return Gathered(problems=(missing,))
    members: list[Member] = []
    files, closed = _files(definitions)
    reviews = root / REVIEWS_FOLDER
    held_files, held_closed = _files(reviews) if reviews.is_dir() else ([], [])
    problems = [_closed(problem, root) for problem in (*closed, *held_closed)]
    unread: list[str] = []
    for file in (*files, *held_files):
        where = file.relative_to(root).as_posix()
        try:
            text = file.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as problem:
            problems.append(_unopened(problem, where))
            unread.append("")
            continue
        tree, found = read_yaml(text, where)
        problems.extend(found)
        if tree is None:
            unread.extend([text] if found else [])
            continue
        if file in held_files:
            held = tuple(_only_reviews(tree))
        else:
            tree, found = with_environment(tree, variables, _may_lack)
            problems.extend(found)
            held = tuple(_members(tree))
        members.extend(one for one in held if isinstance(one, Member))
        problems.extend(one for one in held if isinstance(one, Problem))
    projects = [member for member in members if member.kind is PROJECT]
    if projects or not unread:
        problems.extend(_about_the_project(projects, definitions, root))
    names = (name for text in unread for name in re.findall(r"\bname:\s*[\"']?([a-z][a-z0-9_]*)", text))
    return Gathered(tuple(members), tuple(problems), frozenset(names))


def _files(definitions: Path) -> tuple[list[Path], list[OSError]]:
    """The files in a fixed order, and the folders that cannot be read; hidden files (of editors) are left out."""
    closed: list[OSError] = []
    named = (Path(folder) / name for folder, _, names in os.walk(definitions, onerror=closed.append) for name in names)
    found = (file for file in named if file.suffix in SUFFIXES and file.is_file())
    shown = (file for file in found if not any(part.startswith(".") for part in file.relative_to(definitions).parts))
    return sorted(shown), closed


def _closed(problem: OSError, root: Path) -> Problem:
    where = Path(problem.filename).relative_to(root).as_posix()
    return Problem(f"The folder {where} cannot be read: {problem.strerror}.", None, "look at its permissions")


def _unopened(problem: OSError | UnicodeDecodeError, where: str) -> Problem:
    if isinstance(problem, UnicodeDecodeError):
        return Problem(
            f"This file is not UTF-8 text (byte {problem.start}).", Place(where, 1), "save it with the encoding UTF-8"
        )
    return Problem(f"This file cannot be read: {problem.strerror}.", Place(where, 1), "look at its permissions")


def _may_lack(path: tuple[str, ...]) -> bool:
    return any(pattern.fullmatch("/".join(path)) for pattern in UNSET_IS_NONE)


def _members(tree: Written) -> Iterator[Member | Problem]:
    if not isinstance(tree, Fields):
        yield Problem(
            "A definition file begins with a key such as 'metrics:'.",
            tree.place,
            f"known keys: {listed(tuple(BY_KEY))}",
        )
        return
    for key, value in tree.entries:
        kind = BY_KEY.get(key.text)
        if kind is None:
            near = did_you_mean(key.text, BY_KEY)
            yield Problem(
                f"'{key.text}' is not something a definition file holds.",
                key.place,
                near or f"known keys: {listed(tuple(BY_KEY))}",
            )
        elif kind is PROJECT:
            yield from _project(value)
        else:
            yield from _list(kind, value)


def _only_reviews(tree: Written) -> Iterator[Member | Problem]:
    """What a file of the folder of reviews holds; definitions stand apart from what a command writes."""
    for one in _members(tree):
        if isinstance(one, Member) and one.kind is not REVIEWS:
            yield Problem(
                f"'{one.kind.key}' has no place in the folder {REVIEWS_FOLDER}/.",
                one.node.place,
                f"move it below definitions/; {REVIEWS_FOLDER}/ holds only what `kpi review` writes",
            )
        else:
            yield one


def _project(value: Written) -> Iterator[Member | Problem]:
    if isinstance(value, Fields):
        yield Member(PROJECT, value.text("name"), 1, value)
    else:
        yield Problem("'project' is a mapping of keys.", value.place, "write below it, indented: name: my_project")


def _list(kind: Kind, value: Written) -> Iterator[Member | Problem]:
    if isinstance(value, Scalar) and value.text is None:
        return
    if not isinstance(value, Items):
        yield Problem(f"'{kind.key}' is a list.", value.place, f"begin each {kind.singular} with '- '")
        return
    for number, node in enumerate(value.members, start=1):
        if not isinstance(node, Fields):
            hint = _BEGINNINGS.get(kind.key, "begin it with '- name: ...'")
            yield Problem(f"{kind.subject(None, number)} in this list is not a mapping of keys.", node.place, hint)
        else:
            yield Member(kind, _name(kind, node), number, node)


_BEGINNINGS = {
    LINKS.key: "write it like - {from: leads, to: sales, ...}",
    REVIEWS.key: "write it like - {kpi: sales, on: 2010-12-14, by: ann, decision: ...}",
}


def _name(kind: Kind, node: Fields) -> str | None:
    if kind is REVIEWS:
        kpi, on = node.text("kpi"), node.text("on")
        return review_name(kpi, _day(on)) if kpi and on else None
    if kind is not LINKS:
        return node.text("name")
    from_, to = node.text("from"), node.text("to")
    return link_name(from_, to) if from_ and to else None


def _day(text: str) -> date | str:
    """The day, however it is written; the text itself where it names none, which is told elsewhere."""
    try:
        return first_day_named(text)
    except ValueError:
        return text


def _about_the_project(projects: Sequence[Member], definitions: Path, root: Path) -> Iterator[Problem]:
    """There is exactly one `project`."""
    if not projects:
        folder = definitions.relative_to(root).as_posix()
        yield Problem(
            f"No file in {folder} has the key 'project'.",
            Place(f"{folder}/project.yaml", 1),
            "write it in project.yaml: project: {name: my_project, timezone: Europe/London, currency: GBP}",
        )
    for again in projects[1:]:
        yield Problem(
            "'project' is written more than once.",
            again.node.place,
            f"it is first at {projects[0].node.place}; keep one",
        )
