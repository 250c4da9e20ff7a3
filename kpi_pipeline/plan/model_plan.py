"""A model ready to be made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kpi_pipeline.names import TableRef
from kpi_pipeline.plan.fingerprints import fingerprint


@dataclass(frozen=True)
class ModelPlan:
    """A model ready to be made: its SQL, what it reads, and how its moments become business days."""

    name: str
    sql: str
    materialized: str
    sources: tuple[str, ...]
    models: tuple[str, ...]
    naive_zone: str
    project_zone: str
    dimensions: Mapping[str, str] = field(hash=False)
    """dimension name -> SQL over the model's columns"""
    keys: Mapping[str, str] = field(default_factory=dict, hash=False)
    """entity name -> SQL of its key over the model's columns"""
    row_local: bool = False
    """Whether each of its rows comes from one row of its only source."""
    row_local_cursor: str | None = None
    """The column of the only source that is the model's time column, where each row stands for itself."""
    row_local_time: str | None = None
    """The time column whose days are then those of the cursor; by another one a new row may belong to any day."""

    @property
    def table(self) -> TableRef:
        """The view or table it is made as."""
        return TableRef("model", self.name)

    def sql_of(self, name: str) -> str | None:
        """What a dimension, or else an entity, is over the model's columns; None where the model has neither."""
        return self.dimensions.get(name) or self.keys.get(name)

    @property
    def fingerprint(self) -> str:
        """Changes when what the model holds would change."""
        named = dict(self.keys) | dict(self.dimensions)
        return fingerprint(self.name, self.sql, self.materialized, self.naive_zone, self.project_zone, named)
