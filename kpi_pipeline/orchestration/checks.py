"""Checks of the definitions as asset checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from kpi_pipeline.checks import CheckBase
from kpi_pipeline.checks.naming import FROZEN, OF_EVERY_KPI, RESTATED, check_names
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.kpis import share_written
from kpi_pipeline.markdown import markdown_table, plain
from kpi_pipeline.orchestration.automation import Automation
from kpi_pipeline.orchestration.evidence import evidence_check_results, evidence_check_specs
from kpi_pipeline.orchestration.keys import key
from kpi_pipeline.orchestration.projection import projection_check_specs
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.pipeline.target_checks import checks_on_source
from kpi_pipeline.project import Project
from kpi_pipeline.publish import empty_frame, table_named
from kpi_pipeline.quality import kpi_table

SAID_ELSEWHERE = ("type", "name", "severity")

SOUND = "sound"
"""The rules that every KPI's values must keep, as one check: seven a KPI that nobody wrote would hide the others."""


def check_specs(project: Project, automation: Automation) -> tuple[dg.AssetCheckSpec, ...]:
    """One for every check of a source or model, one for each KPI, and one for each link."""
    specs = (
        *(spec for name in project.sources for spec in _specs(f"raw/{name}", checks_on_source(project, name))),
        *(spec for one in project.models.values() for spec in _specs(f"model/{one.name}", one.checks)),
        *_sound_specs(project),
        *(spec for one in project.kpis.values() for spec in _specs(f"kpi/{one.name}", one.checks)),
        *projection_check_specs(project),
        *_restated_specs(project),
    )
    found = tuple(spec._replace(automation_condition=automation.with_its_asset) for spec in specs)
    return (*found, *evidence_check_specs(project, automation))


def check_results(report: RunReport) -> Mapping[dg.AssetCheckKey, dg.AssetCheckResult]:
    """What the checks of a run found."""
    found: dict[str, list[CheckResult]] = {}
    for one in report.checks:
        found.setdefault(one.asset, []).append(one)
    results: dict[dg.AssetCheckKey, dg.AssetCheckResult] = {}
    for asset, ones in found.items():
        if rules := [one for one in ones if asset.startswith("kpi/") and one.check_name in OF_EVERY_KPI]:
            results[dg.AssetCheckKey(key(asset), SOUND)] = _sound(asset, rules)
        results |= {dg.AssetCheckKey(key(asset), one.check_name): _result(one) for one in ones if one not in rules}
    return {**results, **evidence_check_results(report)}


def _specs(asset: str, checks: Sequence[CheckBase]) -> Iterator[dg.AssetCheckSpec]:
    for name, check in zip(check_names(checks), checks, strict=True):
        blocking = check.severity != "warn"
        yield dg.AssetCheckSpec(name, asset=key(asset), description=_described(check), blocking=blocking)


def _sound_specs(project: Project) -> Iterator[dg.AssetCheckSpec]:
    checks = kpi_table("kpi", empty_frame(table_named("kpi_value")), "kpi").checks
    rules = ", ".join(name.replace("_", " ") for name in check_names(checks))
    description = f"What must hold of every KPI before anybody sees it: {rules}."
    for name in project.kpis:
        yield dg.AssetCheckSpec(SOUND, asset=key(f"kpi/{name}"), description=description, blocking=True)


def _restated_specs(project: Project) -> Iterator[dg.AssetCheckSpec]:
    for name in project.kpis:
        if limit := project.restated_above(name):
            description = f"Warns when a value of a complete period changes by more than {share_written(limit)}."
            yield dg.AssetCheckSpec(RESTATED, asset=key(f"kpi/{name}"), description=description)
        if freeze := project.freeze_of(name):
            description = f"Warns when data says something else of periods up to {freeze.day} than is published."
            yield dg.AssetCheckSpec(FROZEN, asset=key(f"kpi/{name}"), description=description)


def _described(check: CheckBase) -> str:
    """What the kind of check means, and the arguments of this one."""
    meaning = (type(check).__doc__ or "").split("\n\n")[0].strip()
    given = check.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=set(SAID_ELSEWHERE))
    arguments = ", ".join(f"{word}: {_plain(value)}" for word, value in given.items())
    return f"{meaning} ({arguments})" if arguments else meaning


def _plain(value: object) -> str:
    return " and ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _result(found: CheckResult) -> dg.AssetCheckResult:
    """What a check found: `error` is reported as ERROR, `warn` as WARN, with some of the rows that fail."""
    return dg.AssetCheckResult(
        asset_key=key(found.asset),
        check_name=found.check_name,
        passed=found.passed,
        severity=dg.AssetCheckSeverity.ERROR if found.severity == "error" else dg.AssetCheckSeverity.WARN,
        description=found.observed,
        metadata={
            "expected": found.expected,
            "observed": found.observed,
            "failing_rows": found.failing_rows,
            "checked_at": dg.MetadataValue.timestamp(found.checked_at),
            **_sample([found]),
        },
    )


def _sound(asset: str, found: Sequence[CheckResult]) -> dg.AssetCheckResult:
    """All rules on a KPI's values as one result; a table says how each fared."""
    failed = [one for one in found if not one.passed]
    rows = [
        [one.check_name, plain(one.expected), plain(one.observed), "passed" if one.passed else "failed"]
        for one in found
    ]
    broken = "; ".join(f"{one.check_name}: {one.observed}" for one in failed)
    return dg.AssetCheckResult(
        asset_key=key(asset),
        check_name=SOUND,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if any(one.blocks for one in failed) else dg.AssetCheckSeverity.WARN,
        description=broken or f"all {len(found)} rules hold",
        metadata={
            "expected": f"all {len(found)} rules hold",
            "observed": broken or f"all {len(found)} rules hold",
            "failing_rows": sum(one.failing_rows for one in failed),
            "rules": dg.MetadataValue.md(markdown_table(["rule", "expected", "observed", "result"], rows)),
            **_sample(failed),
        },
    )


def _sample(failed: Sequence[CheckResult]) -> dict[str, Any]:
    """Some of the failing rows as a table; nothing where there are none to show."""
    rows = [row for one in failed for row in one.sample]
    header = list(dict.fromkeys(column for row in rows for column in row))
    told = [[plain(row.get(column, "")) for column in header] for row in rows]
    table = markdown_table([plain(column) for column in header], told)
    return {"sample": dg.MetadataValue.md(table)} if rows else {}
