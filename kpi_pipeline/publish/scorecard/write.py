"""The pages as files that readers see whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from kpi_pipeline.errors import StorageError
from kpi_pipeline.publish.scorecard.site import BESIDE_INDEX, FOLDERS, INDEX, pages_of


def write_scorecard(
    tables: Mapping[str, pl.DataFrame],
    folder: Path,
    *,
    title: str = "Scorecard",
    attribution: Sequence[str] = (),
    published: Sequence[str] = (),
) -> Path:
    """Write all pages into the folder and return the company's, `index.html`, which is written last.

    A page that is as it was stays untouched; those of what is gone (a KPI, goal, team or claim) are removed at the end.
    """
    return write_pages(pages_of(tables, title=title, attribution=attribution, published=published), folder)


def write_pages(pages: Iterable[tuple[str, str]], folder: Path) -> Path:
    """Write pages by their paths in the folder, each under another name first, then renamed over the old one."""
    index = folder / INDEX
    try:
        written = {_write(folder / path, html) for path, html in pages}
        ours = [
            *(page for name in FOLDERS for page in (folder / name).glob("*.html")),
            *map(folder.joinpath, BESIDE_INDEX),
        ]
        for page in sorted(set(ours) - written):
            page.unlink(missing_ok=True)
    except OSError as problem:
        raise StorageError(
            f"The scorecard could not be written to {index}: {problem.strerror or problem}.\n"
            "Hint: look at the free space and the permissions of that folder; the page that was there is untouched."
        ) from problem
    return index


def _write(page: Path, html: str) -> Path:
    """Writes one page, where it is not there already word for word."""
    text = html.encode()
    if page.exists() and page.stat().st_size == len(text) and page.read_bytes() == text:
        return page
    draft = page.with_name(f".{page.stem}.{os.getpid()}{page.suffix}")
    page.parent.mkdir(parents=True, exist_ok=True)
    try:
        draft.write_bytes(text)
        draft.replace(page)
    finally:
        draft.unlink(missing_ok=True)
    return page
