"""Names are unique within their kind, and none is one that the project needs for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kpi_pipeline.errors import Place, Problem
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.load.gather import Member
from kpi_pipeline.load.kinds import LINKS, PROJECT, REVIEWS
from kpi_pipeline.project import Project

PUBLISHED_TABLES = frozenset({
    "snapshot", "kpi", "goal", "kpi_goal", "team", "person", "review", "metric", "calendar", "calendar_period",
    "segment", "kpi_refused", "kpi_value", "metric_value", "goal_score", "okr_objective", "okr_key_result",
    "mbo_agreement", "team_focus", "balanced_scorecard", "perspective_score", "strategy_node", "strategy_link",
    "kpi_indicator", "kpi_evidence", "kpi_evidence_lag", "kpi_evidence_window", "kpi_evidence_history",
    "kpi_value_history", "kpi_driver", "kpi_projection",
    "check_result", "lint_result", "lineage", "source_status", "run", "run_stage", "scorecard", "kpi_latest",
    "kpi_wide", "kpi_as_of",
})  # fmt: skip
"""The tables and views of the contract with BI tools; a model or KPI of that name would shadow them there."""

PUBLISHED_KINDS = frozenset({"models", "kpis"})


def unique_names(members: Iterable[Member]) -> Iterator[Problem]:
    """A problem for each name given twice, with both places, and for each reserved one."""
    first: dict[tuple[str, str], Place] = {}
    for member in members:
        if member.name is None or member.kind is PROJECT:
            continue
        name = member.node.get("name")
        place = name.place if name else member.node.place
        earlier = first.setdefault((member.kind.key, member.name), place)
        if earlier is not place:
            way_out = "keep one" if member.kind in (LINKS, REVIEWS) else "rename one of the two"
            yield Problem(f"{member.subject} is defined twice.", place, f"it is first at {earlier}; {way_out}")
        if member.kind.key in PUBLISHED_KINDS and member.name in PUBLISHED_TABLES:
            yield Problem(
                f"{member.subject} bears the name of a published table.",
                place,
                f"call it something else, such as '{member.name}_of_ours'",
            )


def unique_former_names(project: Project) -> Iterator[Problem]:
    """Each earlier name of a KPI leads to one KPI only, or its history would have two heirs."""
    heirs: dict[str, Kpi] = {}
    for kpi in project.kpis.values():
        for number, name in enumerate(kpi.formerly):
            place = project.place("kpis", kpi.name, "formerly", str(number))
            other = project.kpis.get(name) or heirs.get(name)
            if other:
                yield Problem(
                    f"KPI '{kpi.name}' was formerly '{name}', and so is or was KPI '{other.name}'.",
                    place,
                    f"'{other.name}' is at {project.place('kpis', other.name)}; an earlier name belongs to one KPI",
                )
            heirs.setdefault(name, kpi)


def written_names(members: Iterable[Member]) -> Mapping[str, frozenset[str]]:
    """All names a kind has in the files, of valid members and of broken ones."""
    names: dict[str, set[str]] = {}
    for member in members:
        if member.name is not None:
            names.setdefault(member.kind.key, set()).add(member.name)
    return {kind: frozenset(found) for kind, found in names.items()}
