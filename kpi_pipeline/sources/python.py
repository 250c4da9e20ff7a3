"""Python: rows that a function of the project gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from kpi_pipeline.names import Noun


def _points_to_a_function(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", text):
        raise ValueError(f"'{text}' does not name a function; write it like connectors.erp:invoices")
    return text


FunctionName = Annotated[str, AfterValidator(_points_to_a_function)]
"""A module and a function in it, such as connectors.erp:invoices."""


def file_of(root: Path, function: str) -> Path | None:
    """The file that a name such as connectors.erp:invoices leads to; None where there is none below the folder."""
    module = function.partition(":")[0]
    for path in (
        root.joinpath(*module.split(".")).with_suffix(".py"),
        root.joinpath(*module.split("."), "__init__.py"),
    ):
        if path.is_file() and path.resolve().is_relative_to(root.resolve()):
            return path
    return None


class PythonConnector(Noun):
    """A function in a file below the project's folder that returns or yields rows: it runs with the run's own rights.

    Rows are a Polars or pandas frame, Arrow data, or dicts. A function with a parameter `since` is given the newest
    cursor that is known, or None.
    """

    type: Literal["python"] = Field(description="the kind of connector")
    function: FunctionName = Field(description="such as connectors.erp:invoices, for the file connectors/erp.py")
    arguments: dict[str, Any] = Field(default_factory=dict, description="what it is called with")

    @property
    def where(self) -> str:
        """The function, for people."""
        return self.function
