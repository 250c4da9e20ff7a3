"""The pages in short: as Markdown, and as a picture."""

from __future__ import annotations

import struct
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from kpi_pipeline.publish.scorecard import Book, book_of
from kpi_pipeline.publish.scorecard.company_page import company_page
from kpi_pipeline.publish.scorecard.goal_page import goal_page, goal_picture
from kpi_pipeline.publish.scorecard.kpi_page import kpi_page, picture_of
from kpi_pipeline.publish.scorecard.markdown import company_markdown, goal_markdown, kpi_markdown, team_markdown
from kpi_pipeline.publish.scorecard.picture import png_of
from kpi_pipeline.publish.scorecard.team_page import team_page

Tables = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def book(tables: Tables) -> Book:
    return book_of(tables)


def test_a_kpi_as_a_card(book: Book) -> None:
    card = kpi_markdown(kpi_page(book, "net_sales"))
    assert card.startswith("### Weekly net sales\n\nGoods sold less returns")
    assert "**£262,454** in Week\xa049, 2010 · ✓ On track, 138\xa0% attained · target at least £190,000" in card
    assert "| Week\xa049, 2010 | £262,454 | at least £190,000 | 138\xa0% | ✓ On track |" in card
    assert "Owner: Head of Sales · Team: Commercial · Review: every month, due 31\xa0December 2010" in card
    assert card.endswith("\n") and "\n\n\n" not in card


def test_a_goal_and_a_team_in_short(book: Book) -> None:
    goal = goal_markdown(goal_page(book, "profit"))
    assert "**100\xa0%** in October 2010 · ✓ On track" in goal and "| Customers who come back |" in goal
    team = team_markdown(team_page(book, "service"))
    assert "- Reopen rate: since 30\xa0September 2010 (Service Manager)" in team


def test_the_company_in_short(book: Book) -> None:
    text = company_markdown(company_page(book), "Giftware", "13 December 2010")
    assert text.startswith("## Giftware\n\nData through 13 December 2010. ✓ 5 on track · ! 4 at risk")
    assert "2 of 6 checks did not pass." in text
    assert text.count("| Weekly net sales (Week") == 1


def test_words_of_definitions_are_no_markdown(book: Book) -> None:
    card = kpi_markdown(kpi_page(book, "basket_size"))
    assert card.startswith('### \\<script\\>alert("pwned")\\</script\\>')
    lines = company_markdown(company_page(book), "Giftware", "").splitlines()
    assert {line.replace("\\|", "").count("|") for line in lines if line.startswith("|")} == {6}


def test_a_kpi_without_any_value_has_a_card_and_no_picture(book: Book) -> None:
    assert "? No data" in kpi_markdown(kpi_page(book, "lost_series"))
    assert picture_of(book, "lost_series") is None
    assert goal_picture(book, "empty") is None


def test_a_picture_is_svg_with_words_and_asks_for_nothing(book: Book) -> None:
    for svg in (picture_of(book, "net_sales"), picture_of(book, "basket_size"), goal_picture(book, "profit")):
        assert svg is not None
        root = ET.fromstring(svg)
        told = {child.tag.rpartition("}")[2]: child.text for child in root[:2]}
        assert set(told) == {"title", "desc"} and all(told.values())
        assert "href" not in svg and "url(" not in svg and "var(" not in svg


def test_a_picture_as_pixels(book: Book) -> None:
    pytest.importorskip("resvg_py")
    svg = picture_of(book, "net_sales")
    assert svg is not None
    png = png_of(svg)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (1520, 668)
