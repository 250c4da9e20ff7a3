"""Spark Connect servers on loopback: Apache Spark with two worker processes, and Sail."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 120.0
"""Seconds that a server may take until it listens."""
SETTINGS = {
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    # Thousands of questions about a few rows each: what makes long ones fast costs more here than it saves.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
WORKERS = "local-cluster[2,1,1024]"


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

    home = Path(pyspark.__file__).parent
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java, and there is none")
    if not (home / "jars").is_dir():
        pytest.skip("this pyspark is the client alone")
    port = _free_port()
    settings = {**wanted, "spark.connect.grpc.binding.port": str(port), "spark.local.dir": str(folder)}
    command = [str(home / "bin" / "spark-submit"), "--master", WORKERS]
    command += [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    environment = {
        **os.environ,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder / "workers"),
    }
    with _listening(command, environment, folder, port) as remote:
        yield remote


@contextmanager
def sail(folder: Path) -> Iterator[str]:
    """Where Sail listens."""
    pytest.importorskip("pysail", reason="pysail is not installed")
    port = _free_port()
    command = [str(Path(sys.executable).with_name("sail")), "spark", "server", "--ip", "127.0.0.1", "--port", str(port)]
    with _listening(command, dict(os.environ), folder, port) as remote:
        yield remote


def processes(*wanted: str) -> list[int]:
    """The processes that pgrep finds, in order of their numbers."""
    found = subprocess.run(["pgrep", *wanted], capture_output=True, text=True, check=False)
    return [int(one) for one in found.stdout.split()]


@contextmanager
def _listening(command: list[str], environment: dict[str, str], folder: Path, port: int) -> Iterator[str]:
    log = folder / "server.log"
    with log.open("wb") as told:
        # NOTE: in a group of its own, because Spark's workers are processes of their own.
        server = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=told, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _wait(server, port, log)
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        if server.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The server does not listen: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
