"""`kpi`: the command line, thin."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Runs the command line; whatever goes wrong becomes a message and an exit code, never a traceback."""
    from kpi_pipeline.cli.app import app
    from kpi_pipeline.cli.stopping import Stopping

    with Stopping() as stopping:
        try:
            app(prog_name="kpi")
        except BaseException as problem:
            if stopping.asked:
                _say("Stopped. What was published before is untouched; the next run finishes the work.")
                sys.exit(stopping.exit_code)
            if isinstance(problem, SystemExit):
                raise
            sys.exit(_told(problem))


def _told(problem: BaseException) -> int:
    """Says what went wrong and returns the exit code."""
    from kpi_pipeline.errors import InternalError, KpiError

    if os.environ.get("KPI_DEBUG"):
        import traceback

        _say("".join(traceback.format_exception(problem)))
        return problem.exit_code if isinstance(problem, KpiError) else InternalError.exit_code
    if isinstance(problem, KpiError):
        _say(str(problem))
        return problem.exit_code
    _say(
        f"kpi_pipeline itself went wrong: {type(problem).__name__}: {problem}\n"
        "Hint: nothing half-done was published. Run it again with KPI_DEBUG=1 to see where, and report that."
    )
    return InternalError.exit_code


def _say(text: str) -> None:
    from kpi_pipeline.redaction import harmless, redacted

    print(harmless(redacted(text)), file=sys.stderr)
