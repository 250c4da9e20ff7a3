"""From the checks of the definitions to expectations of Great Expectations: the one place where both are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.checks import (
    AcceptedRange,
    AcceptedValues,
    CheckBase,
    ColumnTypes,
    ExpectationCheck,
    Matches,
    NoGaps,
    NotNull,
    Recency,
    Relationships,
    RowCount,
    SumEquals,
    Unique,
)
from kpi_pipeline.checks.naming import check_names
from kpi_pipeline.checks.of_types import is_number, is_time
from kpi_pipeline.errors import did_you_mean, listed
from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import Grain, moment_before
from kpi_pipeline.quality.targets import CheckTarget
from kpi_pipeline.sql_parts import sql_table

FLOATING = ("DOUBLE", "FLOAT")
ROUNDING = 1e-12
"""The share by which sums of floating-point numbers may differ: what adding them in another order leaves."""


class CannotCheck(Exception):
    """A check that cannot be made on this table; its text says why, in one sentence."""


@dataclass(frozen=True)
class Expected:
    """An expectation by its name in Great Expectations, with its arguments."""

    expectation: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class PlannedCheck:
    """A check as Great Expectations will make it: which rows it looks at and what it expects of them.

    `rows` is None where the check is about all rows of the table as they are. `personal` says that the check touches a
    personal column, so that nothing it saw may be shown. `shown` are the columns that tell which rows fail, where the
    rows are not the table's; `counts` is what such a row is.
    """

    name: str
    severity: Literal["error", "warn"]
    expected: str
    expectations: tuple[Expected, ...] = ()
    rows: exp.Select | None = None
    personal: bool = False
    unable: str | None = None
    shown: tuple[str, ...] = ()
    counts: str = "rows"


@dataclass(frozen=True)
class _Table:
    """What a translation needs to know of the table."""

    ref: TableRef
    columns: Mapping[str, str] = field(default_factory=dict)
    related: Mapping[str, TableRef] = field(default_factory=dict)
    related_columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    timezone: str = "UTC"
    in_memory: bool = False

    def column(self, name: str) -> str:
        """The column as the table spells it; SQL does not tell upper from lower case."""
        return _found(name, self.columns, str(self.ref))


@dataclass(frozen=True)
class _Translation:
    expected: str
    expectations: tuple[Expected, ...]
    rows: exp.Select | None = None
    shown: tuple[str, ...] = ()
    counts: str = "rows"


def plan_checks(
    target: CheckTarget,
    columns: Mapping[str, str],
    *,
    as_of: datetime,
    related_columns: Mapping[str, Mapping[str, str]] | None = None,
    in_memory: bool = False,
) -> tuple[PlannedCheck, ...]:
    """The checks of a table as expectations, in their order.

    Args:
        target: the table and its checks.
        columns: names and DuckDB types of the table's columns.
        as_of: what counts as now, for recency.
        related_columns: names and types of the columns of the tables that checks look in, by name of source or model.
        in_memory: whether the table is a frame, of which no rows can be asked for in SQL.
    """
    table = _Table(target.table, columns, target.related, related_columns or {}, target.timezone, in_memory)
    names = check_names(target.checks)
    return tuple(
        _planned(check, name, table, as_of, target.personal) for check, name in zip(target.checks, names, strict=True)
    )


def _planned(check: CheckBase, name: str, table: _Table, as_of: datetime, personal: Sequence[str]) -> PlannedCheck:
    written = check.model_dump_json().casefold()
    touches_personal = any(column.casefold() in written for column in personal)
    try:
        translated = _translated(check, table, as_of)
        own_rows = translated.counts == "rows"
        rows = _only(check.filter, translated.rows, table) if own_rows else translated.rows
        if rows and table.in_memory:
            raise CannotCheck("it needs SQL, which a frame in memory does not have")
    except CannotCheck as problem:
        return PlannedCheck(name, check.told_as, _title(check), personal=touches_personal, unable=str(problem))
    return PlannedCheck(
        name,
        check.told_as,
        translated.expected + _conditions(check, translated.counts),
        translated.expectations,
        rows,
        touches_personal,
        shown=translated.shown,
        counts=translated.counts,
    )


def _translated(check: CheckBase, table: _Table, as_of: datetime) -> _Translation:
    mostly = {"mostly": round(1 - check.tolerate, 12)} if check.tolerate and not check.sets_aside else {}
    match check:
        case NotNull():
            return _not_null(check, table, mostly)
        case Unique():
            return _unique(check, table, mostly)
        case AcceptedValues():
            return _accepted_values(check, table, mostly)
        case AcceptedRange():
            return _accepted_range(check, table, mostly)
        case Matches():
            return _matches(check, table, mostly)
        case Relationships():
            return _relationships(check, table, mostly)
        case Recency():
            return _recency(check, table, as_of)
        case RowCount():
            return _row_count(check)
        case ColumnTypes():
            return _column_types(check, table)
        case SumEquals():
            return _sum_equals(check, table)
        case NoGaps():
            return _no_gaps(check, table, mostly)
        case ExpectationCheck():
            return _in_its_own_words(check, mostly)
    raise CannotCheck(f"there is no translation for checks of type '{_title(check)}'")


def _not_null(check: NotNull, table: _Table, mostly: Mapping[str, float]) -> _Translation:
    columns = list(dict.fromkeys(table.column(name) for name in check.columns))
    return _Translation(
        f"a value in {listed(columns)}",
        tuple(Expected("expect_column_values_to_not_be_null", {"column": name, **mostly}) for name in columns),
    )


def _unique(check: Unique, table: _Table, mostly: Mapping[str, float]) -> _Translation:
    """Of several columns: each row says how many are like it, since to SQL no two missing values are the same."""
    columns = list(dict.fromkeys(table.column(name) for name in check.columns))
    words = f"no two rows with the same {listed(columns)}"
    if len(columns) == 1:
        return _Translation(words, (Expected("expect_column_values_to_be_unique", {"column": columns[0], **mostly}),))
    if table.in_memory:
        return _Translation(
            words,
            (
                Expected(
                    "expect_compound_columns_to_be_unique", {"column_list": columns, "ignore_row_if": "never", **mostly}
                ),
            ),
        )
    alike = f"rows with the same {', '.join(columns)}"
    counted = exp.Window(this=exp.Count(this=exp.Star()), partition_by=[exp.column(c, quoted=True) for c in columns])
    return _Translation(
        words,
        (Expected("expect_column_values_to_be_between", {"column": alike, "max_value": 1, **mostly}),),
        exp.select("*", counted.as_(alike, quoted=True)).from_(_from(table.ref)),
    )


def _accepted_values(check: AcceptedValues, table: _Table, mostly: Mapping[str, float]) -> _Translation:
    column = table.column(check.column)
    as_text = exp.cast(exp.column(column, quoted=True), "VARCHAR").as_(column, quoted=True)
    return _Translation(
        f"'{column}' to be one of {listed(check.values)}",
        (Expected("expect_column_values_to_be_in_set", {"column": column, "value_set": list(check.values), **mostly}),),
        None if table.columns[column] == "VARCHAR" else _all_but(column, as_text, table),
    )


def _accepted_range(check: AcceptedRange, table: _Table, mostly: Mapping[str, float]) -> _Translation:
    column = table.column(check.column)
    if not is_number(table.columns[column]):
        raise CannotCheck(f"'{column}' is {table.columns[column]}, and a range is of numbers")
    bounds = {"min_value": check.min, "max_value": check.max}
    return _Translation(
        f"'{column}' {_between(check.min, check.max)}",
        (Expected("expect_column_values_to_be_between", {"column": column, **bounds, **mostly}),),
    )


def _matches(check: Matches, table: _Table, mostly: Mapping[str, float]) -> _Translation:
    column = table.column(check.column)
    return _Translation(
        f"'{column}' to match {check.pattern}",
        (Expected("expect_column_values_to_match_regex", {"column": column, "regex": check.pattern, **mostly}),),
    )


def _relationships(check: Relationships, table: _Table, mostly: Mapping[str, float]) -> _Translation:
    """Each row says whether its key is found in the other table; the expectation is that it always is."""
    column = table.column(check.column)
    if check.to not in table.related:
        hint = did_you_mean(check.to, table.related)
        raise CannotCheck(f"there is no source or model '{check.to}'" + (f"; {hint}" if hint else ""))
    other = table.related[check.to]
    key = check.field or check.column
    if check.to in table.related_columns:
        key = _found(key, table.related_columns[check.to], str(other))
    answer = f"{column} is in {check.to}.{key}"
    same_key = exp.column(key, table="other", quoted=True).eq(exp.column(column, table="own", quoted=True))
    match_ = exp.select("1").from_(_from(other, "other")).where(same_key)
    rows = (
        exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier("own", quoted=True)))
        .select(exp.Exists(this=match_).as_(answer, quoted=True))
        .from_(_from(table.ref, "own"))
        .where(exp.column(column, table="own", quoted=True).is_(exp.null()).not_())
    )
    return _Translation(
        f"every '{column}' to be found in '{key}' of {check.to}",
        (Expected("expect_column_values_to_be_in_set", {"column": answer, "value_set": [True], **mostly}),),
        rows,
    )


def _recency(check: Recency, table: _Table, as_of: datetime) -> _Translation:
    """The newest moment, on the clock of the table's zone, against the same clock at the as-of moment."""
    column = table.column(check.column)
    local = _on_the_clock(column, table, table.timezone).as_(column, quoted=True)
    now = as_of.astimezone(ZoneInfo(table.timezone)).replace(tzinfo=None) if as_of.tzinfo else as_of
    oldest = moment_before(now, check.within)
    return _Translation(
        f"the newest '{column}' within {check.within} of {now:%Y-%m-%d %H:%M}",
        (Expected("expect_column_max_to_be_between", {"column": column, "min_value": oldest}),),
        exp.select(local).from_(_from(table.ref)),
    )


