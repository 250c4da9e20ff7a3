"""Asset: rows that another Dagster asset made."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from kpi_pipeline.names import Noun


def _asset_key(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*", text):
        raise ValueError(f"'{text}' is not the key of an asset; write it like invoices or erp/invoices")
    return text


class AssetConnector(Noun):
    """A Dagster asset in front of the source: its value is loaded through its own IO manager, under Dagster only.

    Outside Dagster, as by `kpi run`, the source stays as it was loaded last.
    """

    type: Literal["asset"] = Field(description="the kind of connector")
    asset: Annotated[str, AfterValidator(_asset_key)] = Field(description="the asset's key, such as erp/invoices")

    @property
    def where(self) -> str:
        """The asset's key, for people."""
        return f"asset {self.asset}"
