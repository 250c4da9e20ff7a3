"""The SQL people write in definitions, parsed when loaded: what it may hold and where it goes wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from kpi_pipeline.load.fault import Fault
from kpi_pipeline.sql_guard import looks_elsewhere, too_deep

DIALECT = "duckdb"

CHANGING = frozenset({
    "random", "rand", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "now", "today", "current_date",
    "current_time", "current_timestamp", "get_current_timestamp", "get_current_time", "localtime",
    "localtimestamp", "current_localtime", "current_localtimestamp", "transaction_timestamp",
    "statement_timestamp", "clock_timestamp", "nextval", "currval", "setseed", "txid_current",
})  # fmt: skip
"""Functions whose answer changes from run to run."""

CHANGING_NODES = (
    exp.Rand,
    exp.Uuid,
    exp.CurrentDate,
    exp.CurrentTime,
    exp.CurrentTimestamp,
    exp.CurrentDatetime,
    exp.Localtime,
    exp.Localtimestamp,
)

UNNAMED_AGGREGATES = frozenset({
    "mad", "histogram", "product", "favg", "fsum", "sumkahan", "kahan_sum", "geomean", "geometric_mean",
    "list_agg", "approx_quantile", "approx_top_k", "reservoir_quantile", "arbitrary", "bitstring_agg",
    "weighted_avg", "entropy", "sem", "bit_and", "bit_or", "bit_xor", "count_star", "max_by", "min_by",
    "histogram_exact", "quantile",
})  # fmt: skip
"""Aggregates of DuckDB that the parser knows by name only."""

TOO_DEEP = Fault("is nested too deeply", hint="compute parts of it under names of their own, in the model's sql")
HARMLESS_TABLE_FUNCTIONS = frozenset({"generate_series", "range", "unnest", "explode", "generateseries"})


class SqlError(Exception):
    """The text is not SQL that can be used here."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.message)


@lru_cache(maxsize=4096)
def expression(text: str) -> exp.Expr:
    """The tree of an expression; SqlError where it is not one."""
    try:
        return _not_too_deep(sqlglot.parse_one(text, dialect=DIALECT, into=exp.Condition))
    except RecursionError:
        raise SqlError(TOO_DEEP) from None
    except (ParseError, TokenError) as problem:
        fault = _fault(problem, text)
        if re.match(r"(select|with|from)\b", text, re.IGNORECASE):
            hint = "an expression is not a query: write one value of a row, and put queries into a model's sql"
            fault = replace(fault, hint=hint)
        raise SqlError(fault) from None


@lru_cache(maxsize=1024)
def query(text: str) -> exp.Query:
    """The tree of one SELECT statement; SqlError where it is none, or more than one."""
    try:
        statements = [_not_too_deep(one) for one in sqlglot.parse(text, dialect=DIALECT) if one is not None]
    except RecursionError:
        raise SqlError(TOO_DEEP) from None
    except (ParseError, TokenError) as problem:
        raise SqlError(_fault(problem, text)) from None
    if len(statements) != 1:
        hint = "a model is ONE select statement"
        raise SqlError(Fault(f"holds {len(statements)} statements instead of one", hint=hint))
    if not isinstance(statements[0], exp.Query):
        word = text.split(maxsplit=1)[0].upper()
        raise SqlError(Fault(f"is a {word} statement instead of a SELECT", hint="a model only reads; write SELECT ..."))
    return statements[0]


def _not_too_deep(tree: exp.Expr) -> exp.Expr:
    if too_deep(tree):
        raise SqlError(TOO_DEEP)
    return tree


def _fault(problem: ParseError | TokenError, text: str) -> Fault:
    if isinstance(problem, TokenError) or not problem.errors:
        open_quote = next((quote for quote in "'\"" if text.count(quote) % 2), "'")
        line, column = _line_and_column(text, max(text.rfind(open_quote), 0))
        return Fault("has a quote that is never closed", line, column, "close it")
    error = problem.errors[0]
    highlight = str(error.get("highlight") or "")
    before = str(error.get("start_context") or "")
    line, end = int(error["line"] or 1), int(error["col"] or 1)
    column = max(end - len(highlight) + 1, 1)
    description = str(error["description"]).rstrip(".")
    if missing := re.search(r"Required keyword: '(\w+)' missing", description):
        unnamed = missing[1] in ("expression", "this", "high", "low")
        what = "something is missing" if unnamed else f"'{missing[1]}' is missing"
        return Fault(f"ends too early or lacks a part: after '{highlight}' {what}", line, column, _sql_hint(text))
    if description.startswith("Expecting"):
        return Fault(f"is not SQL: {description.lower()} after '{highlight}'", line, column, _sql_hint(text))
    after = f" after '{before.rsplit(maxsplit=1)[-1]}'" if before.split() else ""
    return Fault(f"is not SQL: '{highlight}' is not expected{after}", line, column, _sql_hint(text))


def _sql_hint(text: str) -> str | None:
    if re.fullmatch(r"[A-Za-z_]\w*( [A-Za-z_]\w*)+", text) and not re.search(
        r"\b(and|or|not|is|in)\b", text, re.IGNORECASE
    ):
        return f"a column with a blank in its name keeps its double quotes inside single ones: '\"{text}\"'"
    if re.search(r"[A-Za-z_]\w* [A-Z]\w*", text):
        return "a column with a blank in its name is written in double quotes"
    return None


