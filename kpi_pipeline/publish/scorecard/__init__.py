"""The scorecard: pages for people who own KPIs, made from the published tables."""

from kpi_pipeline.publish.scorecard.book import Book, book_of
from kpi_pipeline.publish.scorecard.site import SUMMARY, page_path, pages_of, pages_of_book
from kpi_pipeline.publish.scorecard.values_compared import COMPARED, values_compared
from kpi_pipeline.publish.scorecard.values_restated import OF_TOTALS, values_restated
from kpi_pipeline.publish.scorecard.values_shown import PARAMETERS, values_shown
from kpi_pipeline.publish.scorecard.write import write_pages, write_scorecard

__all__ = [
    "COMPARED",
    "OF_TOTALS",
    "PARAMETERS",
    "SUMMARY",
    "Book",
    "book_of",
    "page_path",
    "pages_of",
    "pages_of_book",
    "values_compared",
    "values_restated",
    "values_shown",
    "write_pages",
    "write_scorecard",
]
