"""What each column stands for: time, id, amount, quantity, measurement, flag, attribute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from kpi_pipeline.starter.naming import column_label, column_name, plural, singular, thing_name, unique_name, words_of
from kpi_pipeline.starter.table import Column, Table
from kpi_pipeline.starter.vocabulary import (
    A_PIECE,
    BAD,
    COUNTED,
    EACH,
    ID_ENDINGS,
    LOOKUPS,
    MONEY,
    ONE_ROW,
    PERSONAL,
    PIECES,
)


class Role(StrEnum):
    """What a column stands for."""

    time = "time"
    other_time = "other_time"
    id = "id"
    amount = "amount"
    """Money that adds up."""
    quantity = "quantity"
    """A number that adds up."""
    measurement = "measurement"
    """A number that does not add up, such as a price a piece or an age."""
    flag = "flag"
    attribute = "attribute"
    other = "other"


NUMBERING = [["number"], ["no"], ["num"], ["nr"], ["key"], ["id"], ["code"], ["card"], ["account"]]
"""Last words of numbers that are no numbers to reckon with."""
NAMES = (
    ("first", "name"),
    ("last", "name"),
    ("full", "name"),
    ("customer", "name"),
    ("contact", "name"),
    ("user", "name"),
)
BREAKDOWN_AT_MOST = 50
LONGEST_LABEL = 60


@dataclass(frozen=True)
class Part:
    """A column of the model: what it is called there and what it stands for."""

    name: str
    column: Column
    role: Role

    @property
    def label(self) -> str:
        """What people call it."""
        return column_label(self.column.name, self.name)

    @property
    def words(self) -> frozenset[str]:
        """The words in its name."""
        return frozenset(words_of(self.column.name))


@dataclass(frozen=True)
class Roles:
    """A table with every column's role."""

    table: Table
    time: Part
    parts: tuple[Part, ...]
    key: tuple[Part, ...] = ()
    """The column, or the two columns, that no two rows share."""
    value_of: tuple[Part, Part] | None = None
    """Quantity and price a piece, where nothing else says what a row is worth."""
    entities: tuple[tuple[str, str, Part], ...] = field(default=())
    """Name, type and column of each."""

    def of(self, *roles: Role) -> tuple[Part, ...]:
        """The parts with these roles, in the order of the columns."""
        return tuple(part for part in self.parts if part.role in roles)

    @property
    def personal(self) -> tuple[str, ...]:
        """Columns that name or reach a person."""
        return tuple(part.column.name for part in self.parts if _is_personal(part))


def roles_of(table: Table, time: Column) -> Roles:
    """Every column's role, guessed from its name and its values."""
    taken: set[str] = set()
    parts = tuple(
        Part(unique_name(column_name(one.name, place), taken), one, _role(one, time))
        for place, one in enumerate(table.columns, start=1)
    )
    its_time = next(part for part in parts if part.column is time)
    key = tuple(part for part in parts if part.column.is_unique and _may_be_key(part))[:1]
    return Roles(
        table=table,
        time=its_time,
        parts=parts,
        key=key,
        value_of=_value_of(parts),
        entities=tuple(_entities(table, parts, key)),
    )


def _role(column: Column, time: Column) -> Role:
    words = set(words_of(column.name))
    if column is time:
        return Role.time
    if not column.present:
        return Role.other
    if column.is_time:
        return Role.other_time
    if column.is_flag:
        return Role.flag
    if _looks_like_id(column):
        return Role.id
    if column.is_number:
        return Role.other if words_of(column.name)[-1:] in NUMBERING else _number_role(column, words)
    if column.is_text and 2 <= column.distinct <= BREAKDOWN_AT_MOST and column.distinct < max(column.rows, 2):
        return Role.attribute if column.longest <= LONGEST_LABEL else Role.other
    return Role.other


def _number_role(column: Column, words: set[str]) -> Role:
    if column.lowest == column.highest and column.rows > 20:
        return Role.other
    if words & EACH and (words & ONE_ROW or not words & (MONEY - EACH)):
        return Role.measurement
    if words & MONEY:
        return Role.amount
    if words & COUNTED or (column.is_whole and (column.lowest or 0) >= 0):
        return Role.quantity
    return Role.measurement


def _looks_like_id(column: Column) -> bool:
    listed = words_of(column.name)
    if not listed:
        return False
    whole = column.is_text or column.is_whole or column.type == "UUID"
    if column.name.lower() == "id" or listed[-1] in ID_ENDINGS - LOOKUPS - {"number", "no", "num"}:
        return whole
    if listed[-1] in LOOKUPS | {"number", "no", "num"}:
        return whole and (column.is_text or len(listed) > 1) and "line" not in listed
    if listed[0] in ID_ENDINGS - {"number", "no", "num", "email", "code", "ref"} and len(listed) > 1:
        return whole
    if column.is_text and listed[-1] in (
        "invoice",
        "order",
        "customer",
        "ticket",
        "session",
        "user",
        "account",
        "product",
    ):
        return column.distinct > BREAKDOWN_AT_MOST
    return column.type == "UUID"


def _may_be_key(part: Part) -> bool:
    """Whether a column that happens to have no value twice may be meant that way."""
    return part.role is Role.id or (
        part.column.is_text and part.column.rows > 20 and part.column.longest <= LONGEST_LABEL
    )


def _value_of(parts: Iterable[Part]) -> tuple[Part, Part] | None:
    parts = tuple(parts)
    if any(part.role is Role.amount for part in parts):
        return None
    pieces = next((part for part in parts if part.column.is_number and part.words & PIECES), None)
    price = next((part for part in parts if part.column.is_number and part.words & A_PIECE), None)
    return (pieces, price) if pieces and price and pieces is not price else None


def entity_of(part: Part, table: str) -> str:
    """What an id identifies: customer_id a customer, the id of orders.csv an order."""
    words = [word for word in words_of(part.column.name) if word not in ID_ENDINGS]
    if not words:
        return part.name if part.name.removeprefix("row_") not in ("id", "key", "uuid", "guid") else singular(table)
    return "_".join(words)


def _entities(table: Table, parts: Iterable[Part], key: tuple[Part, ...]) -> Iterable[tuple[str, str, Part]]:
    taken: set[str] = set()
    for part in parts:
        if part.role is not Role.id:
            continue
        name = thing_name(entity_of(part, table.name), otherwise="entity")
        if name not in taken:
            taken.add(name)
            yield name, "primary" if part in key else "foreign", part


def thing_counted(part: Part, table: str) -> str:
    """What is counted by counting an id's different values, in the plural."""
    if words_of(part.column.name)[-1:] == ["code"]:
        return plural(part.name)
    return plural(entity_of(part, table))


def _is_personal(part: Part) -> bool:
    listed = words_of(part.column.name)
    pairs = set(pairwise(listed))
    return bool(part.words & PERSONAL) or bool(pairs & set(NAMES))


def is_bad(words: Iterable[str]) -> bool:
    """Whether less of it is better."""
    return bool(set(words) & BAD)
