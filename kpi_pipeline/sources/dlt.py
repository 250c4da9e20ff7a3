"""dlt: anything that the data load tool reads, such as web APIs with pages."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from kpi_pipeline.names import Noun
from kpi_pipeline.sources.python import FunctionName


class DltConnector(Noun):
    """A dlt resource, or one resource of a dlt source; what dlt remembers between loads is kept in the warehouse.

    The function may be one of the project (below its folder) or of dlt itself.
    """

    type: Literal["dlt"] = Field(description="the kind of connector")
    resource: FunctionName = Field(
        description="the function that makes the resource or source, such as connectors.shop:orders or "
        "dlt.sources.rest_api:rest_api_source"
    )
    name: str | None = Field(default=None, description="which resource, where the function makes a source of several")
    arguments: dict[str, Any] = Field(default_factory=dict, description="what it is called with")

    @property
    def is_of_dlt(self) -> bool:
        """Whether the function is one of dlt's own, and not in a file of the project."""
        return self.resource.startswith("dlt.")

    @property
    def where(self) -> str:
        """The function and resource, for people."""
        return f"{self.resource}, {self.name}" if self.name else self.resource
