"""What a KPI tells whom, and what is known to lead it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kpi_pipeline.errors import counted
from kpi_pipeline.evidence_words import NOT_TESTED
from kpi_pipeline.publish.scorecard.page import Reference, Role
from kpi_pipeline.publish.scorecard.snapshot import Row, readable
from kpi_pipeline.teams import COMPANY
from kpi_pipeline.verdict import Verdict

UNCLASSIFIED = "unclassified"
ORDER = ("leading", "coincident", "lagging", UNCLASSIFIED)
VERDICTS: Mapping[str, str] = {
    Verdict.CONFIRMED: "confirmed by the data",
    Verdict.WEAK: "weakly supported by the data",
    Verdict.COINCIDENT: "moves at the same time",
    Verdict.FEEDBACK: "each leads the other",
    Verdict.REVERSED: "the data say the opposite way round",
    Verdict.NOT_SUPPORTED: "not supported by the data",
    Verdict.TOO_LITTLE_DATA: "too little data to test",
}


def roles_of(indicators: Sequence[Row], teams: Mapping[str, str], kpis: Mapping[str, str]) -> tuple[Role, ...]:
    """One line for each thing said, with everybody it is said to; unclassified only where nothing else is."""
    said: dict[tuple[str, str | None], list[Row]] = {}
    for row in indicators:
        said.setdefault((row["indicator"], row["outcome_kpi"]), []).append(row)
    classified = {key: rows for key, rows in said.items() if key[0] != UNCLASSIFIED} or said
    return tuple(
        Role(indicator, _viewpoints(rows, len(indicators), teams), _reason(rows), _outcome(rows[0], kpis))
        for (indicator, _), rows in sorted(classified.items(), key=lambda item: ORDER.index(item[0][0]))
    )


def _viewpoints(rows: Sequence[Row], all_of_them: int, teams: Mapping[str, str]) -> str:
    if len(rows) == all_of_them and all_of_them > 2:
        return "everybody"
    return _together([viewpoint_title(row["viewpoint"], teams) for row in rows])


def _reason(rows: Sequence[Row]) -> str:
    """The tables' reason; in words that fit several viewpoints where there are several."""
    row = rows[0]
    if row["indicator"] == UNCLASSIFIED:
        return "neither a result that somebody answers for nor known to lead one"
    if row["outcome_kpi"] == row["kpi"]:
        return f"a result {'they answer' if len(rows) > 1 else 'it answers'} for"
    return row["reason"] or ""


def _outcome(row: Row, kpis: Mapping[str, str]) -> Reference | None:
    """The other KPI that this one speaks of."""
    outcome = row["outcome_kpi"]
    return Reference(outcome, kpis[outcome]) if outcome in kpis and outcome != row["kpi"] else None


def viewpoint_title(viewpoint: str, teams: Mapping[str, str]) -> str:
    """Who asks, in words."""
    return "the company" if viewpoint == COMPANY else teams.get(viewpoint, readable(viewpoint))


def _together(names: Sequence[str]) -> str:
    """Names as people list them.

    >>> _together(["Sales", "Finance", "Sales", "the company"])
    'Sales, Finance and the company'
    """
    once = list(dict.fromkeys(names))
    return once[0] if len(once) == 1 else f"{', '.join(once[:-1])} and {once[-1]}"


def leaders_of(kpi: str, evidence: Sequence[Row], kpis: Mapping[str, str]) -> tuple[Reference, ...]:
    """The KPIs said to lead this one, by how long, and what the data says of it."""
    return tuple(
        Reference(row["kpi"], kpis[row["kpi"]], _remark(row))
        for row in evidence
        if row["leads_kpi"] == kpi and row["kpi"] in kpis
    )


def _remark(row: Row) -> str:
    lag = row["expected_lag"] if row["measured_lag"] is None else row["measured_lag"]
    ahead = f"{counted(lag, row['grain'])} ahead" if lag else f"in the same {row['grain']}"
    return f"{ahead}, {told_of(row)}"


def told_of(row: Row) -> str:
    """What the data says of a claim, as the end of a sentence."""
    return VERDICTS.get(row["verdict"] or "", NOT_TESTED)
