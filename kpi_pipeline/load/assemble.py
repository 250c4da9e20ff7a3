"""From a folder of definition files to the project: read, shape, resolve, check; every problem at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from kpi_pipeline.errors import DefinitionError, Place, Problem
from kpi_pipeline.links import Link
from kpi_pipeline.load.cycles import circular
from kpi_pipeline.load.fit import misfits
from kpi_pipeline.load.frameworks import unfit_frameworks
from kpi_pipeline.load.gather import Gathered, gather
from kpi_pipeline.load.kinds import LINKS, PROJECT, REVIEWS
from kpi_pipeline.load.references import unresolved
from kpi_pipeline.load.reviews import reviewed_twice
from kpi_pipeline.load.shape import to_noun
from kpi_pipeline.load.stock_metrics import unfit_stocks
from kpi_pipeline.load.tree import places_below
from kpi_pipeline.load.uniqueness import unique_former_names, unique_names, written_names
from kpi_pipeline.load.written_secrets import written_passwords
from kpi_pipeline.names import Noun
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.reviews import HeldReview

Places = Mapping[tuple[str, ...], Place]


def load(definitions: Path, *, variables: Mapping[str, str] | None = None) -> Project:
    """The project that the YAML files below a folder define, or one DefinitionError with everything that is wrong.

    Args:
        definitions: The folder; paths in it are relative to its parent, the project's root.
        variables: What `${NAME}` is replaced from; the environment of the process if not given.
    """
    definitions = definitions.resolve()
    root = definitions.parent
    gathered = gather(definitions, root, os.environ if variables is None else variables)
    project, problems = _shaped(gathered, root)
    problems = (*gathered.problems, *problems, *_contradictions(project, gathered))
    if problems:
        raise DefinitionError(in_order(problems))
    return project


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems by file, line and column, each once."""
    return tuple(
        sorted(dict.fromkeys(problems), key=lambda one: (one.place is not None, one.place or Place("", 0), one.message))
    )


def _shaped(gathered: Gathered, root: Path) -> tuple[Project, tuple[Problem, ...]]:
    """The project of all definitions that are well formed; of a name given twice, the first."""
    problems: list[Problem] = list(unique_names(gathered.members))
    said_already = {problem.place for problem in gathered.problems}
    nouns: dict[str, dict[str, Noun]] = {}
    for member in gathered.members:
        noun, found = to_noun(member.kind, member.node, member.subject)
        problems.extend(problem for problem in found if problem.place not in said_already)
        if noun is not None and member.name is not None:
            nouns.setdefault(member.kind.key, {}).setdefault(member.name, noun)
    named = cast(
        dict[str, Any], {key: value for key, value in nouns.items() if key not in (PROJECT.key, LINKS.key, REVIEWS.key)}
    )
    settings = cast(list[Settings], list(nouns.get(PROJECT.key, {}).values()))
    project = Project(
        root=root,
        settings=settings[0] if settings else Settings(name="unnamed"),
        links=tuple(cast(list[Link], list(nouns.get(LINKS.key, {}).values()))),
        reviews=tuple(cast(list[HeldReview], list(nouns.get(REVIEWS.key, {}).values()))),
        places=_places(gathered),
        **named,
    )
    return project, tuple(problems)


def _places(gathered: Gathered) -> Places:
    places: dict[tuple[str, ...], Place] = {}
    for member in gathered.members:
        if member.kind is PROJECT:
            path: tuple[str, ...] = (PROJECT.key,)
        elif member.name is not None:
            path = (member.kind.key, member.name)
        else:
            continue
        if path not in places:
            places.update(places_below(member.node, path))
    return places


def _contradictions(project: Project, gathered: Gathered) -> Iterator[Problem]:
    """What is wrong between definitions that are each well formed."""
    # NOTE: sqlglot takes a quarter of a second to import; `kpi --help` and `kpi schema` do without it.
    from kpi_pipeline.load.currency import unconverted
    from kpi_pipeline.load.event_metrics import unfit_event_metrics
    from kpi_pipeline.load.expressions import unusable_expressions
    from kpi_pipeline.load.functions import unknown_functions
    from kpi_pipeline.load.joined import unreachable_dimensions
    from kpi_pipeline.load.lakehouse import misplaced
    from kpi_pipeline.load.model_sql import models_read, unusable_models
    from kpi_pipeline.load.targets import unfit_targets
    from kpi_pipeline.load.units import mixed_units

    known = written_names(gathered.members)
    elsewhere = gathered.names_in_unread_files
    yield from unresolved(project, known, elsewhere)
    yield from unique_former_names(project)
    yield from reviewed_twice(project)
    yield from unusable_models(project, known, elsewhere)
    yield from circular(project, models_read(project))
    yield from misplaced(project)
    yield from unusable_expressions(project)
    yield from unreachable_dimensions(project)
    yield from unconverted(project)
    yield from mixed_units(project)
    yield from misfits(project)
    yield from unfit_targets(project)
    yield from unfit_frameworks(project)
    yield from unfit_event_metrics(project)
    yield from unfit_stocks(project)
    yield from unknown_functions(project)
    yield from written_passwords(gathered)
