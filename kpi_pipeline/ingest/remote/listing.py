"""Listing: the files in a store that a source's path matches."""

from __future__ import annotations

from kpi_pipeline.errors import DataError, Problem
from kpi_pipeline.ingest.remote.nouns import RemoteFile, Store
from kpi_pipeline.ingest.remote.objects import open_objects
from kpi_pipeline.ingest.remote.trouble import tried
from kpi_pipeline.project import Project
from kpi_pipeline.sources import FileConnector, Source


def find_remote(project: Project, source: Source) -> tuple[RemoteFile, ...]:
    """The files in a store that the source's path matches, sorted by name; none at all is an error."""
    connector = source.files
    kind = connector.store or ""
    place = project.place("sources", source.name, "connector", "path")
    shown = connector.where

    def listed() -> tuple[RemoteFile, ...]:
        store = _opened(connector)
        return tuple(RemoteFile(entry, store, kind, source.name, place) for entry in store.entries())

    found = tried(listed, about=f"{shown} of source '{source.name}'", place=place, kind=kind)
    if not found:
        text = f"Source '{source.name}': no file matches '{shown}'."
        hint = (
            "is the bucket or container called so? * stays within a folder, **/ looks into those below; large and "
            "small letters differ."
        )
        raise DataError(str(Problem(text, place, hint)))
    return tuple(sorted(found, key=lambda one: one.entry.name))


def _opened(connector: FileConnector) -> Store:
    if connector.store != "http":
        return open_objects(connector)
    # NOTE: what speaks HTTP takes ten milliseconds to import; runs that fetch nothing from there do without it.
    from kpi_pipeline.ingest.remote.web import WebFile

    return WebFile(connector.path)
