"""Checks made: planned ones become expectations, those that look at the same rows in one validation run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import expressions as exp

from kpi_pipeline.quality import wording
from kpi_pipeline.quality.expectations import built
from kpi_pipeline.quality.gx import validated
from kpi_pipeline.quality.plan import CannotCheck, PlannedCheck

WIDEST_SAMPLE = 12
"""How many columns of a failing row are shown, besides those that are checked."""

SEVERITIES = {"error": "critical", "warn": "warning"}

BatchOf = Callable[[exp.Select | None], Any]
"""The rows of a query, or of the whole table, as a batch of Great Expectations."""


@dataclass(frozen=True)
class Made:
    """A check and what Great Expectations found for each of its expectations, or why it found nothing."""

    asset: str
    check: PlannedCheck
    found: tuple[Any, ...]
    personal: Sequence[str]


def make_checks(
    gx: Any,
    asset: str,
    checks: Sequence[PlannedCheck],
    batch_of: BatchOf,
    *,
    columns: Sequence[str],
    personal: Sequence[str],
) -> list[Made]:
    """The checks made, those that look at the same rows together, and put back in their order."""
    by_rows: dict[str, list[PlannedCheck]] = {}
    for check in checks:
        by_rows.setdefault(check.rows.sql(dialect="duckdb") if check.rows else "", []).append(check)
    made: dict[str, Made] = {}
    for together in by_rows.values():
        for check, found in _made(gx, together, batch_of, columns[:WIDEST_SAMPLE], masked=bool(personal)):
            made[check.name] = Made(asset, check, found, personal)
    return [made[check.name] for check in checks]


def _made(
    gx: Any, checks: Sequence[PlannedCheck], batch_of: BatchOf, columns: Sequence[str], *, masked: bool
) -> Iterable[tuple[PlannedCheck, tuple[Any, ...]]]:
    """Checks that look at the same rows, each with what was found, or with the reason why it could not be made."""
    ready = {check.name: _expectations(gx, check) for check in checks if not check.unable}
    asked = [one for expectations in ready.values() if not isinstance(expectations, str) for one in expectations]
    try:
        results = validated(gx, batch_of(checks[0].rows), asked, checks[0].shown or columns) if asked else []
    except Exception as problem:  # noqa: BLE001 - whatever a guest raises is a check that could not be made
        reason = wording.why_not(str(problem), masked=masked)
        return [(replace(check, unable=check.unable or reason), ()) for check in checks]
    by_place = {tuple(result.expectation_config.meta["check"]): result for result in results}
    answers = []
    for check in checks:
        expectations = ready.get(check.name, check.unable or "")
        if isinstance(expectations, str):
            answers.append((replace(check, unable=expectations), ()))
        else:
            answers.append((check, tuple(by_place[check.name, place] for place in range(len(expectations)))))
    return answers


def _expectations(gx: Any, check: PlannedCheck) -> list[Any] | str:
    """The check's expectations, or the reason why there are none."""
    words = check.expected.replace("$", "$$") if check.rows else None
    try:
        return [
            built(
                gx,
                expected.expectation,
                expected.arguments,
                severity=SEVERITIES[check.severity],
                meta={"check": [check.name, place]},
                description=words,
            )
            for place, expected in enumerate(check.expectations)
        ]
    except CannotCheck as problem:
        return str(problem)
