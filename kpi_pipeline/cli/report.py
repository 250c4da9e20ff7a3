"""`kpi report`: the scorecard's pages from what was published, also as Markdown and as a picture."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import polars as pl

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import console
from kpi_pipeline.errors import DataError, QueryError, StorageError, did_you_mean
from kpi_pipeline.names import TableRef
from kpi_pipeline.project import Project
from kpi_pipeline.publish import TABLES, table_named
from kpi_pipeline.publish.scorecard import (
    COMPARED,
    OF_TOTALS,
    PARAMETERS,
    Book,
    book_of,
    page_path,
    pages_of_book,
    values_compared,
    values_restated,
    values_shown,
    write_pages,
)
from kpi_pipeline.publish.scorecard.company_page import company_page, data_through
from kpi_pipeline.publish.scorecard.goal_page import goal_page, goal_picture
from kpi_pipeline.publish.scorecard.kpi_page import kpi_page, picture_of
from kpi_pipeline.publish.scorecard.markdown import company_markdown, goal_markdown, kpi_markdown, team_markdown
from kpi_pipeline.publish.scorecard.picture import png_of
from kpi_pipeline.publish.scorecard.site import INDEX
from kpi_pipeline.publish.scorecard.team_page import team_page
from kpi_pipeline.store.published import Published

FOLDER = "data/published/scorecard"
"""Where pages are written where the project names no folder."""


def report(asked: Path, name: str | None, *, open_it: bool, markdown: bool, png: Path | None) -> None:
    """Writes the pages and says, or shows, where the asked one is; or prints or draws that one only."""
    project = open_project(asked).project
    book = book_of(published_tables(project))
    kind, what = _meant(book, name) if name else ("company", "")
    if png is not None:
        _draw(book, kind, what, png)
        console().print(str(png), soft_wrap=True)
    elif markdown:
        print(_markdown(book, kind, what, project), end="")
    else:
        page = _written(project, book) / (page_path(kind, what) if what else INDEX)
        console().print(str(page), soft_wrap=True)
        if open_it and not webbrowser.open(page.resolve().as_uri()):
            console(stderr=True).print("There is no browser to open it with.")


def published_tables(project: Project) -> dict[str, pl.DataFrame]:
    """The published tables as the pages read them: of values, and of what was said before, what they show."""
    with Published.open(project.path(project.settings.publish.duckdb)) as published:
        there = set(published.fetch("SELECT table_name FROM duckdb_tables()").to_series())
        in_part = {
            "kpi_value": (values_shown(TableRef("main", "kpi_value")), PARAMETERS),
            "metric_value": (values_compared("main"), COMPARED),
            "kpi_value_history": (values_restated(TableRef("main", "kpi_value_history")), OF_TOTALS),
        }
        whole = [table.name for table in TABLES if table.name in there and table.name not in in_part]
        tables = {name: published.fetch(f'FROM "{name}"') for name in whole}
        for name, (query, parameters) in in_part.items():
            tables[name] = published.fetch(query.sql("duckdb"), parameters)
    if any(set(table_named(name).schema) - set(frame.columns) for name, frame in tables.items()):
        raise DataError(
            "The published tables are those of an earlier version, which lack columns that pages show.\n"
            "Hint: `kpi run --full` publishes them anew."
        )
    return tables


def _meant(book: Book, name: str) -> tuple[str, str]:
    """The KPI, goal or team of that name; `goal:growth` says which is meant where several have it."""
    asked, colon, rest = name.partition(":")
    kinds = {"kpi": book.kpis, "goal": book.goals, "team": book.around.teams}
    for kind, known in kinds.items():
        if (rest if colon and asked == kind else name) in known and (not colon or asked == kind):
            return kind, rest if colon else name
    every = [one for known in kinds.values() for one in known]
    raise QueryError(
        f"No KPI, goal or team named '{name}' was published.\n"
        f"Hint: {did_you_mean(name, every) or '`kpi list` shows the KPIs, `kpi list goals` the goals'}"
    )


def _written(project: Project, book: Book) -> Path:
    publish = project.settings.publish
    pages = pages_of_book(
        book,
        title=project.settings.title,
        attribution=publish.attribution,
        published=[one for one in (publish.duckdb, publish.parquet) if one],
    )
    return write_pages(pages, project.path(publish.scorecard or FOLDER)).parent


def _markdown(book: Book, kind: str, what: str, project: Project) -> str:
    match kind:
        case "kpi":
            return kpi_markdown(kpi_page(book, what))
        case "goal":
            return goal_markdown(goal_page(book, what))
        case "team":
            return team_markdown(team_page(book, what))
        case _:
            return company_markdown(company_page(book), project.settings.title, data_through(book))


def _draw(book: Book, kind: str, what: str, file: Path) -> None:
    if kind not in ("kpi", "goal"):
        raise QueryError(
            "A picture is of a KPI or a goal.\nHint: name one, such as: kpi report monthly_sales --png a.png"
        )
    svg = picture_of(book, what) if kind == "kpi" else goal_picture(book, what)
    if svg is None:
        raise QueryError(f"There is nothing to draw of '{what}' yet.\nHint: `kpi show {what}` says what there is.")
    try:
        if file.suffix == ".svg":
            file.write_text(svg, encoding="utf-8")
        else:
            file.write_bytes(png_of(svg))
    except OSError as problem:
        raise StorageError(
            f"The picture could not be written to {file}: {problem.strerror or problem}.\n"
            "Hint: look whether the folder is there and may be written to."
        ) from problem
