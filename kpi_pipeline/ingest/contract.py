"""The contract: what each column must be, how its values are made so, and what is said of those that cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import expressions as exp

from kpi_pipeline.checks.result import MASK
from kpi_pipeline.ingest.land import Column
from kpi_pipeline.ingest.tables import kind_of
from kpi_pipeline.sources import ColumnType, Source

DECIMAL = "DECIMAL(18, 4)"
"""Money and other exact amounts: four places hold every currency, and the product of two still fits into 38 digits."""

TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": DECIMAL,
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
WORDS = {
    "integer": "a whole number",
    "decimal": "an amount with at most four places",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "timestamp": "a timestamp",
}
TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")
ZONE_OFFSET = r".*\d\s?(Z|[+-]\d{2}(:?\d{2})?)"


@dataclass(frozen=True)
class Fitted:
    """A column as it goes into the raw table, and which of its values do not fit."""

    name: str
    value: exp.Expr
    type: str | None
    """None for a column without values whose type anything may decide."""
    declared: bool
    """Whether file or contract say the type, rather than the values that happen to be there."""
    shown: exp.Expr
    """The value as people see it in quarantine: as it was written, or masked."""
    misfit: exp.Expr | None = None
    """True for values that do not fit; never NULL."""
    reason: exp.Expr | None = None
    written: exp.Expr | None = None
    """The text as it was written, where its type was read off the values."""

    def as_type(self, kind: str) -> exp.Expr:
        """The value in the type that the raw table has; as text it is what was written, not a number written anew."""
        value = self.written if self.written is not None and kind == "VARCHAR" else self.value
        return _cast(value, kind)


@dataclass(frozen=True)
class RowRule:
    """A check of the source as it is put to the rows of a file or batch, to set aside those that fail it."""

    check: str
    """The name that the check is reported under."""
    column: str
    misfit: exp.Expr
    """True for rows that fail it, of those whose values have their types; never NULL."""
    shown: exp.Expr
    """The value as people see it in quarantine."""
    reason: exp.Expr


def cleaned(source: Source, column: Column) -> exp.Expr:
    """The column's value, unknown where it is one of the source's words for unknown."""
    if not source.null_values or (column.type or "VARCHAR") != "VARCHAR":
        return column.value
    unknown = exp.In(
        this=_trimmed(column.value), expressions=[exp.Literal.string(word.strip()) for word in source.null_values]
    )
    return exp.Case(ifs=[exp.If(this=unknown, true=exp.null())], default=column.value.copy())


def fit(source: Source, column: Column, inferred: str | None, *, zone: str) -> Fitted:
    """The column with the type that the contract asks for, or else with its own."""
    wanted = source.columns.get(column.name)
    if column.odd is not None:
        if wanted is None or wanted.type != "text":
            return _without_odd(source, column, inferred, zone)
        column = replace(column, value=column.as_written, type="VARCHAR", odd=None)
    value = cleaned(source, column)
    is_key = column.name in source.load.key
    masked = column.name in source.personal
    shown: exp.Expr = exp.Literal.string(MASK) if masked else exp.cast(column.value.copy(), "VARCHAR")
    if wanted is None:
        result, kind = value, column.type or inferred
        if column.type is None and inferred not in (None, "VARCHAR"):
            result = _cast(_trimmed(value), inferred or "VARCHAR")
        declared = column.type is not None
        written = None if declared else value
        if not is_key:
            return Fitted(column.name, result, kind, declared, shown, written=written)
        missing = result.copy().is_(exp.null())
        return Fitted(column.name, result, kind, declared, shown, missing, _key_is_empty(column.name), written)
    present = value
    if column.type in (None, "VARCHAR") and wanted.type != "text":
        present = exp.Nullif(this=_trimmed(value), expression=exp.Literal.string(""))
    result = _converted(present, column.type or "VARCHAR", wanted, zone)
    kind = _type_of(column.type or "VARCHAR", wanted)
    misfit: exp.Expr = exp.and_(exp.not_(present.copy().is_(exp.null())), result.copy().is_(exp.null()))
    reason = _concat(_quoted(shown), exp.Literal.string(f" is not {_in_words(wanted)}"))
    if is_key:
        empty = present.copy().is_(exp.null())
        reason = exp.Case(ifs=[exp.If(this=empty, true=_key_is_empty(column.name))], default=reason)
        misfit = result.copy().is_(exp.null())
    if wanted.type == "text" and not is_key:
        return Fitted(column.name, result, kind, True, shown)
    return Fitted(column.name, result, kind, True, shown, misfit, reason)


def _without_odd(source: Source, column: Column, inferred: str | None, zone: str) -> Fitted:
    """The column where values that its own type cannot hold do not fit, beside those that the contract refuses."""
    fitted = fit(source, replace(column, odd=None), inferred, zone=zone)
    assert column.odd is not None
    is_odd = exp.not_(column.odd.copy().is_(exp.null()))
    shown: exp.Expr = exp.Literal.string(MASK) if column.name in source.personal else column.odd.copy()
    reason = _concat(_quoted(shown), exp.Literal.string(f" is not {_of_kind(fitted.type or '')}"))
    return replace(
        fitted,
        shown=exp.Case(ifs=[exp.If(this=is_odd, true=shown)], default=fitted.shown),
        misfit=exp.or_(is_odd, fitted.misfit) if fitted.misfit is not None else is_odd,
        reason=exp.Case(ifs=[exp.If(this=is_odd.copy(), true=reason)], default=fitted.reason or exp.null()),
    )


def _of_kind(kind: str) -> str:
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return "a day or moment of the years 1 to 9999"
    return f"a number that {kind} holds"


def any_misfit(columns: tuple[Fitted, ...], rules: tuple[RowRule, ...] = ()) -> exp.Expr | None:
    """True for rows with a value that does not fit, or that fail a rule; None where every row must fit."""
    every: tuple[Fitted | RowRule, ...] = (*columns, *rules)
    misfits = [one.misfit.copy() for one in every if one.misfit is not None]
    return exp.or_(*misfits) if misfits else None


def first_misfit(columns: tuple[Fitted, ...], rules: tuple[RowRule, ...] = ()) -> dict[str, exp.Expr]:
    """For rows that do not fit: the first such column, its value, the reasons of all such columns, and the check."""
    every: tuple[Fitted | RowRule, ...] = (*columns, *rules)
    bad = [(one.misfit, _named(one), one.shown, one.reason) for one in every if one.misfit is not None]
    reasons = [
        exp.Case(ifs=[exp.If(this=misfit.copy(), true=reason.copy() if reason else exp.null())])
        for misfit, _, _, reason in bad
    ]
    checks = [exp.If(this=one.misfit.copy(), true=exp.Literal.string(one.check)) for one in rules]
    return {
        "column_name": exp.Case(ifs=[exp.If(this=misfit.copy(), true=name) for misfit, name, _, _ in bad]),
        "value": exp.Case(ifs=[exp.If(this=misfit.copy(), true=shown.copy()) for misfit, _, shown, _ in bad]),
        "reason": exp.Anonymous(this="concat_ws", expressions=[exp.Literal.string("; "), *reasons]),
        "check_name": exp.Case(ifs=checks) if checks else exp.null(),
    }


def _named(one: Fitted | RowRule) -> exp.Expr:
    return exp.Literal.string(one.column if isinstance(one, RowRule) else one.name)


def _converted(value: exp.Expr, kind: str, wanted: ColumnType, zone: str) -> exp.Expr:
    """The value as the type wanted, NULL where it is none; nothing is rounded or cut off to make it fit."""
    if kind == "VARCHAR":
        return _from_text(value, wanted, zone)
    target = _type_of(kind, wanted)
    if wanted.type == "integer" and kind.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        whole = value.copy().eq(exp.Anonymous(this="trunc", expressions=[value.copy()]))
        return _only_if(whole, _try_cast(value, target))
    if wanted.type == "date" and kind.startswith("TIMESTAMP"):
        day = _try_cast(value, "DATE")
        return _only_if(_cast(day, kind).eq(value.copy()), day)
    return _try_cast(value, target)


def _from_text(value: exp.Expr, wanted: ColumnType, zone: str) -> exp.Expr:
    kind = _type_of("VARCHAR", wanted)
    if wanted.type == "text":
        return value.copy()
    if wanted.format:
        parsed = exp.Anonymous(this="try_strptime", expressions=[value.copy(), exp.Literal.string(wanted.format)])
        return _try_cast(parsed, kind)
    if wanted.type == "integer":
        return _only_if(_looks_like(value, r"[+-]?\d+(\.0*)?"), _try_cast(value, kind))
    if wanted.type == "decimal":
        return _only_if(_looks_like(value, r"[+-]?(\d+(\.\d{0,4}0*)?|\.\d{1,4}0*)"), _try_cast(value, kind))
    if wanted.type == "number":
        return _only_if(_looks_like(value, r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"), _try_cast(value, kind))
    if wanted.type == "boolean":
        low = exp.Lower(this=value.copy())
        return exp.Case(
            ifs=[
                exp.If(this=_one_of(low, TRUE), true=exp.true()),
                exp.If(this=_one_of(low, FALSE), true=exp.false()),
            ]
        )
    if wanted.type == "date":
        return _only_if(_looks_like(value, r"\d{4}-\d{1,2}-\d{1,2}([ T]0?0:00(:00(\.0+)?)?)?"), _try_cast(value, kind))
    local = exp.AtTimeZone(this=_try_cast(value, "TIMESTAMPTZ"), zone=exp.Literal.string(zone))
    return exp.Case(
        ifs=[
            exp.If(this=_looks_like(value, r"\d{4}-\d{1,2}-\d{1,2}"), true=_try_cast(value, kind)),
            exp.If(this=_looks_like(value, ZONE_OFFSET), true=local),
            exp.If(this=_looks_like(value, r"\d{4}-\d{1,2}-\d{1,2}[ T][\d:.]+"), true=_try_cast(value, kind)),
        ]
    )


def _type_of(kind: str, wanted: ColumnType) -> str:
    """The raw column's type: a moment that says its zone keeps it."""
    zoned = kind == "TIMESTAMP WITH TIME ZONE" or "%z" in (wanted.format or "") or "%Z" in (wanted.format or "")
    return "TIMESTAMP WITH TIME ZONE" if wanted.type == "timestamp" and zoned else TYPES[wanted.type]


