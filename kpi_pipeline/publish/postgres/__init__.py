"""The published tables in PostgreSQL: changed in one transaction, while everybody may go on reading."""

from kpi_pipeline.publish.postgres.connection import driver_missing
from kpi_pipeline.publish.postgres.publication import PartChange, ToPublish, publish_to_postgres, published_run

__all__ = ["PartChange", "ToPublish", "driver_missing", "publish_to_postgres", "published_run"]
