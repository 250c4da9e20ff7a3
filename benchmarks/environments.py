"""The peers' own environments, outside of this repository: their libraries never meet ours."""

from __future__ import annotations

import shutil
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

REQUIREMENTS = {
    # NOTE: a newer dbt-core fetches a binary when it is installed.
    "metricflow": ("dbt-metricflow==0.15.0", "dbt-duckdb==1.11.1", "dbt-core<1.12", "duckdb==2.0.0", "pyarrow"),
    "boring": ("boring-semantic-layer==0.3.18", "ibis-framework[duckdb]==11.0.0", "duckdb==2.0.0", "pyarrow"),
    "statsforecast": ("statsforecast==2.1.1",),
}
"""What each peer needs; the DuckDB is the same for everybody."""

DBT_PROJECT = Path(__file__).parent / "metricflow_project"


def make_environments(home: Path, names: Sequence[str] = tuple(REQUIREMENTS)) -> None:
    """Makes the environments that are not there yet, with the Python that runs this."""
    for name in names:
        folder = _environment(home, name)
        if python_of(home, name):
            print(f"{name}: there already")
            continue
        print(f"{name}: installing {', '.join(REQUIREMENTS[name])}")
        venv.create(folder, with_pip=True)
        install = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", *REQUIREMENTS[name]]
        subprocess.run([str(_python(folder)), *install], check=True)
        (folder / "made").touch()


def python_of(home: Path, name: str) -> Path | None:
    """The interpreter of a peer's environment, if it was made."""
    folder = _environment(home, name)
    return _python(folder) if (folder / "made").exists() else None


def make_dbt_project(home: Path, data: Path) -> None:
    """The dbt project of the workload, parsed and built over a copy of the facts."""
    project = data / "metricflow"
    python = python_of(home, "metricflow")
    if python is None or (project / "target" / "semantic_manifest.json").exists():
        return
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(DBT_PROJECT, project)
    database = project / "warehouse.duckdb"
    shutil.copyfile(data / "facts.duckdb", database)
    subprocess.run(
        [str(python.parent / "dbt"), "--quiet", "build", "--profiles-dir", ".", "--project-dir", "."],
        cwd=project,
        env={"BENCHMARK_DATABASE": str(database), "PATH": str(python.parent), "DO_NOT_TRACK": "1"},
        check=True,
    )


def _environment(home: Path, name: str) -> Path:
    return home / "peers" / name


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"
