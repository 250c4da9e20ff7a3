"""Sources: raw operational tables and how they are loaded; one file a kind of connector."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.checks import Check, Unique
from kpi_pipeline.names import Named, Noun
from kpi_pipeline.periods import DayGrain, DaysText, Grain, WindowText
from kpi_pipeline.sources.asset import AssetConnector
from kpi_pipeline.sources.database import DatabaseConnector
from kpi_pipeline.sources.dlt import DltConnector
from kpi_pipeline.sources.file import FileConnector
from kpi_pipeline.sources.lakehouse import LakehouseConnector, Partition
from kpi_pipeline.sources.python import PythonConnector

RowsConnector = DatabaseConnector | DltConnector | PythonConnector | AssetConnector
"""Connectors whose rows come as they are, not in files."""
Connector = Annotated[FileConnector | RowsConnector | LakehouseConnector, Field(discriminator="type")]

__all__ = [
    "AssetConnector",
    "ColumnType",
    "CompleteThrough",
    "Connector",
    "DatabaseConnector",
    "DltConnector",
    "FileConnector",
    "LakehouseConnector",
    "Load",
    "Partition",
    "PythonConnector",
    "RowsConnector",
    "Source",
]


class Load(Noun):
    """How new rows meet those already there.

    full: the rows of the source replace the table. append: files not seen before are added, a changed file replaces its
    own rows; of a database or function the rows from the newest `cursor` on are read, and replace those that were
    there from it on. merge: rows replace those with the same `key`.
    """

    mode: Literal["full", "append", "merge"] = Field(
        default="full", description="how new rows meet those already there"
    )
    cursor: str | None = Field(default=None, description="the column that says how new a row is")
    lookback: WindowText | None = Field(
        default=None,
        description="append and merge, other than from files: how far before the newest cursor to read again, such as "
        "3 days, for rows that come late or change",
    )
    key: tuple[str, ...] = Field(default=(), description="the columns that name a row; for merge")
    deletions: Literal["ignore", "compare_keys"] = Field(
        default="ignore",
        description="merge from a database: compare_keys lists all keys that are there at every load, and rows whose "
        "key is gone go, too",
    )
    deleted_when: str | None = Field(
        default=None,
        description="merge: a column that says a row is deleted, by being true, a number other than 0 or a moment; "
        "such rows go",
    )
    allow_empty: bool = Field(
        default=False, description="full: whether a source without rows may empty a table that has some"
    )

    @model_validator(mode="after")
    def _merge_has_key(self) -> Self:
        if (self.mode == "merge") != bool(self.key):
            raise ValueError("'key' goes with 'mode: merge', and one needs the other")
        return self

    @model_validator(mode="after")
    def _looks_back_from_something(self) -> Self:
        if self.lookback and (self.cursor is None or self.mode == "full"):
            raise ValueError(
                "'lookback' goes before the newest 'cursor' in 'mode: append' or 'mode: merge'; a full load reads all"
            )
        return self

    @model_validator(mode="after")
    def _only_merges_delete(self) -> Self:
        for name, said in (("deletions", self.deletions == "compare_keys"), ("deleted_when", self.deleted_when)):
            if said and self.mode != "merge":
                raise ValueError(f"'{name}' goes with 'mode: merge': rows are told apart by their key there")
        return self

    @model_validator(mode="after")
    def _only_full_empties(self) -> Self:
        if self.allow_empty and self.mode != "full":
            raise ValueError(
                "'allow_empty' goes with 'mode: full': in the other modes a source without rows adds nothing"
            )
        return self


class CompleteThrough(Noun):
    """Until when the rows are complete: the newest row's day is in progress, and `delay` holds back days before it."""

    grain: DayGrain = Field(
        default=Grain.day, description="the period that a row names; longer than a day, the newest one is complete"
    )
    delay: DaysText | None = Field(default=None, description="how long rows keep coming in, such as 3 days")


class ColumnType(Noun):
    """The type a column must have; text is parsed by `format` where one is given (strptime's letters)."""

    type: Literal["text", "integer", "decimal", "number", "boolean", "date", "timestamp"] = Field(
        description="the type its values must have"
    )
    format: str | None = Field(default=None, description="how days and moments are written, such as %d/%m/%Y %H:%M")


class Source(Named):
    """A raw operational table and how it is loaded into the warehouse's schema `raw`."""

    connector: Connector = Field(description="where its rows are")
    load: Load = Field(default=Load(), description="how new rows meet those already there")
    columns: dict[str, ColumnType] = Field(
        default_factory=dict, description="the contract: rows that do not fit go to quarantine"
    )
    null_values: tuple[str, ...] = Field(default=(), description="texts that mean unknown, such as ?")
    complete_through: CompleteThrough = Field(default=CompleteThrough(), description="until when its rows are complete")
    personal: tuple[str, ...] = Field(default=(), description="columns masked in every check result, page and log")
    timezone: str | None = Field(default=None, description="zone of naive timestamps; by default the project's")
    on_schema_change: Literal["evolve", "freeze"] = Field(
        default="evolve", description="whether new columns join or are refused; a lost one is always refused"
    )
    checks: tuple[Check, ...] = Field(default=(), description="what must hold of its rows before they are let in")

    @property
    def files(self) -> FileConnector:
        """The connector of a source whose rows are in files."""
        assert isinstance(self.connector, FileConnector), f"source '{self.name}' is no source of files"
        return self.connector

    @model_validator(mode="after")
    def _stays_where_it_is(self) -> Self:
        """What is done to rows as they are loaded cannot be done to rows that are not."""
        if not isinstance(self.connector, LakehouseConnector):
            return self
        if self.connector.partition and self.load.cursor is None:
            raise ValueError("'partition' says the days of the cursor: write load: {cursor: ...}")
        loading = self.load.model_fields_set - {"mode", "cursor", "allow_empty"}
        loading |= {"mode"} if self.load.mode != "full" else set()
        if names := sorted(loading | {"columns", "null_values", "on_schema_change"} & self.model_fields_set):
            raise ValueError(
                f"'{names[0]}' is about loading, and rows of a lakehouse stay where they are; leave it out, and do "
                "what it was to do in the model's SQL"
            )
        if aside := [one.title for one in self.checks if one.sets_aside]:
            raise ValueError(
                f"check '{aside[0]}' has 'severity: quarantine', but rows of a lakehouse stay where they are; write "
                "error or warn, and leave such rows out in the model's SQL"
            )
        return self

    @model_validator(mode="after")
    def _sets_aside_what_it_can_tell(self) -> Self:
        for check in self.checks:
            if check.sets_aside and isinstance(check, Unique) and self.load.mode == "merge":
                raise ValueError(
                    f"check '{check.title}' has 'severity: quarantine', but under 'mode: merge' rows replace those of "
                    "the same key; name the columns in 'key', or write error or warn"
                )
        return self

    @model_validator(mode="after")
    def _loads_as_its_connector_can(self) -> Self:
        kind, load = self.connector.type, self.load
        if load.lookback and kind == "file":
            raise ValueError("'lookback' is not for files: they are known by their content, and a changed one is read")
        if load.lookback and kind == "dlt":
            raise ValueError("'lookback' is not for dlt: its own incremental says where to begin (its `lag`)")
        if load.deletions == "compare_keys" and kind != "database":
            raise ValueError("'deletions: compare_keys' asks a database for its keys; here, name a 'deleted_when'")
        if load.mode == "append" and kind in {"database", "python", "asset"} and load.cursor is None:
            raise ValueError(f"'mode: append' of a {kind} needs a 'cursor': it says from where on rows are new")
        return self
