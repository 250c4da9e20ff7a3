"""What a KPI tells whom, and what is known to lead it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kpi_pipeline.publish.scorecard.page import Reference, Role
from kpi_pipeline.publish.scorecard.snapshot import Row, readable
from kpi_pipeline.teams import COMPANY

ORDER = ("leading", "coincident", "lagging", "unclassified")
VERDICTS = {
    "confirmed": "confirmed by the data",
    "weak": "weakly supported by the data",
    "coincident": "moves at the same time",
    "feedback": "each leads the other",
    "reversed": "the data say the opposite way round",
    "not_supported": "not supported by the data",
    "too_little_data": "too little data to test",
}


def roles_of(indicators: Sequence[Row], teams: Mapping[str, str]) -> tuple[Role, ...]:
    """One line for each thing said, with everybody it is said to; unclassified only where nothing else is."""
    said: dict[tuple[str, str], list[str]] = {}
    for row in indicators:
        said.setdefault((row["indicator"], row["reason"] or ""), []).append(viewpoint_title(row["viewpoint"], teams))
    classified = {key: viewpoints for key, viewpoints in said.items() if key[0] != "unclassified"} or said
    return tuple(
        Role(indicator, _together(viewpoints), reason)
        for (indicator, reason), viewpoints in sorted(classified.items(), key=lambda item: ORDER.index(item[0][0]))
    )


def viewpoint_title(viewpoint: str, teams: Mapping[str, str]) -> str:
    return "the company" if viewpoint == COMPANY else teams.get(viewpoint, readable(viewpoint))


def _together(names: Sequence[str]) -> str:
    """Names as people list them.

    >>> _together(["Sales", "Finance", "Sales", "the company"])
    'Sales, Finance and the company'
    """
    once = list(dict.fromkeys(names))
    return once[0] if len(once) == 1 else f"{', '.join(once[:-1])} and {once[-1]}"


def leaders_of(
    kpi: str, evidence: Sequence[Row], indicators: Sequence[Row], kpis: Mapping[str, str]
) -> tuple[Reference, ...]:
    """The KPIs said to lead this one: tested links with their verdict, then those that only the definitions claim."""
    tested = {row["kpi"]: _remark(row) for row in evidence if row["leads_kpi"] == kpi}
    claimed = {row["kpi"]: "" for row in indicators if row["outcome_kpi"] == kpi and row["indicator"] == "leading"}
    leaders = {**claimed, **tested}
    return tuple(Reference(name, kpis[name], remark) for name, remark in sorted(leaders.items()) if name in kpis)


def _remark(row: Row) -> str:
    lag = row["measured_lag"] if row["measured_lag"] is not None else row["expected_lag"]
    ahead = f"{lag:g} {row['grain']}{'' if lag == 1 else 's'} ahead" if lag else ""
    return ", ".join(part for part in (ahead, VERDICTS.get(row["verdict"] or "", "")) if part)
