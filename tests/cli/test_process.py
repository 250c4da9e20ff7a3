"""The command as a process: what it imports to start, and what it does when nobody reads on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import Shop

ROOT = Path(__file__).parents[2]
HEAVY = ("polars", "duckdb", "dagster", "great_expectations", "pandas", "sqlglot")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "GX_ANALYTICS_ENABLED": "false"}


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]], ids=" ".join)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from kpi_pipeline.cli import main; sys.argv[0] = 'kpi'\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"heavy = set({HEAVY!r}) & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, env=ENVIRONMENT, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_reader_that_leaves_is_no_error(ran: Shop, form: str) -> None:
    """As in `kpi query ... | head -1`."""
    program = "from kpi_pipeline.cli import main; main()"
    asked = ["query", "revenue", "sales", "--grain", "day", "--by", "country", "--format", form, "-C", str(ran.root)]
    with subprocess.Popen(
        [sys.executable, "-c", program, *asked],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
    assert said == ""
    assert process.returncode in (0, 1)
