"""What a page of the site may show of a check: no personal value, no trace, no temporary name."""

from __future__ import annotations

from typing import Any

from kpi_pipeline.checks.result import MASK, CheckResult
from kpi_pipeline.quality import wording
from kpi_pipeline.quality.making import SEVERITIES, Made

LEFT_OUT = ("unexpected_index_query", "details", "unexpected_list", "unexpected_index_list", "unexpected_rows")
"""The query names a view that is gone by now; the rest may hold more than a sample."""


def shown(made: Made, result: CheckResult) -> list[Any]:
    """The results of a check's expectations, fit to be shown; a check that could not be made says why."""
    if made.found and result.was_made:
        return [_masked(found, made) for found in made.found]
    return [_not_made(result)]


def _masked(found: Any, made: Made) -> Any:
    hidden = made.check.personal
    seen = {name: value for name, value in found.result.items() if name not in LEFT_OUT}
    if hidden and "observed_value" in seen:
        seen["observed_value"] = MASK
    if hidden and "partial_unexpected_list" in seen:
        seen |= {"partial_unexpected_list": [MASK for _ in seen["partial_unexpected_list"]]}
        seen.pop("partial_unexpected_counts", None)
    if rows := seen.get("partial_unexpected_index_list"):
        seen["partial_unexpected_index_list"] = [wording.masked_row(row, made.personal, masked=hidden) for row in rows]
    return type(found)(
        success=found.success,
        expectation_config=found.expectation_config,
        result=seen,
        exception_info=found.exception_info,
        meta={},
    )


def _not_made(result: CheckResult) -> Any:
    """A result for the page alone; Great Expectations shows no sentence without an expectation to go with it."""
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity

    configuration = ExpectationConfiguration(
        type="expect_table_row_count_to_be_between",
        kwargs={},
        description=f"{result.expected}: {result.observed}".replace("$", "$$"),
        severity=FailureSeverity(SEVERITIES[result.severity]),
    )
    nothing_raised = {"raised_exception": False, "exception_message": None, "exception_traceback": None}
    return ExpectationValidationResult(
        success=False, expectation_config=configuration, result={}, exception_info=nothing_raised, meta={}
    )
