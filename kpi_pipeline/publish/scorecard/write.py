"""The page as a file that readers see whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from kpi_pipeline.errors import StorageError
from kpi_pipeline.publish.scorecard.assemble import page_of
from kpi_pipeline.publish.scorecard.render import render


def write_scorecard(
    tables: Mapping[str, pl.DataFrame],
    folder: Path,
    *,
    title: str = "Scorecard",
    attribution: Sequence[str] = (),
    published: Sequence[str] = (),
) -> Path:
    """Write `index.html` into the folder: under another name first, then renamed over the old page."""
    html = render(page_of(tables, title=title, attribution=attribution, published=published))
    page = folder / "index.html"
    draft = folder / f".index.{os.getpid()}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text(html, encoding="utf-8", newline="\n")
            draft.replace(page)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as problem:
        raise StorageError(
            f"The scorecard could not be written to {page}: {problem.strerror or problem}.\n"
            "Hint: look at the free space and the permissions of that folder; the page that was there is untouched."
        ) from problem
    return page
