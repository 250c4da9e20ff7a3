"""Clusters on this machine, as fast as they are: Sail, and Apache Spark with two workers of one core."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PATIENCE = 120.0
"""Seconds that a server may take until it listens."""
SETTINGS = {
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.executor.memory": "4096m",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.adaptive.enabled": "true",
    "spark.ui.enabled": "false",
}


@dataclass(frozen=True)
class Server:
    """Where a cluster listens, and its first process."""

    remote: str
    pid: int


@contextmanager
def spark(folder: Path, wanted: Mapping[str, str] = SETTINGS) -> Iterator[Server]:
    """Apache Spark with two workers, of which pyspark brings the jars; it needs Java."""
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise RuntimeError("pyspark is not installed: pip install 'pyspark[connect]'")
    home, port = Path(found.origin).parent, _free_port()
    settings = {**wanted, "spark.connect.grpc.binding.port": str(port), "spark.local.dir": str(folder)}
    worker_mb = wanted["spark.executor.memory"].removesuffix("m")
    command = [str(home / "bin" / "spark-submit"), "--master", f"local-cluster[2,1,{worker_mb}]"]
    command += [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    environment = {
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder / "workers"),
    }
    with _listening(command, environment, folder, port) as server:
        yield server


@contextmanager
def sail(folder: Path) -> Iterator[Server]:
    """Sail: Spark Connect over DataFusion, one process."""
    port = _free_port()
    command = [str(Path(sys.executable).with_name("sail")), "spark", "server", "--ip", "127.0.0.1", "--port", str(port)]
    with _listening(command, {}, folder, port) as server:
        yield server


STARTS = {"sail": sail, "spark": spark}


@contextmanager
def _listening(command: list[str], environment: dict[str, str], folder: Path, port: int) -> Iterator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    with log.open("wb") as told:
        # NOTE: in a group of its own, because Spark's workers are processes of their own.
        process = subprocess.Popen(
            command,
            env=os.environ | environment,
            cwd=folder,
            stdout=told,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, port, log)
            yield Server(f"sc://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < PATIENCE:
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
