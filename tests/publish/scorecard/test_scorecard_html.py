"""The page as a file: it stands alone, says nothing by colour only, and can be read without seeing it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import polars as pl
import pytest

from kpi_pipeline.publish.scorecard import page_of, render
from kpi_pipeline.publish.scorecard.status import STATUSES

Tables = dict[str, pl.DataFrame]
ATTRIBUTION = "Online Retail II <UCI>, CC BY 4.0"


@dataclass
class Element:
    """A tag with its attributes and the text inside it."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class Reader(HTMLParser):
    """Every element of a page, in order; complains where tags do not close."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)
    void = frozenset({"meta", "link", "br", "path", "rect", "circle", "use", "img"})

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in self.void:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def named(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def of_class(self, name: str) -> list[Element]:
        return [element for element in self.elements if name in (element.attributes.get("class") or "").split()]


@pytest.fixture(scope="module")
def html(tables: Tables) -> str:
    return render(page_of(tables, title="Giftware & Co", attribution=[ATTRIBUTION], published=["data/kpi.duckdb"]))


@pytest.fixture(scope="module")
def document(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert not reader.open, f"left open: {[element.tag for element in reader.open]}"
    return reader


def test_it_asks_nothing_of_any_server(html: str, document: Reader) -> None:
    for element in document.elements:
        for name in ("src", "href", "xlink:href", "action", "poster", "srcset", "data"):
            target = element.attributes.get(name)
            assert target is None or target.startswith("#") or target == "data:,", (element.tag, target)
    assert not document.named("script", "img", "iframe", "object", "form")
    assert "@import" not in html and "url(" not in html
    assert "default-src 'none'" in html


def test_it_is_small(html: str) -> None:
    assert len(html.encode()) < 200_000


def test_words_of_definitions_are_shown_and_never_run(html: str, document: Reader) -> None:
    assert '<script>alert("pwned")</script>' in [heading.text for heading in document.named("h3")][3]
    assert "<script" not in html and "onerror=alert(1)&gt;" in html
    assert "Channel Islands <b>" not in html
    assert "Giftware &amp; Co" in html and "Online Retail II &lt;UCI&gt;" in html


def test_every_link_leads_somewhere_and_every_name_is_used_once(document: Reader) -> None:
    names = [name for element in document.elements if (name := element.attributes.get("id"))]
    assert len(names) == len(set(names))
    for element in document.named("a", "use"):
        assert (element.attributes["href"] or "")[1:] in names
    for element in document.elements:
        assert element.attributes.get("aria-labelledby") in {None, *names}


def test_a_status_is_a_shape_and_a_word(document: Reader) -> None:
    words = {status.key: status.word for status in STATUSES}
    shown = document.of_class("status")
    assert len(shown) > 30
    for element in shown:
        key = (element.attributes["class"] or "").split()[1]
        assert element.text.strip() == words[key]
    drawn = [use.attributes["href"] for use in document.named("use")]
    assert drawn == [f"#{(element.attributes['class'] or '').split()[1]}" for element in shown]


def test_every_trend_is_told_in_words(document: Reader) -> None:
    trends = document.of_class("spark") + document.of_class("thumb")
    assert len(trends) == 26
    for trend in trends:
        assert trend.attributes["role"] == "img"
        assert re.fullmatch(
            r"Trend over 26 weeks: .+ in Week.+; lowest .+, highest .+\.", trend.attributes["aria-label"] or ""
        )


def test_drawings_without_words_are_kept_from_screen_readers(document: Reader) -> None:
    for drawing in document.named("svg"):
        assert drawing.attributes.get("aria-hidden") == "true" or drawing.attributes.get("aria-label")


def test_headings_and_landmarks_make_an_outline(document: Reader) -> None:
    levels = [int(heading.tag[1]) for heading in document.named("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert [len(document.named(tag)) for tag in ("main", "footer")] == [1, 1]
    assert document.named("html")[0].attributes["lang"] == "en"


def test_tables_name_their_columns_and_rows(document: Reader) -> None:
    for heading in document.named("th"):
        assert heading.attributes.get("scope") in {"col", "row", "rowgroup"}
    assert len(document.named("caption")) == len(document.named("table"))


def test_the_period_in_progress_is_drawn_hollow_and_said_to_be_unfinished(document: Reader) -> None:
    assert len(document.of_class("so-far")) == len(document.of_class("unfinished")) + 1, "one more in the legend"
    assert all("Unfinished: Week" in element.text for element in document.of_class("unfinished"))


def test_failed_checks_are_announced_on_top_and_warnings_more_gently(html: str, tables: Tables) -> None:
    assert "2 of 6 checks failed" in html
    warned = tables["check_result"].with_columns(severity=pl.lit("warn"))
    assert "2 of 6 checks gave a warning" in render(page_of({**tables, "check_result": warned}))
    passed = tables["check_result"].with_columns(passed=True)
    assert "All 6 checks passed" in render(page_of({**tables, "check_result": passed}))


def test_an_empty_project_has_a_page(tables: Tables) -> None:
    empty = {name: frame if name == "snapshot" else frame.clear() for name, frame in tables.items()}
    text = render(page_of(empty))
    assert "This run recorded no checks" in text and "How to read this page" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_paper(scheme: str) -> None:
    css = (files("kpi_pipeline.publish.scorecard") / "templates" / "page.css").read_text()
    palettes = re.findall(r":root \{(.+?)\}", css, re.DOTALL)
    colours = dict(re.findall(r"--(\w[\w-]*): (#[0-9a-f]{6})", palettes[("light", "dark").index(scheme)]))
    for name in ("ink", "quiet", "accent", "good", "fair", "poor"):
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
    assert contrast(colours["ink"], colours["accent-soft"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as the accessibility guidelines define it (WCAG 2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
