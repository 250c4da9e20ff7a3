"""Assets in front of the project: their values, had through their own IO managers, are the rows of sources."""

from __future__ import annotations

import dagster as dg
from dagster._check import CheckError
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest import Handed, HandedBy
from kpi_pipeline.project import Project
from kpi_pipeline.sources import AssetConnector


def values_of_assets(project: Project, context: dg.AssetExecutionContext) -> HandedBy:
    """Gives the value of the asset that a source is loaded from, when its turn comes; None for other sources."""

    def handed(name: str) -> Handed | None:
        connector = project.sources[name].connector
        if not isinstance(connector, AssetConnector):
            return None
        return Handed(_value(context, name, dg.AssetKey(connector.asset.split("/"))))

    return handed


def _value(context: dg.AssetExecutionContext, source: str, asset: dg.AssetKey) -> object:
    graph = _known_assets(context)
    makers = {key: made for made in graph.assets_defs for key in made.keys}
    try:
        with dg.AssetValueLoader(makers, instance=context.instance) as loader:
            return loader.load_asset_value(asset)
    except Exception as problem:
        said = str(problem).strip().splitlines()
        raise DataError(
            f"Source '{source}' is loaded from the asset {asset.to_user_string()}, whose value cannot be had: "
            f"{type(problem).__name__}: {said[0] if said else 'no reason given'}\n"
            "Hint: materialize it first; it has to be in this code location, its value kept by its IO manager."
        ) from problem


def _known_assets(context: dg.AssetExecutionContext) -> AssetGraph:
    """All assets of the code location; of a job that is executed in process, as tests do, those that it knows of."""
    try:
        return context.repository_def.asset_graph
    except CheckError:
        return context.job_def.asset_layer.asset_graph
