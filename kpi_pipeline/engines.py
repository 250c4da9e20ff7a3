"""Engines: where rows are that are not loaded into the warehouse."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from kpi_pipeline.names import Noun

_ADDRESS = re.compile(r"sc://(?P<host>\[[0-9a-fA-F:]+\]|[^\s/:;?#@]+)(?::(?P<port>\d+))?(?:/(?:;[^\s/]*)?)?")


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
        if not _ADDRESS.fullmatch(remote.get_secret_value()):
            raise ValueError("the address of Spark Connect looks like sc://host:15002 or sc://host:443/;token=...")
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
        values = (option.partition("=")[2] for option in options.split(";"))
        return tuple(sorted((one for one in values if len(one) > 4), key=len, reverse=True))
