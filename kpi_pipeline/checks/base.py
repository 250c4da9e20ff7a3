"""What every kind of check shares."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.names import Expression, Noun, Share

FEW_ROWS = 20
MOST = 0.5


def usual_limit(rows_read: int) -> float:
    """The share of the rows of a load that may go to quarantine where nobody says otherwise; of a few rows all."""
    return MOST if rows_read >= FEW_ROWS else 1


class CheckBase(Noun):
    """An expectation on data; with `severity: error` its failure stops what depends on the data."""

    of_single_rows: ClassVar[bool] = False
    """Whether each row passes or fails by itself, so that rows which fail can be set aside."""

    name: str = Field(default="", description="what it is reported under; by default its kind")
    severity: Literal["error", "warn", "quarantine"] = Field(
        default="error",
        description="error stops what depends on the data, warn only says so; quarantine, of a source, sets the rows "
        "that fail aside and loads the others",
    )
    filter: Expression | None = Field(default=None, description="only rows for which this is true")
    tolerate: Share = Field(
        default=0,
        ge=0,
        lt=1,
        description="the share of rows that may fail, such as 0.1%; with `severity: quarantine` the share that may be "
        "set aside, half if not given (of fewer than 20 rows any): of more, nothing is let in",
    )

    @model_validator(mode="after")
    def _only_rows_are_set_aside(self) -> Self:
        if self.severity == "quarantine" and not self.of_single_rows:
            raise ValueError(
                "'severity: quarantine' sets rows aside, and this check is not of single rows; write error or warn"
            )
        return self

    @property
    def sets_aside(self) -> bool:
        """Whether rows that fail go to quarantine instead of into the table."""
        return self.severity == "quarantine"

    @property
    def told_as(self) -> Literal["error", "warn"]:
        """How a failure on the table is reported; rows that were let in before the check was written only warn."""
        return "error" if self.severity == "error" else "warn"

    def set_aside_at_most(self, rows_read: int) -> float:
        """The share of a load's rows that may go to quarantine for this check; of a few rows any, unless it says."""
        return self.tolerate if "tolerate" in self.model_fields_set else usual_limit(rows_read)

    @property
    def looks_in(self) -> str | None:
        """The model or source that it compares this table with, besides the table itself."""
        return None

    @property
    def title(self) -> str:
        """The name it is reported under; unique on its table together with its place in the list."""
        return self.name or str(getattr(self, "type", "check"))
