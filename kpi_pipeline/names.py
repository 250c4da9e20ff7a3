"""Names as the definitions may write them, and names of tables in the warehouse."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from kpi_pipeline.spelling import plain_condition

LONGEST_NAME = 60
NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
RESERVED_NAMES = frozenset({"all", "company"})
COHORT_AGE = "cohort_age"
"""What retention is broken down by to see every age of its cohorts: how many periods after the first one."""
TAKEN_NAMES = frozenset({
    "period_start", "is_other", "value", "numerator", "denominator", "sample_size", "is_complete", "previous_value",
    "year_ago_value", COHORT_AGE,
})  # fmt: skip
"""The columns that values have beside their dimensions; values cannot be broken down by a dimension of such a name."""


def checked_name(text: str) -> str:
    """The text itself if it is a name, else a ValueError that says what a name looks like.

    >>> checked_name("net_sales")
    'net_sales'
    """
    if not re.fullmatch(NAME_PATTERN, text):
        raise ValueError(f"'{text}' is not a name; names are lower-case letters, digits and _, and begin with a letter")
    if len(text) > LONGEST_NAME:
        raise ValueError(f"'{text}' is longer than {LONGEST_NAME} characters")
    if text in RESERVED_NAMES:
        raise ValueError(f"'{text}' is reserved")
    return text


def without_age(breakdown: Iterable[str]) -> tuple[str, ...]:
    """The dimensions that rows are told apart by: no row has the age of a cohort.

    >>> without_age(("cohort_age", "country"))
    ('country',)
    """
    return tuple(name for name in breakdown if name != COHORT_AGE)


Name = Annotated[str, AfterValidator(checked_name)]
Expression = Annotated[str, Field(min_length=1)]
"""DuckDB SQL without SELECT: a column, arithmetic, a condition."""
Condition = Annotated[str, Field(min_length=1), AfterValidator(plain_condition)]
"""DuckDB SQL that is true or false of a row; dbt's spelling is taken, too."""


def _share(value: object) -> object:
    """10% and 0.1 are the same share."""
    if isinstance(value, str) and value.strip().endswith("%"):
        return float(value.strip().removesuffix("%")) / 100
    return value


Share = Annotated[float, BeforeValidator(_share), WithJsonSchema({"type": ["number", "string"]})]


class Noun(BaseModel):
    """A frozen thing of the definitions; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, allow_inf_nan=False)


class Named(Noun):
    """A noun with a name, words for people, and lint rules it asks to be excused from."""

    name: Name = Field(description="what other definitions and the tables call it; unique among its kind")
    label: str = Field(default="", description="its name for people; by default the name made readable")
    description: str = Field(default="", description="what it means, in a sentence or two")
    ignore: dict[str, str] = Field(default_factory=dict, description="lint code -> reason why it does not apply here")

    @property
    def title(self) -> str:
        """The label, or the name made readable."""
        return self.label or self.name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class TableRef:
    """A table of the warehouse: schema and name, quoted by whoever writes SQL.

    >>> str(TableRef("raw", "invoice_lines"))
    'raw.invoice_lines'
    """

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"
