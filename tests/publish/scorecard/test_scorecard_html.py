"""The page as a file: it stands alone, says nothing by colour only, and can be read without seeing it."""

from __future__ import annotations

import posixpath
import re
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import html5lib
import polars as pl
import pytest

from kpi_pipeline.publish.scorecard import pages_of
from kpi_pipeline.publish.scorecard.snapshot import TABLES_READ
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
    void = frozenset({"meta", "link", "br", "img"})

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


Pages = dict[str, str]


@pytest.fixture(scope="module")
def pages(tables: Tables) -> Pages:
    made = dict(pages_of(tables, title="Giftware & Co", attribution=[ATTRIBUTION], published=["data/kpi.duckdb"]))
    return {path: text for path, text in made.items() if path.endswith(".html")}


@pytest.fixture(scope="module")
def documents(pages: Pages) -> dict[str, Reader]:
    return {path: read(html) for path, html in pages.items()}


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert not reader.open, f"left open: {[element.tag for element in reader.open]}"
    return reader


def index_of(tables: Tables) -> str:
    return dict(pages_of(tables))["index.html"]


def test_there_is_a_page_for_the_company_and_for_each_team_goal_kpi_and_claim(pages: Pages, tables: Tables) -> None:
    wanted = {f"{kind}/{name}.html" for kind in ("kpi", "goal", "team") for name in tables[kind][kind]}
    frameworks = {"okr.html", "mbo.html", "focus.html", "balanced-scorecard.html"}
    claims = {f"evidence/{name}.net_sales.html" for name in ("new_customers", "returns_rate", "average_order")}
    assert set(pages) == {"index.html", "evidence.html", *wanted, *frameworks, *claims}
    assert list(pages)[-1] == "index.html"


def test_every_page_is_valid_html(pages: Pages) -> None:
    for path, html in pages.items():
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(html)
        assert not parser.errors, (path, parser.errors[:3])


def test_pages_ask_nothing_of_any_server(pages: Pages, documents: dict[str, Reader]) -> None:
    for path, html in pages.items():
        for element in documents[path].elements:
            for name in ("src", "xlink:href", "action", "poster", "srcset", "data", "style"):
                target = element.attributes.get(name)
                assert target is None or (name == "style" and "url" not in target), (path, element.tag, target)
            target = element.attributes.get("href")
            assert target is None or "//" not in target, (path, target)
        assert not documents[path].named("img", "iframe", "object", "form")
        assert "@import" not in html and not re.search(r"url\((?!#)", html) and "default-src 'none'" in html


