"""All pages of the scorecard, each by the path it has in the folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from kpi_pipeline.publish.scorecard.book import Book, book_of
from kpi_pipeline.publish.scorecard.company_page import company_page, data_through
from kpi_pipeline.publish.scorecard.evidence_index import evidence_index
from kpi_pipeline.publish.scorecard.evidence_page import evidence_page
from kpi_pipeline.publish.scorecard.findings import EVIDENCE, claim_page
from kpi_pipeline.publish.scorecard.framework_pages import FILES, framework_pages
from kpi_pipeline.publish.scorecard.goal_page import goal_page
from kpi_pipeline.publish.scorecard.kpi_page import kpi_page
from kpi_pipeline.publish.scorecard.markdown import company_markdown
from kpi_pipeline.publish.scorecard.render import Shell, render
from kpi_pipeline.publish.scorecard.team_page import team_page

INDEX, SUMMARY = "index.html", "summary.md"
BESIDE_INDEX = (*FILES.values(), EVIDENCE)
"""Pages beside the company's that are not there in every project."""
FOLDERS = ("kpi", "goal", "team", "evidence")


def pages_of(
    tables: Mapping[str, pl.DataFrame],
    *,
    title: str = "Scorecard",
    attribution: Sequence[str] = (),
    published: Sequence[str] = (),
) -> Iterator[tuple[str, str]]:
    """Every page's path and text, one after the other; the company's comes last, its summary before it.

    Args:
        tables: the published tables by name, with the columns of the contract.
        title: what the project is called.
        attribution: whose data it is, a line each, as their licences ask.
        published: where the tables lie, for those who want to query them.
    """
    book = book_of(tables)
    yield from pages_of_book(book, title=title, attribution=attribution, published=published)


def pages_of_book(
    book: Book, *, title: str, attribution: Sequence[str] = (), published: Sequence[str] = ()
) -> Iterator[tuple[str, str]]:
    """The same of tables that were read already."""
    below = Shell(title, data_through(book), root="../", attribution=tuple(attribution))
    for name in book.kpis:
        yield page_path("kpi", name), render("kpi", kpi_page(book, name), below)
    for name in book.goals:
        yield page_path("goal", name), render("goal", goal_page(book, name), below)
    for name in book.around.teams:
        yield page_path("team", name), render("team", team_page(book, name), below)
    for leader, follower in book.findings.claims:
        yield claim_page(leader, follower), render("evidence", evidence_page(book, leader, follower), below)
    top = Shell(title, data_through(book), root="", attribution=tuple(attribution))
    for page in framework_pages(book):
        yield FILES[page.kind], render("framework", page, top)
    if book.findings.claims:
        yield EVIDENCE, render("evidence_index", evidence_index(book), top)
    company = company_page(book, attribution=attribution, published=published)
    yield SUMMARY, company_markdown(company, title, data_through(book))
    yield INDEX, render("company", company, top)


def page_path(kind: str, name: str) -> str:
    """Where a page lies in the folder.

    >>> page_path("kpi", "net_sales")
    'kpi/net_sales.html'
    """
    return f"{kind}/{name}.html"
