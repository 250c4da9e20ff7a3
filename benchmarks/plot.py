"""A plot of bars on a logarithmic scale, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

LEFT, WIDTH, ROW, TOP, FOOT = 430, 940, 26, 46, 34
OURS, THEIRS = "#1f6f8b", "#b8bfc6"


@dataclass(frozen=True)
class Bar:
    """A contestant and its seconds."""

    label: str
    seconds: float
    ours: bool


def drawn(bars: Sequence[Bar], title: str) -> str:
    """The plot; each mark on the axis is ten times the one before."""
    low = math.floor(math.log10(min(bar.seconds for bar in bars)))
    high = math.ceil(math.log10(max(bar.seconds for bar in bars)))
    bottom = TOP + ROW * len(bars)

    def across(seconds: float) -> float:
        return LEFT + (WIDTH - LEFT - 70) * (math.log10(seconds) - low) / max(high - low, 1)

    size = f'viewBox="0 0 {WIDTH} {bottom + FOOT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{bottom + FOOT}" fill="white"/>',
        f'<text x="16" y="26" font-size="16" font-weight="600">{escape(title)}</text>',
    ]
    for power in range(low, high + 1):
        x = across(10.0**power)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}" stroke="#e3e6e9"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#555">{10.0**power:g}</text>')
    for number, bar in enumerate(bars):
        y, end = TOP + ROW * number, across(bar.seconds)
        weight = ' font-weight="600"' if bar.ours else ""
        parts.append(
            f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end"{weight}>{escape(_shortened(bar.label))}</text>'
            f'<rect x="{LEFT}" y="{y + 4}" width="{max(end - LEFT, 1):.1f}" height="{ROW - 8}" '
            f'fill="{OURS if bar.ours else THEIRS}"/>'
            f'<text x="{end + 6:.1f}" y="{y + 17}">{bar.seconds:.3g}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _shortened(label: str) -> str:
    return label if len(label) <= 62 else label[:61].rstrip() + "…"
