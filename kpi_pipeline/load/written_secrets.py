"""Passwords belong into the environment: one that stands in a definition file is in every copy of it for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kpi_pipeline.errors import Problem
from kpi_pipeline.load.gather import Gathered
from kpi_pipeline.load.tree import Fields, Scalar

PASSWORD = re.compile(r"://[^/\s:@]*:(?!\$\{)[^@\s]+@|\bpassword=(?!\$\{)[^&\s]+", re.IGNORECASE)

TOKEN = re.compile(r";token=(?!\$\{)[^;\s]+", re.IGNORECASE)

_SECRETS = (
    ("connector", "uri", PASSWORD, "password", "ERP_URL"),
    ("engine", "remote", TOKEN, "token", "SPARK_REMOTE"),
)
"""Where secrets may be written: the key within which, what it would look like, its name, and a variable for it."""


def written_passwords(gathered: Gathered) -> Iterator[Problem]:
    """A problem for each source whose `uri` holds a password as such, and each engine whose `remote` holds a token."""
    for member in gathered.members:
        for group, key, secret, what, variable in _SECRETS:
            within = member.node.get(group)
            written = within.get(key) if isinstance(within, Fields) else None
            if isinstance(written, Scalar) and secret.search(written.written or ""):
                yield Problem(
                    f"{member.subject}: '{group}.{key}' holds a {what}, which everybody can read who sees the file.",
                    written.place,
                    f'write it as {key}: "${{{variable}}}" and set that variable where the pipeline runs; then change '
                    f"the {what}",
                )
