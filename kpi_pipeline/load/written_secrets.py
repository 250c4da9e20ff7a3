"""Passwords belong into the environment: one that stands in a definition file is in every copy of it for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kpi_pipeline.errors import Problem
from kpi_pipeline.load.gather import Gathered
from kpi_pipeline.load.tree import Fields, Scalar

PASSWORD = re.compile(r"://[^/\s:@]*:(?!\$\{)[^@\s]+@|\bpassword=(?!\$\{)[^&\s]+", re.IGNORECASE)

TOKEN = re.compile(r";token=(?!\$\{)[^;\s]+", re.IGNORECASE)


def written_passwords(gathered: Gathered) -> Iterator[Problem]:
    """A problem for each source whose `uri` holds a password as such, and each engine whose `remote` holds a token."""
    for member in gathered.members:
        connector = member.node.get("connector")
        uri = connector.get("uri") if isinstance(connector, Fields) else None
        if isinstance(uri, Scalar) and PASSWORD.search(uri.written or ""):
            yield Problem(
                f"{member.subject}: 'connector.uri' holds a password, which everybody can read who sees the file.",
                uri.place,
                'write it as uri: "${ERP_URL}" and set that variable where the pipeline runs; then change the password',
            )
        engine = member.node.get("engine")
        remote = engine.get("remote") if isinstance(engine, Fields) else None
        if isinstance(remote, Scalar) and TOKEN.search(remote.written or ""):
            yield Problem(
                f"{member.subject}: 'engine.remote' holds a token, which everybody can read who sees the file.",
                remote.place,
                'write it as remote: "${SPARK_REMOTE}" and set that variable where the pipeline runs; then change the '
                "token",
            )