def test_the_one_script_of_a_page_is_the_one_it_allows(pages: Pages) -> None:
    for html in pages.values():
        [script] = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
        allowed = b64encode(sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{allowed}';" in html


def test_pages_are_small(pages: Pages) -> None:
    assert max(len(html.encode()) for html in pages.values()) < 120_000


def test_pages_of_very_many_kpis_stay_small(tables: Tables) -> None:
    names = ("kpi", "leads_kpi", "outcome_kpi", "goal", "parent_goal")
    many = {
        name: pl.concat(frame.with_columns(pl.col(column) + f"_{copy}" for column in names if column in frame.columns)
                        for copy in range(22))
        for name, frame in tables.items()
        if {"kpi", "goal"} & set(frame.columns)
    }  # fmt: skip
    lower = pl.col("goal").str.starts_with("profit_") & (pl.col("goal") != "profit_0")
    parent = pl.when(lower).then(pl.lit("repeat_0")).otherwise("parent_goal").alias("parent_goal")
    many["goal"] = many["goal"].with_columns(parent)
    pages = {path: html for path, html in pages_of({**tables, **many}) if path.endswith(".html")}
    assert len([path for path in pages if path.startswith("kpi/")]) == 22 * 14
    assert max(len(text.encode()) for text in pages.values()) < 200_000
    assert "308 KPIs are too many for a page" in pages["index.html"]
    assert "42 goals below<" in pages["index.html"] and "and 58 more." in pages["index.html"]
    documents = {path: read(html) for path, html in pages.items()}
    listed = documents["index.html"].of_class("list")[0].text
    assert "On track" not in listed.partition("Not tied to a goal")[0]
    assert reached_from_the_company(documents) == set(pages)


def test_a_project_without_kpis_says_so(tables: Tables) -> None:
    none = {name: frame.clear() if {"kpi", "goal"} & set(frame.columns) else frame for name, frame in tables.items()}
    index = index_of({**tables, **none})
    assert "No KPI is defined yet: a metric becomes one by a goal" in index
    assert "<table" not in index and 'class="tally"' not in index


def test_a_kpi_that_nobody_reviews_says_so_in_a_sentence(documents: dict[str, Reader]) -> None:
    asked = {
        row.text.strip() for name in ("quiet", "bad") for row in documents["kpi/training_hours.html"].of_class(name)
    }
    assert "Nobody has agreed to review it." in asked
    assert "Review: every month, due 31\xa0December 2010" in [
        one.text for one in documents["kpi/net_sales.html"].named("li")
    ]


def test_landmarks_have_names_of_their_own(documents: dict[str, Reader]) -> None:
    for path, document in documents.items():
        named = {element.attributes.get("id"): element.text.strip() for element in document.elements}
        names = [
            element.attributes.get("aria-label") or named[element.attributes["aria-labelledby"]]
            for element in document.elements
            if element.tag in ("section", "nav") or element.attributes.get("role") == "region"
            if {"aria-label", "aria-labelledby"} & set(element.attributes)
        ]
        assert len(names) == len(set(names)), path


def test_words_of_definitions_are_shown_and_never_run(pages: Pages, documents: dict[str, Reader]) -> None:
    assert '<script>alert("pwned")</script>' in documents["kpi/basket_size.html"].named("h1")[0].text
    for html in pages.values():
        assert html.count("<script") == 1 and "<img" not in html
        assert "Channel Islands <b>" not in html
    assert "Giftware &amp; Co" in pages["index.html"] and "Online Retail II &lt;UCI&gt;" in pages["index.html"]


def test_every_link_leads_to_a_page_or_a_place_and_every_name_is_used_once(
    pages: Pages, documents: dict[str, Reader]
) -> None:
    names = {
        path: [name for one in doc.elements if (name := one.attributes.get("id"))] for path, doc in documents.items()
    }
    for path, document in documents.items():
        assert len(names[path]) == len(set(names[path])), path
        for element in document.named("a", "use"):
            file, _, place = (element.attributes["href"] or "").partition("#")
            found = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
            assert found in pages, (path, element.attributes["href"])
            assert not place or place in names[found], (path, element.attributes["href"])
        for element in document.elements:
            for words in ("aria-labelledby", "data-copies"):
                assert set((element.attributes.get(words) or "").split()) <= set(names[path]), path


def test_every_page_can_be_reached_from_the_company(pages: Pages, documents: dict[str, Reader]) -> None:
    assert reached_from_the_company(documents) == set(pages)


def reached_from_the_company(documents: dict[str, Reader]) -> set[str]:
    reached, waiting = {"index.html"}, ["index.html"]
    while waiting:
        path = waiting.pop()
        for element in documents[path].named("a"):
            file = (element.attributes["href"] or "").partition("#")[0]
            found = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
            if found not in reached:
                reached.add(found)
                waiting.append(found)
    return reached


def test_a_status_is_a_shape_and_a_word(documents: dict[str, Reader]) -> None:
    words = {status.key: status.word for status in STATUSES}
    for document in documents.values():
        for element in document.of_class("status"):
            key = (element.attributes["class"] or "").split()[1]
            assert element.text.strip() == words[key]
        drawn = [use.attributes["href"] for use in document.named("use")]
        assert set(drawn) <= {f"#{key}" for key in words}
        assert len(drawn) == len([mark for mark in document.of_class("mark") if mark.tag == "svg"])


def test_every_drawing_is_told_in_words_or_kept_from_screen_readers(documents: dict[str, Reader]) -> None:
    for path, document in documents.items():
        for drawing in document.named("svg"):
            told = drawing.attributes.get("aria-label") or drawing.attributes.get("aria-labelledby")
            inner = drawing.attributes.get("preserveaspectratio") == "none" and "aria-hidden" not in drawing.attributes
            assert told or inner or drawing.attributes.get("aria-hidden") == "true", path
            with_links = drawing.attributes.get("class") == "strategy-map"
            assert not told or drawing.attributes.get("role") == ("group" if with_links else "img"), path


def test_a_history_is_told_with_its_numbers(documents: dict[str, Reader], tables: Tables) -> None:
    judged = tables["kpi_value"].filter(kpi="net_sales", segment="all", is_complete=True)["status"].to_list()
    on, risk, off = (judged.count(status) for status in ("on_track", "at_risk", "off_track"))
    [told] = [one for one in documents["kpi/net_sales.html"].named("desc") if one.attributes["id"] == "drawing-desc"]
    assert told.text.startswith("Trend over 52 weeks: £")
    assert f"On track {on} times, at risk {risk} times, off track {off} times." in told.text
    assert "Wished in Week\xa050, 2010: at least £190,000." in told.text
    assert told.text.endswith("Week\xa050, 2010 is not over: £131,693 so far.")


def test_headings_and_landmarks_make_an_outline(documents: dict[str, Reader]) -> None:
    for path, document in documents.items():
        levels = [int(heading.tag[1]) for heading in document.named("h1", "h2", "h3", "h4")]
        assert levels[0] == 1 and levels.count(1) == 1, path
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels)), path
        assert [len(document.named(tag)) for tag in ("main", "footer", "nav")] == [1, 1, 1], path
        assert document.named("html")[0].attributes["lang"] == "en"
        assert document.of_class("skip")[0].attributes["href"] == "#main"


