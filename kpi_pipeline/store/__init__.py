"""The only room that imports duckdb: the warehouse file, its lock, its transactions and what it remembers."""

from kpi_pipeline.store.warehouse import Warehouse

__all__ = ["Warehouse"]
