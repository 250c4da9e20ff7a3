"""Engines: where rows are that are not loaded into the warehouse."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import unquote

from pydantic import Field, SecretStr, field_validator

from kpi_pipeline.names import Noun

_ADDRESS = re.compile(r"sc://(?P<host>\[[0-9a-fA-F:]+\]|[^\s/:;?#@]+)(?::(?P<port>\d+))?(?:/(?:;(?P<options>\S*))?)?")
_OPTION = re.compile(r"[a-z][a-z0-9_.-]*=[^\s=?#/;]+")


class SparkEngine(Noun):
    """A cluster that reduces rows of a lakehouse where they are, asked through Spark Connect.

    Apache Spark from 4.0 on, Databricks and Sail speak it.
    """

    type: Literal["spark"] = Field(description="the kind of engine")
    remote: SecretStr = Field(
        description='where it listens, such as "${SPARK_REMOTE}" with sc://host:15002, a token as in '
        "sc://host:443/;use_ssl=true;token=..."
    )

    @field_validator("remote")
    @classmethod
    def _is_an_address(cls, remote: SecretStr) -> SecretStr:
        # NOTE: whatever is said of it must not hold a piece of it.
        found = _ADDRESS.fullmatch(remote.get_secret_value())
        if not found or not 0 < int(found["port"] or 15002) < 65536:
            raise ValueError("the address of Spark Connect looks like sc://host:15002, or sc://host:443/;token=abc")
        options = found["options"].split(";") if found["options"] else []
        if not all(_OPTION.fullmatch(one) for one in options):
            # NOTE: what pyspark would say of these has the token in it.
            raise ValueError(
                "what follows the address of Spark Connect is written like ;use_ssl=true;token=abc, with %3D for = and "
                "%2F for / in a token"
            )
        if any(one.startswith("session_id=") for one in options):
            raise ValueError("every run has a session of its own; leave 'session_id' out")
        return remote

    @property
    def where(self) -> str:
        """Host and port, without what follows them.

        >>> SparkEngine.model_validate({"type": "spark", "remote": "sc://lake.example.org:443/;token=s3cret"}).where
        'lake.example.org:443'
        """
        found = _ADDRESS.fullmatch(self.remote.get_secret_value())
        assert found
        return f"{found['host']}:{found['port'] or 15002}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may hold: the values that follow the address."""
        _, _, options = self.remote.get_secret_value().partition(";")
        values = [option.partition("=")[2] for option in options.split(";")]
        # NOTE: pyspark sends what the %-signs stand for, so that is what a cluster may repeat.
        forms = {form for one in values for form in (one, unquote(one)) if len(form) > 4}
        return tuple(sorted(forms, key=lambda one: (-len(one), one)))