def test_tables_name_their_columns_and_rows(documents: dict[str, Reader]) -> None:
    for document in documents.values():
        for heading in document.named("th"):
            assert heading.attributes.get("scope") in {"col", "row", "rowgroup"}
        assert len(document.named("caption")) == len(document.named("table"))


def test_what_scrolls_can_be_reached_by_keyboard(documents: dict[str, Reader]) -> None:
    for document in documents.values():
        assert all(one.attributes.get("tabindex") == "0" for one in document.of_class("scroll"))


def test_the_period_in_progress_is_drawn_hollow_and_said_to_be_unfinished(documents: dict[str, Reader]) -> None:
    document = documents["kpi/net_sales.html"]
    assert len(document.of_class("so-far")) == 2, "in the drawing and in its key"
    assert "Unfinished: Week" in document.of_class("unfinished")[0].text


def test_failed_checks_are_announced_on_top_and_warnings_more_gently(pages: Pages, tables: Tables) -> None:
    assert "2 of 6 checks failed" in pages["index.html"]
    warned = tables["check_result"].with_columns(severity=pl.lit("warn"))
    assert "2 of 6 checks gave a warning" in index_of({**tables, "check_result": warned})
    passed = tables["check_result"].with_columns(passed=True)
    assert "All 6 checks passed" in index_of({**tables, "check_result": passed})


def test_an_empty_project_has_a_page(tables: Tables) -> None:
    empty = {name: frame if name == "snapshot" else frame.clear() for name, frame in tables.items()}
    text = index_of(empty)
    assert "This run recorded no checks" in text and "How to read this page" in text
    assert list(dict(pages_of(empty))) == ["summary.md", "index.html"]


def test_pages_are_made_without_the_tables_that_only_add_to_them(tables: Tables) -> None:
    few = {name: frame for name, frame in tables.items() if name in TABLES_READ}
    gone = set(dict(pages_of(tables))) - set(dict(pages_of(few)))
    assert gone == {"okr.html", "mbo.html", "focus.html", "balanced-scorecard.html"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_paper(scheme: str) -> None:
    css = (files("kpi_pipeline.publish.scorecard") / "templates" / "page.css").read_text()
    both = re.findall(r"--(\w[\w-]*): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", css)
    colours = {name: (light, dark)[("light", "dark").index(scheme)] for name, light, dark in both}
    for name in ("ink", "quiet", "accent", "good", "fair", "poor"):
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
    for name in ("accent", "quiet"):
        assert contrast(colours[name], colours["wished"]) >= 3, name
    assert contrast(colours["ink"], colours["accent-soft"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as the accessibility guidelines define it (WCAG 2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
