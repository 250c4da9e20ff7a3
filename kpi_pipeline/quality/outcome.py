"""From what Great Expectations found to results for people, and to pages of its own site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kpi_pipeline.checks.result import LONGEST_SAMPLE, UNABLE, CheckResult
from kpi_pipeline.quality import wording
from kpi_pipeline.quality.docs import write_pages
from kpi_pipeline.quality.making import Made


def told(gx: Any, made: Sequence[Made], docs: Path | None) -> tuple[CheckResult, ...]:
    """The results of the checks in their order; with `docs` also as pages in that folder."""
    checked_at = datetime.now(UTC)
    results = tuple(_result(one, checked_at) for one in made)
    if docs:
        write_pages(gx, docs, made, results, checked_at)
    return results


def _result(made: Made, checked_at: datetime) -> CheckResult:
    check = made.check
    reason = check.unable or _reason(made)
    failed = [found for found in made.found if not found.success]
    rows = (row for found in failed for row in wording.sample(found, made.personal, masked=check.personal))
    return CheckResult(
        asset=made.asset,
        check_name=check.name,
        severity=check.severity,
        passed=reason is None and not failed,
        observed=f"{UNABLE}: {reason}" if reason else _observed(made),
        expected=check.expected,
        failing_rows=sum(wording.failing_rows(found) for found in made.found),
        checked_at=checked_at,
        sample=tuple(rows)[:LONGEST_SAMPLE],
    )


def _observed(made: Made) -> str:
    """What was seen, column by column where they differ."""
    seen = {
        _column(found): wording.observed(found, masked=made.check.personal, counts=made.check.counts)
        for found in made.found
    }
    if len(set(seen.values())) == 1:
        return next(iter(seen.values()))
    return "; ".join(f"'{column}': {what}" for column, what in seen.items())


def _column(found: Any) -> str:
    return str(found.expectation_config.kwargs.get("column"))


def _reason(made: Made) -> str | None:
    """Why an expectation could not be evaluated, if so."""
    problems = (message for found in made.found for message in _messages(found.exception_info))
    return next((wording.why_not(message, masked=bool(made.personal)) for message in problems), None)


def _messages(exception_info: Mapping[str, Any] | None) -> Iterable[str]:
    """The messages of an exception, which Great Expectations reports as one or by metric."""
    for told_of in [exception_info or {}, *(exception_info or {}).values()]:
        if isinstance(told_of, Mapping) and told_of.get("raised_exception"):
            yield str(told_of.get("exception_message") or "")
