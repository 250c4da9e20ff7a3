"""A drawing small enough to travel inside a run's metadata."""

from __future__ import annotations

import base64

from kpi_pipeline.markdown import markdown_cell


def picture(svg: str, words: str) -> str:
    """A drawing as a Markdown image that needs no file beside it; `words` say what it shows."""
    data = base64.b64encode(svg.encode()).decode()
    return f"![{markdown_cell(words)}](data:image/svg+xml;base64,{data})"
