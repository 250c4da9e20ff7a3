"""The model over a source: columns renamed for people, amounts exact, and no row left out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import expressions as exp

from kpi_pipeline.starter.naming import unique_name
from kpi_pipeline.starter.notations import plain_number
from kpi_pipeline.starter.roles import Part, Role, Roles
from kpi_pipeline.starter.table import Column

DIGITS = 18
FEW_PLACES = 2


@dataclass(frozen=True)
class ModelDraft:
    """A model's SQL, and the column that says what a row is worth where it had to be computed."""

    sql: str
    tree: exp.Select
    line_value: str = ""


def model_of(roles: Roles) -> ModelDraft:
    """One SELECT with every column under its new name."""
    columns = [exp.alias_(_value(part), part.name) for part in (roles.time, *roles.parts) if part is not roles.time]
    columns.insert(0, exp.alias_(_raw(roles.time.column), roles.time.name))
    line_value = ""
    if roles.value_of:
        pieces, price = roles.value_of
        line_value = unique_name("line_value", {part.name for part in roles.parts})
        product = _number(pieces.column) * exp.cast(_number(price.column), f"DECIMAL({DIGITS}, 4)")
        columns.append(exp.alias_(exp.cast(product, f"DECIMAL({DIGITS}, 4)"), line_value))
    tree = exp.select(*columns).from_(exp.table_(roles.table.name, db="raw"))
    return ModelDraft(tree.sql(dialect="duckdb", pretty=True), tree, line_value)


def _value(part: Part) -> exp.Expr:
    column = part.column
    if column.number_style or (part.role is Role.amount and not column.type.startswith("DECIMAL")):
        places = max(column.places or 0, FEW_PLACES) if column.places is not None else None
        if places is not None and max(abs(column.lowest or 0), abs(column.highest or 0)) < 10 ** (DIGITS - places - 4):
            return exp.cast(_number(column), f"DECIMAL({DIGITS}, {places})")
        return exp.cast(_number(column), "DOUBLE") if column.number_style else _raw(column)
    return _raw(column)


def _number(column: Column) -> exp.Expr:
    return plain_number(_raw(column), column.number_style) if column.number_style else _raw(column)


def _raw(column: Column) -> exp.Expr:
    return exp.column(column.name, quoted=True)
