"""The pages as files that readers see whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl

from kpi_pipeline.errors import StorageError
from kpi_pipeline.files import building, clear_leftovers, remove, sync_all
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
    """Write pages by their paths in the folder, all of them elsewhere first, then renamed over the old ones."""
    index, built = folder / INDEX, building(folder / "pages")
    drafts: dict[Path, Path] = {}
    written = set()
    try:
        clear_leftovers(folder / "pages")
        for path, html in pages:
            page, text = folder / path, html.encode()
            written.add(page)
            if not _is_there(page, text):
                drafts[page] = _draft(built / path, text)
        if drafts:
            # NOTE: once for all: the disk would be waited for a hundred times if each page was synced by itself.
            sync_all()
        for page, draft in drafts.items():
            page.parent.mkdir(parents=True, exist_ok=True)
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
        with suppress(OSError):
            remove(built)
    return index


def _is_there(page: Path, text: bytes) -> bool:
    """Whether the page is as it is to be, word for word."""
    return page.exists() and page.stat().st_size == len(text) and page.read_bytes() == text


def _draft(path: Path, text: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    return path
