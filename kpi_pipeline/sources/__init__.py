"""Sources: raw operational tables and how they are loaded; one file a kind of connector."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.checks import Check
from kpi_pipeline.names import Named, Noun
from kpi_pipeline.periods import Grain, WindowText
from kpi_pipeline.sources.file import FileConnector

CONNECTORS = (FileConnector,)


class Load(Noun):
    """How new rows meet those already there.

    full: the rows of the files replace the table. append: files not seen before are added, a changed file replaces its
    own rows. merge: rows replace those with the same `key`.
    """

    mode: Literal["full", "append", "merge"] = "full"
    cursor: str | None = Field(default=None, description="the column that says how new a row is")
    lookback: WindowText | None = None
    key: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _merge_has_key(self) -> Self:
        if (self.mode == "merge") != bool(self.key):
            raise ValueError("'key' goes with 'mode: merge', and one needs the other")
        return self


class CompleteThrough(Noun):
    """Until when the rows are complete: the newest row's day is in progress, and `delay` holds back days before it."""

    grain: Grain = Grain.day
    delay: WindowText | None = None


class ColumnType(Noun):
    """The type a column must have; text is parsed by `format` where one is given (strptime's letters)."""

    type: Literal["text", "integer", "decimal", "number", "boolean", "date", "timestamp"]
    format: str | None = None


class Source(Named):
    """A raw operational table and how it is loaded into the warehouse's schema `raw`."""

    connector: FileConnector
    load: Load = Load()
    columns: dict[str, ColumnType] = Field(
        default_factory=dict, description="the contract: rows that do not fit go to quarantine"
    )
    null_values: tuple[str, ...] = Field(default=(), description="texts that mean unknown, such as ?")
    complete_through: CompleteThrough = CompleteThrough()
    personal: tuple[str, ...] = Field(default=(), description="columns masked in every check result, page and log")
    timezone: str | None = Field(default=None, description="zone of naive timestamps; by default the project's")
    on_schema_change: Literal["evolve", "freeze"] = "evolve"
    checks: tuple[Check, ...] = ()