def _on_the_clock(column: str, table: _Table, zone: str) -> exp.Cast:
    """A day or moment as a clock in the zone shows it; one without a zone is on that clock already."""
    own: exp.Expr = exp.column(column, quoted=True)
    if table.columns[column] == "TIMESTAMP WITH TIME ZONE":
        # NOTE: the cast changes nothing here, and tells other engines what AT TIME ZONE begins with.
        own = exp.AtTimeZone(this=exp.cast(own, "TIMESTAMPTZ"), zone=exp.Literal.string(zone))
    return exp.cast(own, exp.DataType.build("TIMESTAMP", dialect="duckdb"))


def _sum_equals(check: SumEquals, table: _Table) -> _Translation:
    """One row with how far the two sums are apart; 0 where that is tolerated, or is what rounding leaves."""
    column = table.column(check.column)
    there, columns, conditions = table.ref, table.columns, check.field_filter or check.filter
    if check.to:
        if check.to not in table.related:
            hint = did_you_mean(check.to, table.related)
            raise CannotCheck(f"there is no source or model '{check.to}'" + (f"; {hint}" if hint else ""))
        there, columns, conditions = (
            table.related[check.to],
            table.related_columns.get(check.to, {}),
            check.field_filter,
        )
    field = _found(check.field or check.column, columns, str(there))
    kinds = {column: table.columns[column], field: columns[field]}
    for name, kind in kinds.items():
        if not is_number(kind):
            raise CannotCheck(f"'{name}' is {kind}, and only numbers can be added up")
    own = _total(column, table.ref, check.filter).subquery()
    other = _total(field, there, conditions).subquery()
    sums = exp.select(own.as_("own"), other.as_("other"))
    apart = exp.Abs(this=exp.column("own") - exp.column("other"))
    rounding = ROUNDING if any(kind in FLOATING for kind in kinds.values()) else 0
    larger = exp.Greatest(this=exp.Abs(this=exp.column("own")), expressions=[exp.Abs(this=exp.column("other"))])
    allowed = exp.cast(larger, "DOUBLE") * exp.Literal.number(repr(max(check.tolerate, rounding)))
    told = exp.Case().when(apart <= allowed, exp.Literal.number(0)).else_(apart.copy())
    words = f"the sum of '{column}'{_where(check.filter)} and that of '{field}'"
    words += f" in {check.to}" if check.to else ""
    grace = f", give or take {check.tolerate * 100:.6g}%" if check.tolerate else ""
    return _Translation(
        f"the difference between {words}{_where(check.field_filter)} to be 0{grace}",
        (Expected("expect_column_max_to_be_between", {"column": "difference", "max_value": 0}),),
        exp.select(exp.cast(told, "DOUBLE").as_("difference", quoted=True)).from_(sums.subquery("sums")),
        counts="sums",
    )


