"""Types of columns that are text in the file: found by looking at every value, never at a sample alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlglot import expressions as exp

from kpi_pipeline.ingest.land import Column
from kpi_pipeline.ingest.tables import kind_of
from kpi_pipeline.plan import Executor

SHAPES = {
    "BIGINT": r"-?(0|[1-9]\d{0,18})",
    "DOUBLE": r"-?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?",
    "BOOLEAN": r"(?i)true|false",
    "DATE": r"\d{4}-\d{2}-\d{2}",
    "TIMESTAMP": r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?",
    "TIMESTAMPTZ": r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)",
}
"""What all values of a column look like, first match wins. A leading zero or plus makes a code, not a number."""
NUMBERS = ("BIGINT", "DOUBLE", "BOOLEAN")
FIRST_LOOK = 1000


def infer_types(
    executor: Executor, relation: exp.Expr, columns: Sequence[tuple[Column, exp.Expr]]
) -> dict[str, str | None]:
    """The type that all values of a text column have; None for a column without any value.

    A first look at some rows rules out most types; those that remain are then tried on all rows.
    """
    if not columns:
        return {}
    hopes = {
        column.name: [kind for kind in SHAPES if column.may_be_number or kind not in NUMBERS] for column, _ in columns
    }
    values = {column.name: value for column, value in columns}
    for rows in (FIRST_LOOK, None):
        tests = [(name, kind) for name, kinds in hopes.items() for kind in kinds]
        seen = executor.rows(_query(relation, values, tests, rows))[0]
        held = dict(zip(tests, seen[len(values) :], strict=True))
        hopes = {name: [kind for kind in kinds if held[name, kind] is not False] for name, kinds in hopes.items()}
        present = dict(zip(values, seen, strict=False))
    return {name: (kinds[0] if (kinds := hopes[name]) else "VARCHAR") if present[name] else None for name in values}


def types_of(executor: Executor, texts: Iterable[str], read: Callable[[exp.Expr], exp.Expr]) -> dict[str, str | None]:
    """The type that each text has by itself, as that of a column with no other value; None where it is read as unknown.

    Args:
        executor: Where they are looked at, all of them in one statement.
        texts: What folders say, such as 2024-05-01.
        read: The value that a text stands for.
    """
    looked_at = sorted(set(texts))
    if not looked_at:
        return {}
    text = exp.column("text", quoted=True)
    value = read(text)
    kinds = [exp.If(this=_is(value, kind), true=exp.Literal.string(kind)) for kind in SHAPES]
    unknown = exp.If(this=value.copy().is_(exp.null()), true=exp.null())
    kind = exp.Case(ifs=[unknown, *kinds], default=exp.Literal.string("VARCHAR"))
    rows = exp.values([(exp.Literal.string(one),) for one in looked_at], alias="texts", columns=["text"])
    return dict(executor.rows(exp.select(text.copy(), kind).from_(rows)))


def _query(
    relation: exp.Expr, values: dict[str, exp.Expr], tests: list[tuple[str, str]], rows: int | None
) -> exp.Select:
    """For each column whether it has values, and for each column and type whether all of them have it."""
    places = {name: f"v{at}" for at, name in enumerate(values)}
    looked_at = exp.select(*(exp.alias_(value, places[name], quoted=True) for name, value in values.items())).from_(
        relation
    )
    if rows is not None:
        looked_at = looked_at.limit(rows)
    return exp.select(
        *(exp.Count(this=exp.column(place, quoted=True)) for place in places.values()),
        *(exp.Anonymous(this="bool_and", expressions=[_is(exp.column(places[n], quoted=True), k)]) for n, k in tests),
    ).from_(looked_at.subquery("looked_at"))


def _is(value: exp.Expr, kind: str) -> exp.Expr:
    shaped = exp.Anonymous(this="regexp_full_match", expressions=[value, exp.Literal.string(SHAPES[kind])])
    fits = exp.not_(exp.TryCast(this=value.copy(), to=kind_of(kind)).is_(exp.null()))
    return exp.Case(ifs=[exp.If(this=value.copy().is_(exp.null()), true=exp.null())], default=exp.and_(shaped, fits))
