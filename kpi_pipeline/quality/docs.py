"""The static site of Great Expectations: a page for each asset, with what was expected of it and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.errors import StorageError
from kpi_pipeline.quality.gx import ephemeral_context
from kpi_pipeline.quality.making import Made
from kpi_pipeline.quality.shown import shown

STYLES = Path(__file__).with_name("site")
VIEWS = {"module_name": "kpi_pipeline.quality.site_views"}
STORED = "results"
"""The folder of the site in which the results behind its pages are kept, so that other assets keep theirs."""


def write_pages(
    gx: Any, folder: Path, made: Sequence[Made], results: Sequence[CheckResult], checked_at: datetime
) -> None:
    """Writes a page for each asset checked, in place of its earlier one, and the index of all pages there are."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(gx, folder, made, results, checked_at)
    except OSError as problem:
        raise StorageError(
            f"The pages of the checks cannot be written to {folder}: {problem.strerror or problem}.\n"
            "Hint: is the disk full, or the folder read-only?"
        ) from problem


def _write(gx: Any, folder: Path, made: Sequence[Made], results: Sequence[CheckResult], checked_at: datetime) -> None:
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
            "site_index_builder": {
                "class_name": "DefaultSiteIndexBuilder",
                "view": VIEWS | {"class_name": "IndexPage"},
            },
            "site_section_builders": {
                "expectations": "None",
                "profiling": "None",
                "validations": {"view": VIEWS | {"class_name": "AssetPage"}},
            },
        },
    )
    store = context.validation_results_store
    by_asset = groupby(zip(made, results, strict=True), key=lambda pair: pair[0].asset)
    checks = {asset: [shown(one, result) for one, result in pairs] for asset, pairs in by_asset}
    suites = {_suite(asset) for asset in checks}
    for earlier in store.list_keys():
        if earlier.expectation_suite_identifier.name in suites:
            store.remove_key(earlier)
    stored = [_store(store, asset, found, checked_at) for asset, found in checks.items()]
    # NOTE: only the pages of these assets; all of them, again for each asset, took more than half of all checking.
    context.build_data_docs(site_names=["kpi_pipeline"], resource_identifiers=stored)


def _store(store: Any, asset: str, checks: Sequence[Sequence[Any]], checked_at: datetime) -> Any:
    """Keeps what was found of an asset, and gives the key it is kept under."""
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    found = [one for of_check in checks for one in of_check]
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
    return key


def _suite(asset: str) -> str:
    return asset.replace("/", "_")