def _total(column: str, table: TableRef, condition: str | None) -> exp.Select:
    """The sum of a column over the rows for which a condition is true; 0 where there are none."""
    added = exp.Coalesce(this=exp.Sum(this=exp.column(column, quoted=True)), expressions=[exp.Literal.number(0)])
    rows = exp.select(added).from_(_from(table))
    return rows.where(_condition(condition)) if condition else rows


def _no_gaps(check: NoGaps, table: _Table, mostly: Mapping[str, float]) -> _Translation:
    """Each period from the first to the last says whether it has a row."""
    column = table.column(check.column)
    kind = table.columns[column]
    if not is_time(kind):
        raise CannotCheck(f"'{column}' is {kind}, and only days and moments lie in periods")
    zone = "UTC" if check.grain is Grain.hour else table.timezone
    unit = exp.Literal.string(check.grain.value)
    start = exp.Anonymous(this="date_trunc", expressions=[unit, _on_the_clock(column, table, zone)])
    rows = exp.select(exp.cast(start, "TIMESTAMP").as_("period")).distinct().from_(_from(table.ref))
    found = rows.where(exp.column(column, quoted=True).is_(exp.null()).not_())
    found = found.where(_condition(check.filter)) if check.filter else found
    ends = exp.select(exp.Min(this=exp.column("period")).as_("first"), exp.Max(this=exp.column("period")).as_("last"))
    first, last = exp.column("first"), exp.column("last")
    step = exp.Interval(this=exp.Literal.string("1"), unit=exp.var(check.grain.value.upper()))
    every = exp.Unnest(expressions=[exp.Anonymous(this="generate_series", expressions=[first, last, step])])
    periods = exp.select(every.as_("period")).from_("ends")
    same = exp.column("period", table="found").eq(exp.column("period", table="periods"))
    answer = "has a row"
    query = (
        exp.select(
            exp.column("period", table="periods").as_("period"),
            exp.column("period", table="found").is_(exp.null()).not_().as_(answer, quoted=True),
        )
        .from_("periods")
        .join("found", on=same, join_type="left")
        .with_("found", as_=found)
        .with_("ends", as_=ends.from_("found"))
        .with_("periods", as_=periods)
    )
    return _Translation(
        f"a row in every {check.grain} from the first '{column}' to the last",
        (Expected("expect_column_values_to_be_in_set", {"column": answer, "value_set": [True], **mostly}),),
        query,
        shown=("period",),
        counts=f"{check.grain}s",
    )


