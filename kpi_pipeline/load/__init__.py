"""Definition files to the project they define, with every problem at its file and line."""

from __future__ import annotations

from kpi_pipeline.load.assemble import load

__all__ = ["load"]
