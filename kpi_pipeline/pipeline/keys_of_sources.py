"""Which sources the checks of others look in: they are loaded, too, and first, so that there are rows to look in."""

from __future__ import annotations

from collections.abc import Iterable

from kpi_pipeline.project import Project


def with_those_pointed_to(project: Project, names: Iterable[str]) -> tuple[str, ...]:
    """The sources and those that their checks compare them with, each after the ones it is compared with.

    Where two point to each other, the one that is named later comes first.
    """
    ordered: dict[str, None] = {}
    seen: set[str] = set()

    def put(name: str) -> None:
        if name in seen or name not in project.sources:
            return
        seen.add(name)
        for check in project.sources[name].checks:
            if check.looks_in:
                put(check.looks_in)
        ordered[name] = None

    for name in names:
        put(name)
    return tuple(ordered)
