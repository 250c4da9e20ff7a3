"""Spark Connect servers on loopback: Apache Spark with two worker processes, and Sail."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.cluster import servers

SETTINGS = {
    **servers.SETTINGS,
    "spark.driver.memory": "1g",
    "spark.executor.memory": "1024m",
    "spark.sql.shuffle.partitions": "2",
    # Thousands of questions about a few rows each: what makes long ones fast costs more here than it saves.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


LONG = {
    **SETTINGS,
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
}
"""For questions about many rows."""


@contextmanager
def spark(folder: Path, wanted: Mapping[str, str] = SETTINGS) -> Iterator[str]:
    """Where Spark listens; a test that needs it is skipped where there is no Java."""
    pytest.importorskip("pyspark.sql.connect.session", reason="pyspark is not installed")
    import pyspark

    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java, and there is none")
    if not (Path(pyspark.__file__).parent / "jars").is_dir():
        pytest.skip("this pyspark is the client alone")
    with servers.spark(folder, wanted) as server:
        yield server.remote


@contextmanager
def sail(folder: Path) -> Iterator[str]:
    """Where Sail listens."""
    pytest.importorskip("pysail", reason="pysail is not installed")
    with servers.sail(folder) as server:
        yield server.remote


def processes(*wanted: str) -> list[int]:
    """The processes that pgrep finds, in order of their numbers."""
    found = subprocess.run(["pgrep", *wanted], capture_output=True, text=True, check=False)
    return [int(one) for one in found.stdout.split()]
