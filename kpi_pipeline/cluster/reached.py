"""What to say where a cluster cannot be reached, went away, or does not let us in."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from grpc import StatusCode
from pyspark.errors import PySparkException
from pyspark.errors.exceptions.connect import SparkConnectGrpcException
from pyspark.sql.connect.client.retries import DefaultPolicy

from kpi_pipeline.engines import SparkEngine
from kpi_pipeline.errors import DataError
from kpi_pipeline.redaction import redacted, without

PATIENT = DefaultPolicy(max_retries=6, max_backoff=10_000)
"""Asks for about 25 seconds before a cluster counts as lost; pyspark itself would ask for ten minutes."""
_GONE = (StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED)
_SHUT = (StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED)
_NEW_SESSION = "INVALID_HANDLE.SESSION"
"""What a server says that was started again meanwhile."""


@contextmanager
def reached(engine: SparkEngine) -> Iterator[None]:
    """Says it plainly where the cluster does not answer; what it says of a statement goes on as it is.

    Raises:
        DataError: it cannot be reached, went away, or does not let us in.
    """
    try:
        with warnings.catch_warnings():
            # NOTE: pyspark warns when it gives up; that is what we say below.
            warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")
            yield
    except PySparkException as problem:
        code = problem.getGrpcStatusCode() if isinstance(problem, SparkConnectGrpcException) else None
        text = str(problem)
        if code in _GONE or _NEW_SESSION in text:
            raise DataError(
                f"The cluster at {engine.where} cannot be reached, or went away while it was asked.\n"
                "Hint: readers see what they saw. Is it running, and does `remote` of the engine name it? With a token "
                "it is spoken to over TLS. Once it is there, `kpi run` goes on where it stopped."
            ) from None
        if code in _SHUT:
            said = redacted(without(text.splitlines()[0], engine.secrets))
            raise DataError(
                f"The cluster at {engine.where} does not let us in: {said}\n"
                "Hint: is the token in `remote` (;token=...) still valid, and may it read these tables?"
            ) from None
        raise
