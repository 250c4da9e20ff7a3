"""The map of causes and effects as a drawing: perspectives as bands, KPIs as boxes, links as arrows.

It is SVG to stand inside a page. Colours come from the page's variables, with a fallback for light and dark, so that it
also stands alone; whatever a colour or a dash says is said in words, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from kpi_pipeline.errors import counted
from kpi_pipeline.goals import Perspective
from kpi_pipeline.publish.scorecard.snapshot import Row
from kpi_pipeline.status import Status
from kpi_pipeline.verdict import AGAINST

BOX_WIDTH, BOX_HEIGHT = 160, 46
GAP, LEVEL_GAP = 20, 44
MARGIN, BAND_LABEL, BAND_PAD = 12, 22, 10
ASIDE = 28
LETTERS = 22
"""So many letters go into a line of a box."""
OUTSIDE = "Above the four perspectives"
TONES = {"on_track": "good", "at_risk": "fair", "off_track": "poor"}
STYLE = """
.strategy-map { --m-paper: var(--paper, #fcfbf8); --m-ink: var(--ink, #1d2125); --m-quiet: var(--quiet, #5c636a);
  --m-line: var(--line, #dcd8cf); --m-soft: var(--soft, #efece5); --m-accent: var(--accent, #1f5273);
  --m-good: var(--good, #2a6a49); --m-fair: var(--fair, #8a5a06); --m-poor: var(--poor, #a0332b);
  max-width: 100%; height: auto; font-family: var(--sans, sans-serif); }
@media screen and (prefers-color-scheme: dark) {
  .strategy-map { --m-paper: var(--paper, #15181b); --m-ink: var(--ink, #e6e4df); --m-quiet: var(--quiet, #a3a9ae);
    --m-line: var(--line, #30363b); --m-soft: var(--soft, #22272b); --m-accent: var(--accent, #8ebbd8);
    --m-good: var(--good, #7cc39b); --m-fair: var(--fair, #dcae60); --m-poor: var(--poor, #ea8f86); }
}
.strategy-map .band { fill: var(--m-soft); }
.strategy-map .side { fill: var(--m-quiet); font-size: 12px; font-weight: 600; }
.strategy-map .box { fill: var(--m-paper); stroke: var(--m-line); }
.strategy-map .name { fill: var(--m-ink); font-size: 11.5px; }
.strategy-map .mark { fill: var(--m-quiet); font-size: 12px; font-weight: 700; }
.strategy-map .good { fill: var(--m-good); } .strategy-map .fair { fill: var(--m-fair); }
.strategy-map .poor { fill: var(--m-poor); }
.strategy-map .arrow { fill: none; stroke: var(--m-accent); stroke-width: 1.3; }
.strategy-map .negative { stroke: var(--m-poor); }
.strategy-map .doubted { stroke-dasharray: 4 4; }
.strategy-map a:hover .arrow, .strategy-map a:focus-visible .arrow { stroke-width: 3; }
.strategy-map .head { fill: var(--m-accent); } .strategy-map .head.of-negative { fill: var(--m-poor); }
.strategy-map a:focus-visible .box { stroke: var(--m-accent); stroke-width: 2.5; }
"""

Point = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """Where the boxes stand (their upper left corner), the bands behind them, and how large it all is."""

    boxes: Mapping[str, Point]
    bands: tuple[tuple[str | None, float, float], ...]
    """Perspective, top and height."""
    width: float
    height: float


def strategy_map(
    nodes: Sequence[Row],
    links: Sequence[Row],
    *,
    href: str = "",
    link_href: Callable[[str, str], str] | None = None,
    ident: str = "strategy-map",
) -> str:
    """The drawing of rows of `strategy_node` and `strategy_link`; empty where there are none.

    Args:
        nodes: where each KPI stands.
        links: which KPI is said to move which.
        href: where a box leads, such as `kpi/{}.html`; without it boxes lead nowhere.
        link_href: where the arrow from one KPI to another leads, if anywhere.
        ident: a name for the drawing that is unique on its page.
    """
    if not nodes:
        return ""
    layout = layout_of(nodes)
    names = {row["kpi"]: row["label"] for row in nodes}
    drawn = [link for link in links if link["kpi"] in names and link["leads_kpi"] in names]
    width, height = f"{layout.width:g}", f"{layout.height:g}"
    role = "group" if href else "img"  # what is inside an image cannot be reached by keyboard
    opening = (
        f'<svg class="strategy-map" role="{role}" aria-labelledby="{ident}-title {ident}-desc" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" xmlns="http://www.w3.org/2000/svg">'
    )
    parts = [
        opening,
        f'<title id="{ident}-title">Map of causes and effects</title>',
        f'<desc id="{ident}-desc">{escape(in_words(nodes, drawn))}</desc>',
        f"<style>{STYLE}</style>",
        "<defs>",
        *(_head(ident, sign) for sign in ("positive", "negative")),
        "</defs>",
        *(_band(band, layout.width) for band in layout.bands),
        *(_linked(_arrow(link, layout, names, ident), link, link_href) for link in drawn),
        *(_box(row, layout.boxes[row["kpi"]], href) for row in nodes),
        "</svg>",
    ]
    return "\n".join(parts)


def in_words(nodes: Sequence[Row], links: Sequence[Row]) -> str:
    """The same for those who do not see it: how many KPIs there are, and every arrow as a sentence.

    >>> nodes = [{"kpi": "a", "label": "Skill"}, {"kpi": "b", "label": "Delay"}]
    >>> link = {"kpi": "a", "leads_kpi": "b", "lag_text": "1 month", "expected_sign": "negative", "verdict": None}
    >>> in_words(nodes, [link])
    '2 KPIs, 1 link. When Skill rises, Delay falls after 1 month (not tested).'
    """
    names = {row["kpi"]: row["label"] for row in nodes}
    said = [
        f"When {names[link['kpi']]} rises, {names[link['leads_kpi']]} "
        f"{'falls' if link['expected_sign'] == 'negative' else 'rises'} "
        f"{'after ' + link['lag_text'] if link['lag_text'] else 'in the same period'} ({_verdict(link)})."
        for link in links
    ]
    counts = f"{counted(len(nodes), 'KPI')}, {counted(len(links), 'link')}."
    return " ".join([counts, *said])


def layout_of(nodes: Sequence[Row]) -> Layout:
    """The boxes level by level from the bottom, each level in the middle; a band behind each perspective's levels."""
    levels: dict[int, list[Row]] = {}
    for row in nodes:
        levels.setdefault(row["level_number"], []).append(row)
    widest = max(map(len, levels.values()))
    width = 2 * MARGIN + widest * BOX_WIDTH + (widest - 1) * GAP
    boxes: dict[str, Point] = {}
    bands: list[tuple[str | None, float, float]] = []
    y: float = MARGIN
    for number in sorted(levels, reverse=True):
        level = sorted(levels[number], key=lambda one: int(one["place_in_level"]))
        side = level[0]["perspective"]
        if not bands or bands[-1][0] != side:
            y += MARGIN if bands else 0
            bands.append((side, y, 0))
            y += BAND_LABEL
        else:
            y += LEVEL_GAP - BAND_PAD
        first = (width - len(level) * BOX_WIDTH - (len(level) - 1) * GAP) / 2
        boxes |= {one["kpi"]: (first + at * (BOX_WIDTH + GAP), y) for at, one in enumerate(level)}
        y += BOX_HEIGHT + BAND_PAD
        bands[-1] = (side, bands[-1][1], y - bands[-1][1])
    return Layout(boxes, tuple(bands), width, y + MARGIN)


def lines_of(label: str) -> tuple[str, ...]:
    """A label in at most two lines of a box.

    >>> lines_of("Orders"), lines_of("Accessory orders for each bike sold in the year")
    (('Orders',), ('Accessory orders for', 'each bike sold in the…'))
    """
    lines = [""]
    for word in label.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= LETTERS or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    kept = [line if len(line) <= LETTERS else f"{line[: LETTERS - 1]}…" for line in lines[:2]]
    return tuple(kept) if len(lines) < 3 else (kept[0], f"{kept[1].rstrip('…,')}…")


def _head(ident: str, sign: str) -> str:
    extra = " of-negative" if sign == "negative" else ""
    return (
        f'<marker id="{ident}-{sign}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto-start-reverse"><path class="head{extra}" d="M0 0L8 4L0 8Z"/></marker>'
    )


def _band(band: tuple[str | None, float, float], width: float) -> str:
    side, top, height = band
    label = Perspective(side).label if side else OUTSIDE
    return (
        f'<rect class="band" x="0" y="{top:g}" width="{width:g}" height="{height:g}" rx="6"/>'
        f'<text class="side" x="{MARGIN}" y="{top + 15:g}">{escape(label)}</text>'
    )


def _arrow(link: Row, layout: Layout, names: Mapping[str, str], ident: str) -> str:
    """From the upper edge of the cause to the lower edge of the effect; beside or below it from side to side."""
    (x1, y1), (x2, y2) = layout.boxes[link["kpi"]], layout.boxes[link["leads_kpi"]]
    middle = BOX_WIDTH / 2
    if y1 > y2:
        start, end = (x1 + middle, y1), (x2 + middle, y2 + BOX_HEIGHT)
    elif y1 < y2:
        # NOTE: what goes down keeps to the left, so that it never lies upon what goes up between the same two.
        start, end = (x1 + middle - ASIDE, y1 + BOX_HEIGHT), (x2 + middle - ASIDE, y2)
    else:
        start, end = (x1 + middle, y1), (x2 + middle, y2)
    bend = (start[1] + end[1]) / 2 if y1 != y2 else y1 - LEVEL_GAP / 2
    bow = _bow(start, end)
    sign = "negative" if link["expected_sign"] == "negative" else "positive"
    classes = " ".join(["arrow", sign, *(["doubted"] if link["verdict"] in AGAINST else [])])
    return (
        f'<path class="{classes}" marker-end="url(#{ident}-{sign})" '
        f'd="M{start[0]:g} {start[1]:g}C{start[0] + bow:g} {bend:g} {end[0] + bow:g} {bend:g} {end[0]:g} {end[1]:g}">'
        f"<title>{escape(_said(link, names))}</title></path>"
    )


def _linked(arrow: str, link: Row, href: Callable[[str, str], str] | None) -> str:
    """The arrow, leading to the page of its claim."""
    return f'<a href="{escape(href(link["kpi"], link["leads_kpi"]))}">{arrow}</a>' if href else arrow


def _bow(start: Point, end: Point) -> float:
    """How far an arrow swings out that would else run behind the boxes between its ends: three quarters are seen."""
    passes_a_level = abs(start[1] - end[1]) > BOX_HEIGHT + LEVEL_GAP
    if not passes_a_level or abs(start[0] - end[0]) >= BOX_WIDTH / 4:
        return 0
    out = (BOX_WIDTH / 2 + GAP / 2) / 0.75
    return out if start[1] > end[1] else -out


def _box(row: Row, at: Point, href: str) -> str:
    x, y = at
    lines = lines_of(row["label"])
    status = Status(row["status"])
    text = "".join(
        f'<text class="name" x="{x + 26:g}" y="{y + BOX_HEIGHT / 2 + 4 + 14 * (number - (len(lines) - 1) / 2):g}">'
        f"{escape(line)}</text>"
        for number, line in enumerate(lines)
    )
    drawn = (
        f"<title>{escape(row['label'])}: {status.words}"
        f"{' in ' + escape(row['period_label']) if row['period_label'] else ''}</title>"
        f'<rect class="box" x="{x:g}" y="{y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="5"/>'
        f'<text class="mark {TONES.get(status, "")}" x="{x + 9:g}" y="{y + BOX_HEIGHT / 2 + 4:g}">'
        f"{status.sign}</text>{text}"
    )
    return f'<a href="{escape(href.format(row["kpi"]))}">{drawn}</a>' if href else f"<g>{drawn}</g>"


def _said(link: Row, names: Mapping[str, str]) -> str:
    sign = "raises" if link["expected_sign"] == "positive" else "lowers"
    when = f"after {link['lag_text']}" if link["lag_text"] else "in the same period"
    return f"{names[link['kpi']]} {sign} {names[link['leads_kpi']]} {when}: {link['because']} ({_verdict(link)})"


def _verdict(link: Row) -> str:
    return str(link["verdict"]).replace("_", " ") if link["verdict"] else "not tested"
