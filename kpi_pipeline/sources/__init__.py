"""Sources: raw operational tables and how they are loaded; one file a kind of connector."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.checks import Check
from kpi_pipeline.names import Named, Noun
from kpi_pipeline.periods import DayGrain, DaysText, Grain
from kpi_pipeline.sources.file import FileConnector


class Load(Noun):
    """How new rows meet those already there.

    full: the rows of the files replace the table. append: files not seen before are added, a changed file replaces its
    own rows. merge: rows replace those with the same `key`.
    """

    mode: Literal["full", "append", "merge"] = Field(
        default="full", description="how new rows meet those already there"
    )
    cursor: str | None = Field(default=None, description="the column that says how new a row is")
    key: tuple[str, ...] = Field(default=(), description="the columns that name a row; for merge")
    allow_empty: bool = Field(
        default=False, description="full: whether files without rows may empty a table that has some"
    )

    @model_validator(mode="after")
    def _merge_has_key(self) -> Self:
        if (self.mode == "merge") != bool(self.key):
            raise ValueError("'key' goes with 'mode: merge', and one needs the other")
        return self

    @model_validator(mode="after")
    def _only_full_empties(self) -> Self:
        if self.allow_empty and self.mode != "full":
            raise ValueError("'allow_empty' goes with 'mode: full': in the other modes files without rows add nothing")
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

    connector: FileConnector = Field(description="where its rows are")
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
