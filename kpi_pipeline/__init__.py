"""KPIs people can trust: from operational data through metrics, goals and targets to tables that BI tools read.

>>> from kpi_pipeline import load_project
>>> project = load_project("definitions")  # doctest: +SKIP
>>> project.run()  # doctest: +SKIP
>>> project.query(["net_sales"], by=["country"], grain="month")  # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kpi_pipeline.version import VERSION

if TYPE_CHECKING:
    from kpi_pipeline.api import LoadedProject

__version__ = VERSION
__all__ = ["__version__", "load_project"]


def load_project(definitions: str | Path = "definitions") -> LoadedProject:
    """The project whose definitions lie in a folder, ready to be run and asked.

    Raises:
        DefinitionError: something in the definitions is wrong; it lists every problem with its file and line.
    """
    from kpi_pipeline.api import LoadedProject

    return LoadedProject.load(Path(definitions))
