"""A schema of a PostgreSQL server, as a place where the published tables go."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import unquote

from pydantic import Field, SecretStr, field_validator

from kpi_pipeline.names import Noun

LONGEST_NAME = 63
"""Bytes that PostgreSQL keeps of a name; what is longer it would cut off without a word."""

_PART = r"[^@:/?#\s\[\]]*"
ADDRESS = re.compile(
    rf"postgres(?:ql)?://(?:(?P<user>{_PART})(?::(?P<password>{_PART}))?@)?"
    r"(?P<hosts>(?:[\w.%-]*|\[[0-9a-fA-F:.]+\])(?::\d+)?(?:,(?:[\w.%-]+|\[[0-9a-fA-F:.]+\])(?::\d+)?)*)"
    rf"(?:/(?P<database>{_PART}))?(?:\?(?P<options>[^#\s]*))?"
)
SECRET_OPTIONS = ("password", "sslpassword")
"""What stands behind the `?` of an address and is not to be shown either."""


class PostgresTarget(Noun):
    """The published tables in a schema of a PostgreSQL server, changed in one transaction. The address alone is enough.

    Where the variable of the address is not set, nothing is published there.
    """

    url: SecretStr | None = Field(
        description='the address, "${KPI_POSTGRES_URL}", never written out: postgresql://user:password@host:5432/database'
    )
    schema_: str = Field(default="kpi", alias="schema", description="the schema; it holds these tables and no others")
    reader_role: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)] | None = Field(
        default=None, description="the role that may read the tables, and nothing else in the schema; it must exist"
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: SecretStr | None) -> SecretStr | None:
        # NOTE: whatever is said of it must not hold a piece of it.
        if url is not None and not ADDRESS.fullmatch(url.get_secret_value()):
            raise ValueError(
                "the address of a PostgreSQL server looks like postgresql://user:password@host:5432/database; in name "
                "and password write %40 for @, %3A for :, %2F for / and %25 for %"
            )
        return url

    @field_validator("schema_")
    @classmethod
    def _is_a_name(cls, schema: str) -> str:
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", schema) or len(schema) > LONGEST_NAME or schema.startswith("pg_"):
            raise ValueError(
                "a schema is called by lower-case letters, digits and _, at most 63, and not pg_...; write it like kpi"
            )
        return schema

    @property
    def place(self) -> str:
        """Where it is, without the name and password to get in.

        >>> target = PostgresTarget.model_validate({"url": "postgresql://ann:s3cret@db.example.org:5432/bi"})
        >>> target.place
        'db.example.org:5432/bi, schema kpi'
        """
        found = ADDRESS.fullmatch(self.url.get_secret_value()) if self.url else None
        server = f"{found['hosts'] or 'localhost'}/{found['database'] or ''}".rstrip("/") if found else "no server"
        return f"{server}, schema {self.schema_}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may hold, the longest first."""
        found = ADDRESS.fullmatch(self.url.get_secret_value()) if self.url else None
        if not found:
            return ()
        named = [option.partition("=") for option in (found["options"] or "").split("&")]
        texts = [found["password"], *(value for name, _, value in named if name in SECRET_OPTIONS)]
        both = {form for text in texts if text for form in (text, unquote(text))}
        return tuple(sorted(both, key=len, reverse=True))


def address_alone(value: object) -> object:
    """An address is all there is to say."""
    return {"url": value} if isinstance(value, str) else value
