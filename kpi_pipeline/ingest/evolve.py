"""How the columns of files and of the raw table meet: what may join, what may widen, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kpi_pipeline.errors import DataError, did_you_mean, listed
from kpi_pipeline.ingest.contract import Fitted
from kpi_pipeline.sources import Source

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
UNSIGNED = {"UTINYINT": "SMALLINT", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT", "UBIGINT": "HUGEINT"}
MOMENTS = ("DATE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP", "TIMESTAMP_NS")
DECLARED = {
    **dict.fromkeys(INTEGERS[:4], "integer"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "number"),
    **dict.fromkeys((*MOMENTS[1:], "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"), "timestamp"),
    "DATE": "date",
    "BOOLEAN": "boolean",
}
"""What `columns` of a source call a type that text may be read as."""
DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "HUGEINT": 38}


@dataclass(frozen=True)
class FileColumns:
    """The columns that a file brings, and those it had when it was loaded before (if it was)."""

    file: str
    columns: Sequence[Fitted]
    before: Mapping[str, str] | None
    first_other: Callable[[str, str], str | None]
    """Of a column that is text the first value that is not of a type, and its line; None where that is not known."""


def common_type(one: str, other: str) -> str | None:
    """The narrowest type that holds both without loss; None where text, moments or nested values would have to change.

    >>> common_type("INTEGER", "BIGINT"), common_type("BIGINT", "DOUBLE"), common_type("BIGINT", "VARCHAR")
    ('BIGINT', 'DOUBLE', None)
    """
    if one == other:
        return one
    one, other = UNSIGNED.get(one, one), UNSIGNED.get(other, other)
    if one == other:
        return one
    for ladder in (INTEGERS, MOMENTS, ("FLOAT", "DOUBLE")):
        if one in ladder and other in ladder:
            return max(one, other, key=ladder.index)
    numbers = {one, other}
    if all(kind in DIGITS or kind in ("FLOAT", "DOUBLE") for kind in numbers):
        return "DOUBLE"
    widths = [_decimal(kind) for kind in (one, other)]
    if widths[0] and widths[1]:
        scale = max(widths[0][1], widths[1][1])
        width = max(widths[0][0] - widths[0][1], widths[1][0] - widths[1][1]) + scale
        return f"DECIMAL({width}, {scale})" if width <= 38 else None
    return None


def joined_type(old: str, new: str, *, may_narrow: bool) -> str | None:
    """The type of a column that was `old` and comes as `new`: the wider of both, or None where they must not meet.

    A narrower type is harmless where old rows stay, or where it was only read off the values there happen to be.

    >>> joined_type("INTEGER", "BIGINT", may_narrow=False), joined_type("BIGINT", "INTEGER", may_narrow=False)
    ('BIGINT', None)
    """
    both = common_type(old, new)
    return None if both == old != new and not may_narrow else both


def _decimal(kind: str) -> tuple[int, int] | None:
    if match := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", kind):
        return int(match[1]), int(match[2])
    return (DIGITS[kind], 0) if kind in DIGITS else None


def check_names(source: Source, file: str, names: Sequence[str]) -> None:
    """Every column that the definition names must be in the file; names of our own must not."""
    for name in names:
        if name.lower() in ("_loaded_at", "_run_id", "_source_file"):
            raise DataError(
                f"{file} has a column '{name}', a name that every raw table uses for itself.\n"
                "Hint: give it another name there."
            )
    wanted = dict.fromkeys(source.columns, "columns")
    wanted |= dict.fromkeys(source.load.key, "load.key")
    wanted |= dict.fromkeys(source.personal, "personal")
    if source.load.cursor:
        wanted[source.load.cursor] = "load.cursor"
    if source.load.deleted_when:
        wanted[source.load.deleted_when] = "load.deleted_when"
    for name, key in wanted.items():
        if name not in names:
            hint = did_you_mean(name, names) or f"the file has {listed(names)}."
            raise DataError(
                f"{file} has no column '{name}', which source '{source.name}' names under {key}.\nHint: {hint}"
            )


def united(files: Sequence[FileColumns], cursor: str | None) -> dict[str, tuple[str, str | None, bool]]:
    """The columns of all files by lower-case name: name, type (None if no value), whether the type is declared.

    Types that were read off the values and hold nothing in common make a column of text, but for the cursor: without a
    time nothing would be known to be complete.
    """
    found: dict[str, tuple[str, str | None, bool, FileColumns]] = {}
    for file in files:
        for column in file.columns:
            key = column.name.lower()
            if key not in found:
                found[key] = (column.name, column.type, column.declared, file)
                continue
            name, kind, declared, first = found[key]
            if kind is None or column.type is None:
                found[key] = (name, kind or column.type, declared and column.declared, first if kind else file)
                continue
            both = common_type(kind, column.type)
            if both is None and not (declared or column.declared or column.name == cursor):
                both = "VARCHAR"
            if both is None:
                told, old, new = (first, column.type, kind) if kind == "VARCHAR" else (file, kind, column.type)
                raise DataError(
                    f"Column '{name}' is {kind} in {first.file} and {column.type} in {file.file}"
                    f"{_where(told, name, old, new)}.\nHint: {_way_out(name, old, new, is_cursor=name == cursor)}"
                )
            found[key] = (name, both, declared and column.declared, first)
    return {key: (name, kind, declared) for key, (name, kind, declared, _) in found.items()}


def check_lost(source: Source, files: Sequence[FileColumns], raw: Mapping[str, str]) -> None:
    """A file must bring the columns it had before; a file never seen, those that the raw table has."""
    for file in files:
        brought = {column.name.lower() for column in file.columns}
        expected = raw if file.before is None else file.before
        for name, kind in expected.items():
            if name.lower() not in brought:
                near = did_you_mean(name, [one.name for one in file.columns if one.name not in raw])
                raise DataError(
                    f"{file.file} has lost column '{name}' ({kind}) of source '{source.name}'.\n"
                    f"Hint: {near + ' ' if near else ''}Nothing was loaded. If it is meant to be gone: "
                    f"`kpi run --full --select {source.name}`, after changing what uses the column."
                )


def check_frozen(source: Source, files: Sequence[FileColumns], known: Mapping[str, str]) -> None:
    """Under `on_schema_change: freeze` no column may join, neither the raw table nor between files."""
    names = {name.lower() for name in known} or {column.name.lower() for column in files[0].columns}
    for file in files:
        for column in file.columns:
            if column.name.lower() not in names:
                raise DataError(
                    f"{file.file} brings a new column '{column.name}' ({column.type or 'without values'}) to source "
                    f"'{source.name}', whose columns are frozen.\n"
                    f"Hint: `on_schema_change: evolve` lets it join; or `kpi run --full --select {source.name}`."
                )


def changed_type(source: Source, name: str, old: str, new: str, file: FileColumns) -> DataError:
    """What to say of a column that is no longer what it was."""
    is_cursor = name == source.load.cursor
    afresh = (
        ""
        if is_cursor and _may_declare(old, new)
        else f" Or take it as it is: `kpi run --full --select {source.name}`."
    )
    return DataError(
        f"Column '{name}' of source '{source.name}' was {old} and is {new} in {file.file}"
        f"{_where(file, name, old, new)}.\n"
        f"Hint: nothing was loaded. {_way_out(name, old, new, is_cursor=is_cursor)}{afresh}"
    )


def _may_declare(old: str, new: str) -> bool:
    """Whether the type may be declared that some values of a column, now text, do not have."""
    return new == "VARCHAR" and old in DECLARED


def _where(file: FileColumns, name: str, old: str, new: str) -> str:
    found = file.first_other(name, DECLARED[old]) if _may_declare(old, new) else None
    return f": {found} of {file.file}" if found else ""


def _way_out(name: str, old: str, new: str, *, is_cursor: bool) -> str:
    """What to write where the types of a column do not meet; text is none for the cursor, which must be a time."""
    if not _may_declare(old, new):
        return f"Say under `columns` of the source what it is, such as `{name}: {{type: text}}`."
    meant = "" if is_cursor else f" If text is meant: `{name}: {{type: text}}`."
    return (
        f"Write `{name}: {{type: {DECLARED[old]}}}` under `columns` of the source: rows that do not fit then go to "
        f"quarantine, and the others are loaded.{meant}"
    )