def _condition(text: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        raise CannotCheck(f"its filter is not a condition in SQL: {text}") from None


def _row_count(check: RowCount) -> _Translation:
    bounds = {"min_value": check.min, "max_value": check.max}
    return _Translation(
        f"the number of rows {_between(check.min, check.max)}",
        (Expected("expect_table_row_count_to_be_between", bounds),),
    )


def _column_types(check: ColumnTypes, table: _Table) -> _Translation:
    wanted = {table.column(name): _type_name(kind) for name, kind in check.columns.items()}
    return _Translation(
        ", ".join(f"'{name}' to be {kind}" for name, kind in wanted.items()),
        tuple(
            Expected("expect_column_values_to_be_of_type", {"column": name, "type_": kind})
            for name, kind in wanted.items()
        ),
    )


def _in_its_own_words(check: ExpectationCheck, mostly: Mapping[str, float]) -> _Translation:
    arguments = ", ".join(f"{name}: {value}" for name, value in check.arguments.items())
    words = check.expectation.removeprefix("expect_").replace("_", " ")
    return _Translation(
        f"{words} ({arguments})" if arguments else words,
        (Expected(check.expectation, {**mostly, **check.arguments}),),
    )


def _type_name(written: str) -> str:
    """The type as DuckDB's catalogue calls it: int -> INTEGER, numeric(18, 2) -> DECIMAL(18,2)."""
    try:
        text = exp.DataType.build(written, dialect="duckdb").sql(dialect="duckdb")
    except (sqlglot.errors.SqlglotError, ValueError):
        raise CannotCheck(f"'{written}' is not a type of DuckDB") from None
    name = {"INT": "INTEGER", "TEXT": "VARCHAR", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "REAL": "FLOAT"}.get(text)
    return name or text.replace(", ", ",")


def _only(condition: str | None, rows: exp.Select | None, table: _Table) -> exp.Select | None:
    """The rows for which the check's `filter` is true; what it selects from the table stays as it is."""
    if condition is None:
        return rows
    kept = exp.select("*").from_(_from(table.ref)).where(_condition(condition))
    if rows is None:
        return kept
    alias = rows.args["from_"].this.alias or "kept"
    return rows.from_(kept.subquery(exp.to_identifier(alias, quoted=True)))


def _all_but(column: str, replacement: exp.Expr, table: _Table) -> exp.Select:
    """The table's rows with one column replaced."""
    kept = [exp.column(name, quoted=True) for name in table.columns if name != column]
    return exp.select(*kept, replacement).from_(_from(table.ref))


def _from(table: TableRef, alias: str | None = None) -> exp.Expr:
    tree = sql_table(table)
    return exp.alias_(tree, alias, table=True, quoted=True) if alias else tree


def _found(name: str, known: Sequence[str] | Mapping[str, str], where: str) -> str:
    for column in known:
        if column.casefold() == name.casefold():
            return column
    hint = did_you_mean(name, known)
    raise CannotCheck(f"there is no column '{name}' in {where}" + (f"; {hint}" if hint else ""))


def _between(lowest: float | None, highest: float | None) -> str:
    if highest is None:
        return f"at least {lowest:,g}" if lowest is not None else "anything"
    return f"at most {highest:,g}" if lowest is None else f"between {lowest:,g} and {highest:,g}"


def _conditions(check: CheckBase, counts: str) -> str:
    if counts == "sums":
        return ""
    grace = f", but for {check.tolerate * 100:.6g}% of the {counts}" if check.tolerate and not check.sets_aside else ""
    return _where(check.filter) + grace


def _where(condition: str | None) -> str:
    return f" where {condition}" if condition else ""


def _title(check: CheckBase) -> str:
    kind = getattr(check, "expectation", None) or getattr(check, "type", "check")
    return str(kind)
