"""Great Expectations, imported when it is needed and kept quiet.

Importing it takes seconds, so nothing here imports it before a check is made. It draws no progress bars, sends nothing
home, and its warnings and log lines are for its own developers, not for the people who read ours.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kpi_pipeline.checks.result import LONGEST_SAMPLE


@contextmanager
def quietly() -> Iterator[Any]:
    """Great Expectations, for as long as the block lasts, without its warnings, log lines and telemetry."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logger = logging.getLogger("great_expectations")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import great_expectations

            yield great_expectations
    finally:
        logger.setLevel(before)


def ephemeral_context(gx: Any, stored: Path | None = None, styles: Path | None = None) -> Any:
    """A context that is gone after the run; validation results are kept in the folder `stored` where one is given."""
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    defaults = InMemoryStoreBackendDefaults()
    if stored:
        defaults.stores[defaults.validation_results_store_name]["store_backend"] = {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(stored),
        }
    config = DataContextConfig(
        store_backend_defaults=defaults,
        plugins_directory=str(styles) if styles else None,
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def validated(gx: Any, batch: Any, expectations: Sequence[Any], columns: Sequence[str]) -> list[Any]:
    """What became of each expectation on the batch; failing rows show these columns."""
    suite = gx.ExpectationSuite(name="checks", expectations=list(expectations))
    form = {
        "result_format": "SUMMARY",
        "partial_unexpected_count": LONGEST_SAMPLE,
        "unexpected_index_column_names": list(columns),
        "return_unexpected_index_query": False,
    }
    return list(batch.validate(suite, result_format=form).results)
