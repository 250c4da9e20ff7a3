"""Models: the tables over sources that metrics are computed from."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.checks import Check
from kpi_pipeline.engines import SparkEngine
from kpi_pipeline.names import TAKEN_NAMES, Expression, Name, Named, Noun
from kpi_pipeline.periods import DaysText


class EntityType(StrEnum):
    """Whether an entity's key is the row's own, points to another model's row, or is its own for a time (natural)."""

    primary = "primary"
    unique = "unique"
    foreign = "foreign"
    natural = "natural"


class Entity(Noun):
    """What a row is about or points to: the key that models join on."""

    name: Name = Field(description="what the key is of, such as customer")
    type: EntityType = Field(
        description="whether the key is the row's own (primary, unique), points to another model's row (foreign), or "
        "is the row's own between two dates (natural)"
    )
    expr: Expression | None = Field(
        default=None, description="the column that holds the key; by default the one of its name"
    )

    @property
    def key(self) -> str:
        """The column or expression that holds the key."""
        return self.expr or self.name


class Validity(Noun):
    """Which end of the time for which a row is valid a dimension holds, as in dbt; the end is not included."""

    is_start: bool = Field(default=False, description="from this moment on the row is valid")
    is_end: bool = Field(default=False, description="before this moment; where it is NULL, to this day")

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.is_start == self.is_end:
            raise ValueError("'validity_params' says one of 'is_start: true' and 'is_end: true'")
        return self


class Dimension(Noun):
    """An attribute to break a metric down by; a plain name is a column of the model."""

    name: Name = Field(description="what questions, breakdowns and tables call it")
    type: Literal["categorical", "time"] = Field(
        default="categorical", description="time for columns that metrics may go by"
    )
    expr: Expression | None = Field(
        default=None, description="the column or expression that holds the value; by default the column of its name"
    )
    label: str = Field(default="", description="its name for people")
    validity_params: Validity | None = Field(
        default=None, description="for rows that are valid for a time: which end of it this dimension holds"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _not_taken(self) -> Self:
        if self.type == "categorical" and self.name in TAKEN_NAMES:
            raise ValueError(
                f"'{self.name}' is a column that values have; call it otherwise: {{name: ..., expr: {self.column}}}"
            )
        return self

    @property
    def column(self) -> str:
        """The column or expression that holds the value."""
        return self.expr or self.name


class Currency(Noun):
    """Which currency a model's amounts are in, and the rates by which they become amounts in the project's currency.

    Every amount is converted at the rate of the day it counts on, before it is added up. Metrics with `unit: currency`
    are converted; rows in the project's currency need no rate.
    """

    from_: str | None = Field(
        default=None, alias="from", pattern=r"^[A-Z]{3}$", description="the currency of all rows, such as USD"
    )
    column: Name | None = Field(
        default=None, description="the column or dimension that says each row's currency, where it differs"
    )
    rates: Name | None = Field(default=None, description="the model of rates: a row a currency and day")
    rate: Name = Field(default="rate", description="its column with the rate")
    code: Name = Field(default="currency", description="its column with the currency, such as USD")
    per: Literal["foreign", "project"] = Field(
        default="foreign",
        description="what a rate is for one unit of: of the foreign currency (amounts are multiplied by it), or of the "
        "project's (they are divided by it)",
    )
    within: DaysText | None = Field(
        default=None, description="how old a rate may be where the day has none, such as 7 days; by default not at all"
    )

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        if bool(self.from_) == bool(self.column):
            raise ValueError(
                "'currency' says 'from', the one of all rows, or 'column', where it differs: one of the two"
            )
        if self.column and not self.rates:
            raise ValueError("'column' needs 'rates': the model with the rate of each currency and day")
        return self


class Model(Named):
    """A table of the warehouse, or SQL over such tables, with its time column, entities and dimensions."""

    sql: str | None = Field(default=None, description="a SELECT over raw.<source> and model.<model>")
    table: str | None = Field(
        default=None, description="a source as it is, such as raw.invoice_lines, instead of `sql`"
    )
    materialized: Literal["view", "table"] = Field(
        default="view", description="table where many metrics read it and its SQL takes long"
    )
    engine: SparkEngine | None = Field(
        default=None, description="the cluster that reduces it where its sources are in a lakehouse; else the project's"
    )
    agg_time_dimension: Name | None = Field(
        default=None,
        description="the column that says when a row counts; a model that is only looked up needs none",
    )
    timezone: str | None = Field(default=None, description="zone of naive timestamps; by default that of its sources")
    entities: tuple[Entity, ...] = Field(default=(), description="the keys in a row")
    dimensions: tuple[Dimension, ...] = Field(default=(), description="the attributes to break metrics down by")
    currency: Currency | None = Field(
        default=None, description="which currency its amounts are in; by default the project's"
    )
    checks: tuple[Check, ...] = Field(default=(), description="what must hold of its rows")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if bool(self.sql) == bool(self.table):
            raise ValueError("a model is made of 'sql' or of 'table': give one of the two")
        return self

    @model_validator(mode="after")
    def _sets_nothing_aside(self) -> Self:
        for check in self.checks:
            if check.sets_aside:
                raise ValueError(
                    f"check '{check.title}' has 'severity: quarantine', which is for sources: the rows of a model are "
                    "made of theirs; move it there, or write error or warn"
                )
        return self

    def dimension(self, name: str) -> Dimension | None:
        """The dimension of that name, if it has one."""
        return next((one for one in self.dimensions if one.name == name), None)

    @property
    def validity(self) -> tuple[Dimension, Dimension] | None:
        """The dimensions that hold since when and until when a row is valid, where rows are valid for a time."""
        start = next((one for one in self.dimensions if one.validity_params and one.validity_params.is_start), None)
        end = next((one for one in self.dimensions if one.validity_params and one.validity_params.is_end), None)
        return (start, end) if start and end else None

    def counts_by(self, own: str | None = None) -> str:
        """The column that says when a row counts: a metric's own, or else the model's.

        Raises:
            LookupError: there is neither, which no metric that `kpi check` accepts leads to.
        """
        time = own or self.agg_time_dimension
        if time is None:
            raise LookupError(f"model '{self.name}' has no time column by which rows count")
        return time

    def entity(self, name: str) -> Entity | None:
        """The entity of that name, if it has one."""
        return next((one for one in self.entities if one.name == name), None)
