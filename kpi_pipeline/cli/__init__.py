"""`kpi`: the command line, thin."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Runs the command line; whatever goes wrong becomes a message and an exit code, never a traceback."""
    from kpi_pipeline.cli.app import app
    from kpi_pipeline.errors import KpiError

    try:
        app()
    except KpiError as problem:
        if os.environ.get("KPI_DEBUG"):
            raise
        _say(str(problem))
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        _say("Stopped. What was published before is untouched; the next run finishes the work.")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as problem:
        if os.environ.get("KPI_DEBUG"):
            raise
        _say(
            f"kpi_pipeline itself went wrong: {type(problem).__name__}: {problem}\n"
            "Hint: nothing half-done was published. Run it again with KPI_DEBUG=1 to see where, and report that."
        )
        sys.exit(70)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
