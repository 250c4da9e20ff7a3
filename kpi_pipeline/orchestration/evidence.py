"""The evidence on links as an asset, and each link as a check that warns where the data speaks against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from kpi_pipeline.evidence.inputs import PROTOCOL_VERSION
from kpi_pipeline.markdown import markdown_table
from kpi_pipeline.orchestration.automation import Automation
from kpi_pipeline.orchestration.keys import EVIDENCE, key
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.plan import fingerprint
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.verdict import AGAINST

NUMBERS = ("measured_lag", "correlation", "p_value", "p_adjusted", "granger_p", "reverse_p", "skill", "periods")


def evidence_spec(project: Project) -> Iterator[dg.AssetSpec]:
    """The asset; a project without links has none."""
    if not project.links:
        return
    claims = [link.model_dump_json(by_alias=True, exclude={"because", "team", "ignore"}) for link in project.links]
    yield dg.AssetSpec(
        key(EVIDENCE),
        deps=[key(f"kpi/{name}") for name in linked(project)],
        description="What the data says of every link: whether one KPI leads the other, by how long, and how well.",
        metadata={"dagster/table_name": "kpi_evidence"},
        group_name="indicators",
        kinds={"python"},
        code_version=fingerprint(PROTOCOL_VERSION, claims),
    )


def linked(project: Project) -> tuple[str, ...]:
    """The KPIs that some link joins or holds constant."""
    return tuple(dict.fromkeys(name for link in project.links for name in (link.from_, link.to, *link.control)))


def evidence_check_specs(project: Project, automation: Automation) -> Iterator[dg.AssetCheckSpec]:
    """A check for each link."""
    for link in project.links:
        yield dg.AssetCheckSpec(
            check_name(link.from_, link.to),
            asset=key(EVIDENCE),
            description=f"{project.kpis[link.from_].title} leads {project.kpis[link.to].title} "
            f"({link.lag or 'same period'}, {link.sign}): {link.because}",
            automation_condition=automation.with_its_asset,
        )


def check_name(leader: str, follower: str) -> str:
    """What the check of a link is called."""
    return f"{leader}_leads_{follower}"


def evidence_check_results(report: RunReport) -> Mapping[dg.AssetCheckKey, dg.AssetCheckResult]:
    """What the data says of each link as a whole; one that was not tested yet has no result."""
    return {
        dg.AssetCheckKey(key(EVIDENCE), check_name(row["kpi"], row["leads_kpi"])): _result(row)
        for row in _totals(report)
        if row["verdict"]
    }


def evidence_metadata(report: RunReport) -> Mapping[str, Any]:
    """How many links have which verdict, and all of them in a table."""
    rows = _totals(report)
    counts = Counter(row["verdict"] or "not_tested" for row in rows)
    table = markdown_table(
        ["leads", "follows", "claimed", "verdict", "measured", "skill", "in words"],
        [
            [
                row["kpi"],
                row["leads_kpi"],
                f"{row['expected_lag']} {row['grain']}",
                (row["verdict"] or "not tested").replace("_", " "),
                "" if row["measured_lag"] is None else f"{row['measured_lag']} {row['grain']}",
                "" if row["skill"] is None else f"{row['skill']:.0%}",
                row["reason"] or "",
            ]
            for row in rows
        ],
    )
    return {
        "dagster/row_count": report.evidence.height,
        **{f"links_{verdict}": count for verdict, count in sorted(counts.items())},
        "links": dg.MetadataValue.md(table),
    }


def _totals(report: RunReport) -> list[dict[str, Any]]:
    """The rows that are of no segment."""
    return [row for row in report.evidence.iter_rows(named=True) if row["segment"] == TOTAL]


def _result(row: Mapping[str, Any]) -> dg.AssetCheckResult:
    numbers = {name: row[name] for name in NUMBERS if row[name] is not None}
    return dg.AssetCheckResult(
        asset_key=key(EVIDENCE),
        check_name=check_name(row["kpi"], row["leads_kpi"]),
        passed=row["verdict"] not in AGAINST,
        severity=dg.AssetCheckSeverity.WARN,
        description=row["reason"],
        metadata={"verdict": row["verdict"], "tested_at": dg.MetadataValue.timestamp(row["tested_at"]), **numbers},
    )
