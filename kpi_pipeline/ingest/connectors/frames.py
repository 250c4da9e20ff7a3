"""What functions give as rows, made frames: Polars, pandas, Arrow, dicts, or any of them one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain

import polars as pl
import pyarrow as pa

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest.arriving import Arriving

TOGETHER = 10_000
"""Rows that come one by one are put together into batches of this many."""
PLAIN = (bool, int, float, str, bytes, Decimal, datetime, date, time)


def as_arriving(name: str, given: object) -> Arriving:
    """Rows of any of the known kinds, as they come; what is no such thing is refused when its turn comes."""
    pieces = _pieces(name, given)
    first = next(pieces, None)
    if first is None:
        return Arriving(name, None, iter(()), lambda: None, may_leave_out=True)
    of_dicts, frame = first
    batches = (one for _, one in chain([(of_dicts, frame)], pieces))
    return Arriving(name, None, batches, lambda: None, may_leave_out=of_dicts)


def _pieces(name: str, given: object) -> Iterator[tuple[bool, pl.DataFrame]]:
    """Frames, and whether each was made of dicts."""
    if given is None:
        return
    frame = _frame(name, given)
    if frame is not None:
        yield False, frame
        return
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise _unknown(name, given)
    waiting: list[Mapping[str, object]] = []
    for one in given:
        if isinstance(one, Mapping):
            waiting.append(one)
            if len(waiting) == TOGETHER:
                yield True, of_dicts(name, waiting)
                waiting = []
            continue
        if waiting:
            yield True, of_dicts(name, waiting)
            waiting = []
        yield from _pieces(name, one)
    if waiting:
        yield True, of_dicts(name, waiting)


def _frame(name: str, given: object) -> pl.DataFrame | None:
    """A frame of a library as one of Polars; None where it is no frame."""
    library = type(given).__module__.partition(".")[0]
    try:
        if isinstance(given, pl.DataFrame):
            return given
        if isinstance(given, pl.LazyFrame):
            return given.collect(engine="streaming")
        if isinstance(given, pa.Table | pa.RecordBatch):
            made = pl.from_arrow(given)
            return made if isinstance(made, pl.DataFrame) else None
        if library == "pandas" and hasattr(given, "columns"):
            return pl.from_pandas(given)  # type: ignore[call-overload,no-any-return]
    except (pl.exceptions.PolarsError, pa.ArrowException, TypeError, ValueError) as problem:
        said = str(problem).splitlines()[0]
        raise DataError(
            f"{name} gave a frame that cannot be read: {said}\nHint: give each column values of one type."
        ) from problem
    return None


def of_dicts(name: str, rows: list[Mapping[str, object]]) -> pl.DataFrame:
    """Dicts as a frame; no value is lost: where those of a key are of several types, they become text.

    >>> of_dicts("rows", [{"a": 1, "b": {"x": 1}}, {"a": "one"}]).rows()
    [('1', '{"x": 1}'), ('one', None)]
    """
    names = dict.fromkeys(key for row in rows for key in row)
    if odd := next((key for key in names if not isinstance(key, str)), None):
        raise DataError(f"{name} gave a row with {odd!r} as the name of a column.\nHint: names are text.")
    return pl.DataFrame([_series(key, [row.get(key) for row in rows]) for key in names])


def _series(name: str, values: list[object]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pl.Series(name, values, dtype=pl.Null)
    if kinds == {int, float}:
        return pl.Series(name, values, dtype=pl.Float64, strict=False)
    if len(kinds) == 1 and issubclass(next(iter(kinds)), PLAIN):
        try:
            return pl.Series(name, values, strict=True)
        except (pl.exceptions.PolarsError, TypeError, OverflowError):
            pass
    return pl.Series(name, [None if value is None else _as_text(value) for value in values], dtype=pl.String)


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, Mapping | list | tuple | bool):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _unknown(name: str, given: object) -> DataError:
    return DataError(
        f"{name} gave {type(given).__name__}, which is no table of rows.\n"
        "Hint: return or yield a Polars or pandas frame, Arrow data, or dicts."
    )