def position(node: exp.Expr, text: str) -> tuple[int, int]:
    """Line and column of a part of a tree; the parser keeps them for names, and for some functions."""
    start = next((int(part.meta["start"]) for part in node.walk() if "start" in part.meta), None)
    if "start" in node.meta or not isinstance(node, exp.Func | exp.Query):
        return _line_and_column(text, start or 0)
    before = text[:start]
    word = r"\b(select|from|with)\b" if isinstance(node, exp.Query) else rf"\b{_function_name(node)}\s*\("
    *_, nearest = (-1, *(found.start() for found in re.finditer(word, before, re.IGNORECASE)))
    return _line_and_column(text, nearest if nearest >= 0 else start or 0)


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def changing(tree: exp.Expr, text: str) -> Iterator[Fault]:
    """A fault for each function whose answer is another one in every run."""
    for node in tree.walk():
        name = _function_name(node)
        if isinstance(node, CHANGING_NODES) or name in CHANGING:
            yield Fault(
                f"uses {_as_called(node, name)}, whose answer changes from run to run",
                *position(node, text),
                "a run must be repeatable: use a column, or the project's 'as_of'",
            )
        elif name == "age" and len(node.expressions) == 1:
            yield Fault("uses age() of one date, which counts from today", *position(node, text), "give it both dates")
        elif isinstance(node, exp.TableSample):
            yield Fault("takes a random sample", 1, 1, "a run must be repeatable: filter on a column")


def looking_elsewhere(tree: exp.Expr, text: str) -> Iterator[Fault]:
    """A fault for each function that looks at files, settings, the environment or the catalogue, or does something."""
    for node in tree.walk():
        called = None if isinstance(node.parent, exp.Table) else looks_elsewhere(node)
        if called:
            yield Fault(
                f"uses {called}, which looks at something else than rows",
                *position(node, text),
                "SQL reads columns; files are declared as a source, and values of the environment are written ${NAME}",
            )


def _as_called(node: exp.Expr, name: str) -> str:
    return f"{name}()" if isinstance(node, exp.Anonymous) else node.sql(dialect=DIALECT).lower()


def _function_name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def more_than_rows(tree: exp.Expr, text: str) -> Iterator[Fault]:
    """A fault for each part of an expression that needs more than the row at hand, or is not known when loading."""
    for node in tree.walk(prune=_is_too_much):
        if _is_too_much(node):
            message, hint = _too_much(node)
            yield Fault(message, *position(node, text), hint)


TOO_MUCH: tuple[tuple[tuple[type[exp.Expr], ...], str, str], ...] = (
    ((exp.Window,), "uses a window function (OVER), which looks at other rows", "compute it in the model's sql"),
    ((exp.Query, exp.Exists), "holds a query", "join it in the model's sql and use the column here"),
    ((exp.Star, exp.Columns), "uses *, which is not a value", "name the column; 'agg: count' needs no expr"),
    ((exp.Placeholder, exp.Parameter), "has a parameter in it", "write the value"),
    ((exp.Explode, exp.Unnest), "makes several rows of one (unnest)", "unnest in the model's sql"),
)


def _is_too_much(node: exp.Expr) -> bool:
    return _is_aggregate(node) or any(isinstance(node, types) for types, _, _ in TOO_MUCH)


def _too_much(node: exp.Expr) -> tuple[str, str]:
    for types, message, hint in TOO_MUCH:
        if isinstance(node, types):
            return message, hint
    one_row = "say how to aggregate in 'agg', and write only the value of one row here"
    return f"aggregates with {_function_name(node)}()", one_row


def _is_aggregate(node: exp.Expr) -> bool:
    return isinstance(node, exp.AggFunc) or _function_name(node) in UNNAMED_AGGREGATES


def columns_used(tree: exp.Expr) -> Iterator[exp.Column]:
    """The columns an expression names."""
    yield from tree.find_all(exp.Column)


def tables_read(tree: exp.Query) -> Iterator[exp.Table]:
    """The tables a query reads, without the ones it makes for itself by WITH."""
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            if _function_name(table.this) not in HARMLESS_TABLE_FUNCTIONS:
                yield table
        elif table.db or not _is_common_table(table):
            yield table


def _is_common_table(table: exp.Table) -> bool:
    """Whether a WITH around the table makes it: one written before it, or its own where that is RECURSIVE."""
    within: exp.Expr = table
    node: exp.Expr | None = table
    while node is not None:
        with_ = node.args.get("with_") or node.args.get("with")
        if with_ and any(one.alias.lower() == table.name.lower() for one in _made_before(with_, within)):
            return True
        if not isinstance(node, exp.With):
            within = node
        node = node.parent
    return False


def _made_before(with_: exp.Expr, within: exp.Expr) -> list[exp.Expr]:
    """The tables of a WITH that can be read where one of its queries, or the query behind it, stands."""
    made: list[exp.Expr] = with_.expressions
    at = next((place for place, one in enumerate(made) if one is within), None)
    return made if at is None else made[: at + bool(with_.args.get("recursive"))]
