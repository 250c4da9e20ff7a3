"""Nothing is computed from itself, and nobody is their own manager: every cycle is printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from kpi_pipeline.errors import Problem
from kpi_pipeline.load.kinds import BY_KEY, link_name
from kpi_pipeline.project import Project
from kpi_pipeline.teams import COMPANY

Graph = Mapping[str, tuple[str, ...]]
"""A name and the names it goes to; a cycle is a way back to where it began."""


def cycles(graph: Graph) -> Iterator[tuple[str, ...]]:
    """Cycles that share no member, each from its first name by alphabet and back to it.

    >>> list(cycles({"a": ("b",), "b": ("c",), "c": ("b",)}))
    [('b', 'c', 'b')]
    """
    left = {name: tuple(others) for name, others in graph.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as found:
            members: list[str] = list(reversed(found.args[1]))[1:]
            start = members.index(min(members))
            ordered = (*members[start:], *members[:start])
            yield (*ordered, ordered[0])
            left = {name: others for name, others in left.items() if name not in ordered}
        else:
            return


KINDS_OF_CYCLE = (
    ("models", "sql", "each reads the next", "one of them must read sources only"),
    ("metrics", "input_metrics", "each uses the next", "one of them must be computed from rows"),
    ("goals", "parent", "each serves the next", "one of them must have no parent"),
    ("teams", "parent", "each is part of the next", "one must be part of company"),
    ("people", "manager", "each reports to the next", "one of them has no manager"),
    ("kpis", "parent_kpi", "each is part of the next", "one must have no parent_kpi"),
)
"""Among which definitions a cycle is looked for, the key that leads on, what the cycle means, and the way out."""


def circular(project: Project, model_inputs: Graph) -> Iterator[Problem]:
    """A problem for each cycle among the definitions."""
    metrics = {one.name: tuple(used.name for used in one.inputs) for one in project.metrics.values()}
    goals = {one.name: (one.parent,) for one in project.goals.values() if one.parent}
    teams = {one.name: (one.parent,) for one in project.teams.values() if one.parent != COMPANY}
    managers = {one.name: (one.manager,) for one in project.people.values() if one.manager}
    parents = {one.name: (one.parent_kpi,) for one in project.kpis.values() if one.parent_kpi}
    graphs = {
        "models": model_inputs,
        "metrics": metrics,
        "goals": goals,
        "teams": teams,
        "people": managers,
        "kpis": parents,
    }
    for kind, key, meaning, hint in KINDS_OF_CYCLE:
        for cycle in cycles(graphs[kind]):
            yield Problem(
                f"The {_plural(kind)} {' -> '.join(cycle)} form a cycle: {meaning}.",
                project.place(kind, cycle[0], key),
                hint,
            )
    yield from _circular_links(project)


def _plural(kind: str) -> str:
    return {"kpis": "KPIs"}.get(kind, BY_KEY[kind].key)


def _circular_links(project: Project) -> Iterator[Problem]:
    graph: dict[str, tuple[str, ...]] = {}
    for link in project.links:
        graph[link.from_] = (*graph.get(link.from_, ()), link.to)
    for cycle in cycles(graph):
        place = project.place("links", link_name(cycle[0], cycle[1]))
        if len(set(cycle)) == 1:
            yield Problem(f"Link '{cycle[0]}' -> '{cycle[0]}' joins a KPI to itself.", place, "name the KPI it leads")
            continue
        yield Problem(
            f"The links {' -> '.join(cycle)} form a cycle: each KPI leads the next.",
            place,
            "what leads cannot follow: take one of the links away",
        )
