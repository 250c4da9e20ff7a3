"""Asset: rows that Dagster hands over, which had them from another asset."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest.arriving import Arriving
from kpi_pipeline.ingest.connectors.frames import as_arriving
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.sources import AssetConnector


def handed(load: Loading, connector: AssetConnector, value: object) -> Arriving:
    """The asset's value as rows: a frame of any kind, dicts, or the path of a Parquet file."""
    name = f"asset:{connector.asset}"
    if isinstance(value, str | Path):
        path = load.project.root / value
        if not path.is_file() or path.suffix.lower() not in (".parquet", ".pq"):
            raise DataError(
                f"Asset {connector.asset}, which source '{load.source.name}' is loaded from, gave the path {value}, "
                "which is no Parquet file.\nHint: let the asset return a frame, or the path of one Parquet file."
            )
        value = pl.scan_parquet(path, glob=False)
    return as_arriving(name, value)
