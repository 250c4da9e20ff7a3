"""Everything that a run imports, imported once before processes are forked."""

import os
import warnings

os.environ |= {"GX_ANALYTICS_ENABLED": "false", "DAGSTER_DISABLE_TELEMETRY": "yes", "DO_NOT_TRACK": "1"}

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import great_expectations  # noqa: F401

    import kpi_pipeline.pipeline.run
    import kpi_pipeline.quality.dialect  # noqa: F401
    import tests.processes  # noqa: F401
