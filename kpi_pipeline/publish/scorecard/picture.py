"""The drawing of a history on its own, with its colours in it: for chats, mails and the metadata of a run."""

from __future__ import annotations

from kpi_pipeline.errors import DataError
from kpi_pipeline.publish.scorecard.chart import Chart
from kpi_pipeline.publish.scorecard.render import template

WIDTH = 760.0
HEAD, FOOT, MARGIN = 62.0, 8.0, 16.0
A_LETTER = 7.0
"""How wide a letter of the scale is, at most."""
INK = {
    "paper": "#ffffff", "ink": "#1d2125", "quiet": "#5c636a", "line": "#dcd8cf", "accent": "#1f5273",
    "wished": "#e4ece4", "on_track": "#2a6a49", "at_risk": "#8a5a06", "off_track": "#a0332b",
}  # fmt: skip
"""The light colours of the pages; a picture is looked at on any ground, so it brings its own."""


def room_for(widest: str) -> float:
    """How wide the drawing itself is beside a scale of that text."""
    return WIDTH - _gutter(widest) - MARGIN


def svg_of(chart: Chart, title: str, words: str) -> str:
    """A drawing that was made `room_for` its scale, below a title and a line of words, as an SVG file."""
    return template("picture.svg.jinja").render(
        chart=chart,
        title=title,
        words=words,
        ink=INK,
        width=chart.width + _gutter(chart.widest) + MARGIN,
        height=HEAD + chart.height + FOOT,
        gutter=_gutter(chart.widest),
    )


def png_of(svg: str, *, zoom: int = 2) -> bytes:
    """The same as pixels, for those who do not show SVG."""
    try:
        from resvg_py import svg_to_bytes
    except ModuleNotFoundError:
        raise DataError(
            "Pictures as PNG need a library that is not installed.\nHint: pip install 'kpi_pipeline[pictures]'."
        ) from None
    return bytes(svg_to_bytes(svg_string=svg, zoom=zoom))


def _gutter(widest: str) -> float:
    return MARGIN + len(widest) * A_LETTER + 8
