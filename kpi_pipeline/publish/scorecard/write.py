"""The pages as files that readers see whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl

from kpi_pipeline.errors import StorageError
from kpi_pipeline.files import sync_all
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
    """Write pages by their paths in the folder, all of them under other names first, then renamed over the old ones."""
    index = folder / INDEX
    drafts: dict[Path, Path] = {}
    written = set()
    try:
        for path, html in pages:
            written.add(folder / path)
            _draft(folder / path, html, drafts)
        if drafts:
            # NOTE: once for all: the disk would be waited for a hundred times if each page was synced by itself.
            sync_all()
        for page, draft in drafts.items():
            draft.replace(page)
        ours = [
            *(page for name in FOLDERS for page in (folder / name).glob("*.html")),
            *map(folder.joinpath, BESIDE_INDEX),
        ]
        for page in sorted(set(ours) - written):
            page.unlink(missing_ok=True)
    except OSError as problem:
        raise StorageError(
            f"The scorecard could not be written to {index}: {problem.strerror or problem}.\n"
            "Hint: look at the free space and the permissions of that folder; the pages that were there are untouched."
        ) from problem
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink(missing_ok=True)
    return index


def _draft(page: Path, html: str, drafts: dict[Path, Path]) -> None:
    """Writes one page under another name, where it is not there already word for word."""
    text = html.encode()
    if page.exists() and page.stat().st_size == len(text) and page.read_bytes() == text:
        return
    page.parent.mkdir(parents=True, exist_ok=True)
    drafts[page] = page.with_name(f".{page.stem}.{os.getpid()}{page.suffix}")
    drafts[page].write_bytes(text)
