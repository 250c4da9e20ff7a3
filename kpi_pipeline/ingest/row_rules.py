"""Row rules: the checks of a source that set aside the rows which fail them, before any of them is let in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.checks import AcceptedRange, AcceptedValues, CheckBase, Matches, NotNull, Relationships, Unique
from kpi_pipeline.checks.naming import check_names
from kpi_pipeline.checks.of_types import is_number
from kpi_pipeline.checks.result import MASK
from kpi_pipeline.errors import DefinitionError, KpiError, Problem
from kpi_pipeline.ingest import contract
from kpi_pipeline.ingest.contract import RowRule
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.ready import Ready
from kpi_pipeline.ingest.replaced import Everything, Replaced, going
from kpi_pipeline.names import TableRef
from kpi_pipeline.sql_parts import sql_call, sql_json, sql_table


@dataclass(frozen=True)
class _Row:
    """What the rules of a load are put to: the values of its rows as the raw table will have them."""

    load: Loading
    ready: Ready
    columns: Mapping[str, str]
    replaces: Replaced
    target: TableRef

    def spelled(self, name: str) -> str | None:
        """The column as the raw table spells it; None where it has none."""
        return next((one for one in self.columns if one.casefold() == name.casefold()), None)

    def value(self, name: str) -> exp.Expr:
        own = {column.name.casefold(): column for column in self.ready.columns}
        spelled = self.spelled(name) or name
        fitted = own.get(spelled.casefold())
        return fitted.as_type(self.columns[spelled]) if fitted else exp.null()

    def shown(self, name: str) -> exp.Expr:
        if name.casefold() in {column.casefold() for column in self.load.source.personal}:
            return exp.Literal.string(MASK)
        own = {column.name.casefold(): column for column in self.ready.columns}
        return own[name.casefold()].shown.copy() if name.casefold() in own else exp.null()

    def where(self, condition: exp.Expr) -> exp.Expr:
        """A condition over columns as one over the values of these rows."""
        names = {column.casefold() for column in self.columns}

        def put(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Column) and node.name.casefold() in names:
                return exp.Paren(this=self.value(node.name))
            return node

        return condition.copy().transform(put)


def row_rules(
    load: Loading, ready: Ready, columns: Mapping[str, str], replaces: Replaced, target: TableRef
) -> tuple[RowRule, ...]:
    """The checks with `severity: quarantine` that can be put to these rows.

    A check whose columns are not there, or are of another kind, is left to the checks on the whole table, which say so.
    Which rows come first with a key is asked last, of the rows that are to be loaded otherwise.
    """
    row = _Row(load, ready, columns, replaces, target)
    named = zip(check_names(load.source.checks), load.source.checks, strict=True)
    checks = [(name, one) for name, one in named if one.sets_aside]
    unfit = contract.any_misfit(ready.columns)
    rules: list[RowRule] = []
    for name, check in sorted(checks, key=lambda each: isinstance(each[1], Unique)):
        fits: list[exp.Expr] = [exp.not_(unfit.copy())] if unfit is not None else []
        if check.filter:
            condition = sqlglot.parse_one(check.filter, dialect="duckdb")
            if not all(row.spelled(column.name) for column in condition.find_all(exp.Column)):
                continue
            # NOTE: of a row for which the filter cannot be computed the check on the whole table says so.
            fits.append(sql_call("TRY", row.where(condition)))
        loaded = [*fits, *(exp.not_(one.misfit.copy()) for one in rules)]
        for column, fails, shown, reason in _asked(check, row, loaded):
            failing = exp.and_(*(one.copy() for one in fits), fails)
            rule = RowRule(name, column, exp.Coalesce(this=failing, expressions=[exp.false()]), shown, reason)
            _refuse_if_it_cannot_be_asked(row, check, rule)
            rules.append(rule)
    return tuple(rules)


def _refuse_if_it_cannot_be_asked(row: _Row, check: CheckBase, rule: RowRule) -> None:
    load = row.load
    try:
        load.executor.columns(exp.select(exp.alias_(rule.misfit.copy(), "misfit")).from_(row.ready.landed.relation))
    except KpiError:
        raise
    except Exception as problem:
        place = load.project.place("sources", load.source.name, "checks", str(load.source.checks.index(check)))
        said = str(problem).strip().splitlines()[0]
        text = f"Check '{rule.check}' of source '{load.source.name}' cannot be put to its rows: {said}"
        raise DefinitionError(
            [Problem(text, place, "is its filter a condition on columns of the source, of the right types?")]
        ) from problem


def _asked(check: CheckBase, row: _Row, loaded: Sequence[exp.Expr]) -> list[tuple[str, exp.Expr, exp.Expr, exp.Expr]]:
    """Column, condition of failing, value shown and reason, for each of the columns that a check is about."""
    if isinstance(check, NotNull):
        there = [name for name in check.columns if row.spelled(name)]
        missing = [(name, row.value(name).is_(exp.null()), exp.cast(exp.null(), "VARCHAR")) for name in there]
        return [(name, fails, shown, _text(f"'{name}' has no value")) for name, fails, shown in missing]
    if isinstance(check, Unique):
        return _seen_before(check, row, loaded) if all(row.spelled(name) for name in check.columns) else []
    assert isinstance(check, AcceptedRange | AcceptedValues | Matches | Relationships)
    column, spelled = check.column, row.spelled(check.column)
    if spelled is None:
        return []
    value, shown = row.value(column), row.shown(column)
    fails: exp.Expr
    match check:
        case AcceptedRange():
            if not is_number(row.columns[spelled]):
                return []
            limits: list[exp.Expr] = []
            if check.min is not None:
                limits.append(value < exp.convert(check.min))
            if check.max is not None:
                limits.append(value.copy() > exp.convert(check.max))
            fails, words = exp.or_(*limits), f"is not {_between(check)}"
        case AcceptedValues():
            among = exp.In(this=exp.cast(value, "VARCHAR"), expressions=[_text(one) for one in check.values])
            fails, words = exp.not_(among), f"is not one of {', '.join(check.values)}"
        case Matches():
            found = sql_call("regexp_matches", exp.cast(value, "VARCHAR"), _text(check.pattern))
            fails, words = exp.not_(found), f"does not match {check.pattern}"
        case Relationships():
            pointed = _not_found(check, row, value)
            if pointed is None:
                return []
            fails, words = pointed, f"is not found in '{check.field or check.column}' of {check.to}"
    return [(column, fails, shown, sql_call("concat", _text('"'), shown.copy(), _text(f'" {words}')))]


def _not_found(check: Relationships, row: _Row, value: exp.Expr) -> exp.Expr | None:
    """True for values that the other source does not have as it will be after this run; None where it has no rows."""
    executor = row.load.executor
    for place in ("staging", "raw"):
        other = TableRef(place, check.to)
        found = executor.table_columns(other)
        field = next((one for one in found if one.casefold() == (check.field or check.column).casefold()), None)
        if field:
            key = exp.column(field, quoted=True)
            keys = exp.select(key).distinct().from_(sql_table(other)).where(exp.not_(key.copy().is_(exp.null())))
            return exp.not_(value.copy().isin(query=keys))
    return None


def _seen_before(
    check: Unique, row: _Row, loaded: Sequence[exp.Expr]
) -> list[tuple[str, exp.Expr, exp.Expr, exp.Expr]]:
    """Rows whose key an earlier row has: of the same file or batch, of one before it, or of what was loaded before."""
    names = [row.spelled(name) or name for name in dict.fromkeys(check.columns)]
    landed, load = row.ready.landed, row.load
    key = _key(names, [row.value(name) for name in names])
    rank = exp.Window(
        this=exp.RowNumber(), partition_by=[exp.column("key")], order=exp.Order(expressions=[exp.column("number")])
    )
    own = exp.select(exp.alias_(landed.number.copy(), "number"), exp.alias_(key, "key")).from_(landed.relation)
    own = own.where(*(one.copy() for one in loaded))
    ranked = exp.select("number", "key", exp.alias_(rank, "place")).from_(own.subquery("own"))
    later = exp.select("number").from_(ranked.subquery("ranked")).where(exp.column("place") > 1)
    later = later.where(exp.not_(exp.column("key").is_(exp.null())))
    fails = [landed.number.copy().isin(query=later)]
    stored = _key(names, [exp.column(name, quoted=True) for name in names])
    fails.append(key.copy().isin(query=exp.select(stored).from_(sql_table(row.target))))
    if load.in_use and not isinstance(row.replaces, Everything) and all(name in load.in_use for name in names):
        stays = exp.select(stored.copy()).from_(sql_table(load.raw))
        fails.append(key.copy().isin(query=stays.where(exp.not_(going(row.replaces, row.target)))))
    shown = row.shown(names[0]) if len(names) == 1 else exp.cast(exp.null(), "VARCHAR")
    words = " and ".join(f"'{name}'" for name in names)
    return [(names[0], exp.or_(*fails), shown, _text(f"an earlier row has the same {words}"))]


def _key(names: Sequence[str], values: Sequence[exp.Expr]) -> exp.Expr:
    """The values that name a row, as one; of several columns, two missing values are the same."""
    if len(names) == 1:
        return values[0]
    texts = [exp.cast(value, "VARCHAR") for value in values]
    return exp.cast(sql_json(zip(names, texts, strict=True)), "VARCHAR")


def _between(check: AcceptedRange) -> str:
    if check.max is None:
        return f"at least {check.min:,g}"
    return f"at most {check.max:,g}" if check.min is None else f"between {check.min:,g} and {check.max:,g}"


def _text(value: str) -> exp.Literal:
    return exp.Literal.string(value)
