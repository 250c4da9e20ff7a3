"""The page as one HTML file that asks nothing of any server: styles and drawings are in it."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from kpi_pipeline.publish.scorecard.page import LOOSE, Page


def render(page: Page) -> str:
    """The HTML of the page; whatever a label holds is shown as text, never run."""
    return _templates().get_template("page.html.jinja").render(page=page, loose=LOOSE)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("kpi_pipeline.publish.scorecard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
