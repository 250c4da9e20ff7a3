"""Checks of the definitions as asset checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from kpi_pipeline.checks import CheckBase
from kpi_pipeline.checks.naming import check_names
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.orchestration.keys import key
from kpi_pipeline.orchestration.picture import markdown_table
from kpi_pipeline.project import Project
from kpi_pipeline.publish import empty_frame, table_named
from kpi_pipeline.quality import kpi_table

SAID_ELSEWHERE = ("type", "name", "severity")


def check_specs(project: Project) -> tuple[dg.AssetCheckSpec, ...]:
    """One for every check of a source or model, and for those that every KPI must pass."""
    values = empty_frame(table_named("kpi_value"))
    return (
        *(spec for one in project.sources.values() for spec in _specs(f"raw/{one.name}", one.checks)),
        *(spec for one in project.models.values() for spec in _specs(f"model/{one.name}", one.checks)),
        *(
            spec
            for name in project.kpis
            for spec in _specs(f"kpi/{name}", kpi_table(f"kpi/{name}", values, name).checks)
        ),
    )


def _specs(asset: str, checks: Sequence[CheckBase]) -> Iterator[dg.AssetCheckSpec]:
    for name, check in zip(check_names(checks), checks, strict=True):
        yield dg.AssetCheckSpec(
            name, asset=key(asset), description=_described(check), blocking=check.severity == "error"
        )


def _described(check: CheckBase) -> str:
    """What the kind of check means, and the arguments of this one."""
    meaning = (type(check).__doc__ or "").split("\n\n")[0].strip()
    given = check.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=set(SAID_ELSEWHERE))
    arguments = ", ".join(f"{word}: {_plain(value)}" for word, value in given.items())
    return f"{meaning} ({arguments})" if arguments else meaning


def _plain(value: object) -> str:
    return " and ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def check_result(found: CheckResult) -> dg.AssetCheckResult:
    """What a check found: `error` is reported as ERROR, `warn` as WARN, with some of the rows that fail."""
    metadata: dict[str, Any] = {
        "expected": found.expected,
        "observed": found.observed,
        "failing_rows": found.failing_rows,
        "checked_at": dg.MetadataValue.timestamp(found.checked_at),
    }
    if found.sample:
        metadata["sample"] = dg.MetadataValue.md(_sample(found))
    return dg.AssetCheckResult(
        asset_key=key(found.asset),
        check_name=found.check_name,
        passed=found.passed,
        severity=dg.AssetCheckSeverity.ERROR if found.severity == "error" else dg.AssetCheckSeverity.WARN,
        description=found.observed,
        metadata=metadata,
    )


def _sample(found: CheckResult) -> str:
    header = list(dict.fromkeys(column for row in found.sample for column in row))
    return markdown_table(header, [[row.get(column, "") for column in header] for row in found.sample])