def _in_words(wanted: ColumnType) -> str:
    words = WORDS.get(wanted.type, "text")
    return f"{words} written as {wanted.format}" if wanted.format else words


def _key_is_empty(name: str) -> exp.Expr:
    return exp.Literal.string(f"the key '{name}' is empty")


def _trimmed(value: exp.Expr) -> exp.Expr:
    return exp.Trim(this=value.copy())


def _cast(value: exp.Expr, kind: str) -> exp.Expr:
    return exp.cast(value.copy(), kind_of(kind))


def _try_cast(value: exp.Expr, kind: str) -> exp.Expr:
    return exp.TryCast(this=value.copy(), to=kind_of(kind))


def _looks_like(value: exp.Expr, pattern: str) -> exp.Expr:
    return exp.Anonymous(this="regexp_full_match", expressions=[value.copy(), exp.Literal.string(pattern)])


def _one_of(value: exp.Expr, words: tuple[str, ...]) -> exp.Expr:
    return exp.In(this=value.copy(), expressions=[exp.Literal.string(word) for word in words])


def _only_if(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=condition, true=value)])


def _quoted(value: exp.Expr) -> exp.Expr:
    return _concat(exp.Literal.string('"'), value.copy(), exp.Literal.string('"'))


def _concat(*parts: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="concat", expressions=list(parts))
