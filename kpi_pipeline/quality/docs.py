"""The static site of Great Expectations: a page for each asset, with what was expected of it and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from kpi_pipeline.checks.result import MASK, CheckResult
from kpi_pipeline.quality import wording
from kpi_pipeline.quality.gx import ephemeral_context
from kpi_pipeline.quality.making import Made

STYLES = Path(__file__).with_name("site")
STORED = "results"
"""The folder of the site in which the results behind its pages are kept, so that other assets keep theirs."""


def write_pages(
    gx: Any, folder: Path, made: Sequence[Made], results: Sequence[CheckResult], checked_at: datetime
) -> None:
    """Writes a page for each asset checked, in place of its earlier one, and the index of all pages there are."""
    folder.mkdir(parents=True, exist_ok=True)
    context = ephemeral_context(gx, stored=(folder / STORED).resolve(), styles=STYLES)
    context.add_data_docs_site(
        site_name="kpi_pipeline",
        site_config={
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(folder.resolve()),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    store = context.validation_results_store
    pages = groupby(zip(made, results, strict=True), key=lambda pair: pair[0].asset)
    for asset, of_asset in pages:
        for earlier in store.list_keys():
            if earlier.expectation_suite_identifier.name == _suite(asset):
                store.remove_key(earlier)
        _store(store, asset, [_shown(one, result) for one, result in of_asset], checked_at)
    context.build_data_docs(site_names=["kpi_pipeline"])


def _store(store: Any, asset: str, shown: Sequence[Sequence[Any]], checked_at: datetime) -> None:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    found = [one for of_check in shown for one in of_check]
    passed = sum(one.success for one in found)
    run = RunIdentifier(run_name="latest", run_time=checked_at)
    suite = ExpectationSuiteIdentifier(name=_suite(asset))
    page = ExpectationSuiteValidationResult(
        success=passed == len(found),
        results=found,
        suite_name=_suite(asset),
        statistics={
            "evaluated_expectations": len(found),
            "successful_expectations": passed,
            "unsuccessful_expectations": len(found) - passed,
            "success_percent": 100 * passed / len(found) if found else None,
        },
        meta={"run_id": run, "validation_time": checked_at, "batch_spec": {"data_asset_name": asset}},
    )
    key = ValidationResultIdentifier(expectation_suite_identifier=suite, run_id=run, batch_identifier="rows")
    store.store_validation_results(page, key, suite)


def _suite(asset: str) -> str:
    return asset.replace("/", "_")


def _shown(made: Made, result: CheckResult) -> list[Any]:
    """The results of a check's expectations as the page may show them: masked, without traces and temporary names."""
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    if not result.observed.startswith("could not be checked"):
        return [_masked(found, made) for found in made.found]
    configuration = ExpectationConfiguration(
        type="expect_table_row_count_to_be_between",
        kwargs={},
        description=result.expected.replace("$", "$$"),
        severity="critical" if result.severity == "error" else "warning",
    )
    sentence = {"raised_exception": True, "exception_message": result.observed, "exception_traceback": ""}
    return [
        ExpectationValidationResult(
            success=False, expectation_config=configuration, result={}, exception_info=sentence, meta={}
        )
    ]


def _masked(found: Any, made: Made) -> Any:
    hidden = made.check.personal
    shown = {name: value for name, value in found.result.items() if name not in ("unexpected_index_query", "details")}
    if hidden and "observed_value" in shown:
        shown["observed_value"] = MASK
    for name in ("partial_unexpected_list", "partial_unexpected_counts"):
        if hidden and shown.get(name):
            shown[name] = [MASK] if name == "partial_unexpected_list" else []
    if rows := shown.get("partial_unexpected_index_list"):
        shown["partial_unexpected_index_list"] = [
            wording.masked_row(row, made.personal, masked=hidden) for row in rows
        ]
    masked = found.__class__(
        success=found.success,
        expectation_config=found.expectation_config,
        result=shown,
        exception_info=found.exception_info,
        meta={},
    )
    return masked
