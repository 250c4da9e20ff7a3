"""Asset: rows that Dagster hands over, which had them from another asset."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest.arriving import Arriving, Since
from kpi_pipeline.ingest.connectors.frames import as_arriving
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.sources import AssetConnector


def handed(load: Loading, connector: AssetConnector, since: Since | None) -> Arriving:
    """The asset's value as rows: a frame of any kind, dicts, or the path of a Parquet file."""
    name = f"asset:{connector.asset}"
    assert load.handed is not None, "without a value the source stays as it is"
    value = load.handed.value
    if isinstance(value, str | Path):
        path = load.project.root / value
        if not path.is_file() or path.suffix.lower() not in (".parquet", ".pq"):
            raise DataError(
                f"Asset {connector.asset}, which source '{load.source.name}' is loaded from, gave the path {value}, "
                "which is no Parquet file.\nHint: let the asset return a frame, or the path of one Parquet file."
            )
        value = pl.scan_parquet(path, glob=False)
    return replace(as_arriving(name, value), covers="since" if since else "all")
