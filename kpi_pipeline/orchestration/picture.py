"""A series as a picture small enough to travel inside a run's metadata."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from jinja2 import Template

from kpi_pipeline.publish.scorecard.trend import HEIGHT, WIDTH, Trend

_SVG = Template(
    """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}" width="{{ width }}"
 height="{{ height }}">
<title>{{ trend.summary }}</title>
<g fill="none" stroke-linecap="round" stroke-linejoin="round">
{% if trend.target %}<path d="{{ trend.target }}" stroke="#9a6700" stroke-width="1.5" stroke-dasharray="4 3"/>
{% endif %}<path d="{{ trend.line }}" stroke="#3b6fb6" stroke-width="2"/>
{% if trend.pending %}<path d="{{ trend.pending }}" stroke="#3b6fb6" stroke-width="2" stroke-dasharray="2 4"/>
{% endif %}</g>
{% if trend.last %}<circle cx="{{ trend.last[0] }}" cy="{{ trend.last[1] }}" r="3.5" fill="#3b6fb6"/>{% endif %}
{% if trend.so_far %}<circle cx="{{ trend.so_far[0] }}" cy="{{ trend.so_far[1] }}" r="3.5" fill="none"
 stroke="#3b6fb6"/>{% endif %}
</svg>""",
    autoescape=True,
)


def picture(trend: Trend) -> str:
    """The drawing of a trend as a Markdown image that needs no file beside it."""
    svg = _SVG.render(trend=trend, width=f"{WIDTH:g}", height=f"{HEIGHT:g}")
    data = base64.b64encode(svg.encode()).decode()
    return f"![{trend.summary}](data:image/svg+xml;base64,{data})"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Rows as a Markdown table.

    >>> print(markdown_table(["a", "b"], [["1", "x|y"]]))
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    """
    lines = [list(header), ["---"] * len(header), *([_cell(one) for one in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
