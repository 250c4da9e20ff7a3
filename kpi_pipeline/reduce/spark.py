"""Reductions as Spark writes them: what our SQL means in DuckDB, said so that Spark says the same.

The dialects are sqlglot's work. Here stands what it passes on unchanged though the two engines differ: in a word that
both know and read differently, or in a function that Spark does not have. Spark is asked in a session whose time zone
is UTC, as it is in our warehouse, and whose SQL follows the ANSI standard, which is Spark's default.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from sqlglot import ErrorLevel, TokenType, exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import UnsupportedError

from kpi_pipeline.errors import DefinitionError, Problem, listed
from kpi_pipeline.names import TableRef
from kpi_pipeline.sql_parts import CLOCK, GIVES, INSTANT


def spark_sql(query: exp.Expr, *, pretty: bool = False) -> str:
    """The query in Spark's SQL; DefinitionError where an expression of the definitions has no equivalent there.

    >>> import sqlglot
    >>> spark_sql(sqlglot.parse_one("SELECT amount / units FROM model.sales", read="duckdb"))
    'SELECT CAST(amount AS DOUBLE) / NULLIF(units, 0) FROM `model__sales` AS `sales`'
    """
    tree = query.copy()
    for rewrite in REWRITES:
        tree = _rewritten(tree, rewrite)
    try:
        text = tree.sql(dialect=Spark, unsupported_level=ErrorLevel.RAISE, pretty=pretty)
    except UnsupportedError as problem:
        raise _refused(f"something that Spark cannot do: {problem}") from None
    missing = sorted(functions_called(text) - KNOWN_TO_SPARK)
    if missing:
        raise _refused(f"{listed(missing)}, which Spark does not have")
    return text


def spark_view(table: TableRef) -> str:
    """The name of the temporary view that stands for one of our tables; like theirs it is the same in capitals.

    >>> spark_view(TableRef("model", "sale"))
    'model__sale'
    """
    return f"{table.schema}__{table.name}".lower()


def functions_called(text: str) -> frozenset[str]:
    """The functions that a text in Spark's SQL calls, in capital letters.

    >>> sorted(functions_called("SELECT SUM(a), `max`(b) FROM t WHERE c IN (1, 2)"))
    ['MAX', 'SUM']
    """
    tokens = Spark().tokenize(text)
    before = [None, *(token.token_type for token in tokens)]
    return frozenset(
        token.text.upper()
        for (token, after), last in zip(pairwise(tokens), before, strict=False)
        if after.token_type is TokenType.L_PAREN
        and last is not TokenType.ALIAS
        and (token.text[:1].isalpha() or token.text[:1] == "_")
        and token.text.upper() not in NO_FUNCTIONS
    )


def _rewritten(tree: exp.Expr, rewrite: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """The tree with every node rewritten, the inner ones first."""
    for node in reversed(list(tree.walk())):
        other = rewrite(node)
        if other is not node and node is tree:
            return other
        if other is not node:
            node.replace(other)
    return tree


def _refused(what: str) -> DefinitionError:
    hint = "write the expression with functions of standard SQL, or compute it in the model's source"
    return DefinitionError([Problem(f"An expression uses {what}.", None, hint)])


def _time_zone(node: exp.Expr) -> exp.Expr:
    """AT TIME ZONE turns a clock's time into an instant, or an instant into a clock's time.

    NOTE: DuckDB tells which by the type, which the text does not show; so whoever writes one says it, in the node, or
    casts what it begins with.

    >>> import sqlglot
    >>> spark_sql(sqlglot.parse_one("SELECT CAST(a AS TIMESTAMPTZ) AT TIME ZONE 'Europe/Paris' FROM t", read="duckdb"))
    "SELECT CONVERT_TIMEZONE('UTC', 'Europe/Paris', CAST(CAST(a AS TIMESTAMP) AS TIMESTAMP_NTZ)) FROM t"
    """
    if not isinstance(node, exp.AtTimeZone):
        return node
    zone, utc = node.args["zone"], exp.Literal.string("UTC")
    gives = node.meta.get(GIVES) or _given_by(node.this.unnest())
    if gives == INSTANT:
        return exp.cast(_converted(zone, utc, node.this.unnest()), "TIMESTAMPTZ")
    if gives == CLOCK:
        return _converted(utc, zone, exp.cast(node.this.unnest(), exp.DataType.Type.TIMESTAMPNTZ))
    raise _refused("AT TIME ZONE, of which Spark cannot tell whether it begins with a clock's time or an instant")


def _given_by(moment: exp.Expr) -> str | None:
    """What AT TIME ZONE makes of a moment whose type its text shows."""
    if isinstance(moment, exp.Cast) and moment.to.this is exp.DataType.Type.TIMESTAMPTZ:
        return CLOCK
    if isinstance(moment, exp.Cast) and moment.to.this is exp.DataType.Type.TIMESTAMP:
        return INSTANT
    return INSTANT if isinstance(moment, exp.Anonymous) and moment.name == "CONVERT_TIMEZONE" else None


def _converted(source: exp.Expr, target: exp.Expr, moment: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="CONVERT_TIMEZONE", expressions=[source, target, moment])


def _part_of_date(node: exp.Expr) -> exp.Expr:
    """Days of the week are counted from Sunday as 0 in DuckDB and as 1 in Spark; ISO's have other names."""
    if isinstance(node, exp.Anonymous) and len(node.expressions) == 1:
        called = node.name.lower()
        if called == "weekday":
            return _sunday_is_0(node.expressions[0])
        if called == "isodow":
            return _monday_is_1(node.expressions[0])
        if called in ISO_PARTS:
            return exp.Extract(this=exp.var(ISO_PARTS[called]), expression=node.expressions[0])
    if isinstance(node, exp.Anonymous) and node.name.lower() == "date_part":
        node = exp.Extract(this=exp.var(node.expressions[0].name), expression=node.expressions[1])
    if isinstance(node, exp.DayOfWeek):
        return _sunday_is_0(node.this)
    if isinstance(node, exp.DayOfWeekIso):
        return _monday_is_1(node.this)
    if isinstance(node, exp.Extract):
        part = node.name.lower()
        if part in ("dow", "dayofweek", "weekday"):
            return _sunday_is_0(node.expression)
        if part == "isodow":
            return _monday_is_1(node.expression)
        if part in ISO_PARTS:
            return exp.Extract(this=exp.var(ISO_PARTS[part]), expression=node.expression)
    return node


def _sunday_is_0(day: exp.Expr) -> exp.Expr:
    counted = exp.Anonymous(this="DAYOFWEEK", expressions=[day])
    return exp.paren(exp.Sub(this=counted, expression=exp.Literal.number(1)))


def _monday_is_1(day: exp.Expr) -> exp.Expr:
    since_monday = exp.Add(this=exp.Anonymous(this="DAYOFWEEK", expressions=[day]), expression=exp.Literal.number(5))
    rest = exp.Mod(this=exp.paren(since_monday), expression=exp.Literal.number(7))
    return exp.paren(exp.Add(this=rest, expression=exp.Literal.number(1)))


def _division(node: exp.Expr) -> exp.Expr:
    """Dividing by zero gives no value, where Spark would stop; decimals give a float, where Spark keeps decimals."""
    if not isinstance(node, exp.Div | exp.Mod | exp.IntDiv):
        return node
    divisor = node.expression
    if not (isinstance(divisor, exp.Literal) and divisor.is_number and float(divisor.this) != 0):
        divisor = exp.Nullif(this=divisor.unnest(), expression=exp.Literal.number(0))
    whole = node.this if isinstance(node, exp.Mod | exp.IntDiv) else exp.cast(node.this.unnest(), "DOUBLE")
    return type(node)(this=whole, expression=divisor)


def _filtered_window(node: exp.Expr) -> exp.Expr:
    """Spark filters aggregates, but not those over windows; a row that is not let through gives them nothing.

    >>> import sqlglot
    >>> spark_sql(sqlglot.parse_one("SELECT min(a) FILTER (WHERE b) OVER (PARTITION BY c) FROM t", read="duckdb"))
    'SELECT MIN(CASE WHEN b THEN a END) OVER (PARTITION BY c) FROM t'
    """
    if not (isinstance(node, exp.Window) and isinstance(node.this, exp.Filter)):
        return node
    made, condition = node.this.this.copy(), node.this.expression.this
    if not isinstance(made, exp.Min | exp.Max | exp.Sum | exp.Avg | exp.Count):
        return node
    value = exp.Literal.number(1) if isinstance(made.this, exp.Star) else made.this
    made.set("this", exp.case().when(condition.copy(), value.copy()))
    other = node.copy()
    other.set("this", made)
    return other


def _unordered_window(node: exp.Expr) -> exp.Expr:
    """Numbering rows in any order has to be said in Spark.

    >>> import sqlglot
    >>> spark_sql(sqlglot.parse_one("SELECT row_number() OVER (PARTITION BY a) FROM t", read="duckdb"))
    'SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY NULL) FROM t'
    """
    if not (isinstance(node, exp.Window) and isinstance(node.this, _PLACES) and not node.args.get("order")):
        return node
    other = node.copy()
    other.set("order", exp.Order(expressions=[exp.Ordered(this=exp.null(), nulls_first=True)]))
    return other


def _interval(node: exp.Expr) -> exp.Expr:
    """Spark knows no quarter as a length of time."""
    if isinstance(node, exp.Interval) and node.unit and node.unit.name.lower().rstrip("s") == "quarter":
        return exp.Interval(this=exp.Literal.string(str(int(node.name) * 3)), unit=exp.var("MONTH"))
    return node


def _type(node: exp.Expr) -> exp.Expr:
    """Types by other names; whole numbers without a sign, or of 128 bits, are the next larger kind of number."""
    if isinstance(node, exp.DataType) and node.this in TYPES:
        return exp.DataType.build(TYPES[node.this], dialect=Spark)
    return node


def _view(node: exp.Expr) -> exp.Expr:
    """A temporary view is in no schema, so the schema is part of its name.

    NOTE: without a name of its own it would no longer go by the name that columns are told apart by.
    """
    if isinstance(node, exp.Table) and node.db.lower() in VIEWS:
        view = exp.table_(spark_view(TableRef(node.db, node.name)), quoted=True)
        return exp.alias_(view, node.alias or node.name, table=True, quoted=True)
    return node


def _percentile(node: exp.Expr) -> exp.Expr:
    """NOTE: sqlglot would write PERCENTILE_APPROX, which is another number; Spark has the exact ones, too.

    Of values in rising order PERCENTILE is the same as PERCENTILE_CONT, which Sail rounds: its share to a millionth.
    """
    if isinstance(node, exp.WithinGroup) and isinstance(node.this, exp.PercentileCont | exp.PercentileDisc):
        [ordered] = node.expression.expressions
        if isinstance(node.this, exp.PercentileCont) and not ordered.args.get("desc"):
            return exp.Anonymous(this="PERCENTILE", expressions=[ordered.this, node.this.this])
        name = "PERCENTILE_CONT" if isinstance(node.this, exp.PercentileCont) else "PERCENTILE_DISC"
        exact = exp.Anonymous(this=name, expressions=[node.this.this])
        return exp.WithinGroup(this=exact, expression=node.expression)
    if isinstance(node, exp.PercentileCont | exp.PercentileDisc) and node.expression:
        order = exp.Order(expressions=[exp.Ordered(this=node.this)])
        return _percentile(exp.WithinGroup(this=type(node)(this=node.expression), expression=order))
    return node


def _boundaries(node: exp.Expr) -> exp.Expr:
    """From one moment to another DuckDB counts the hours or months that begin, Spark those that are over.

    NOTE: weeks are the exception: DuckDB counts sevens of days.
    """
    if not isinstance(node, exp.DateDiff):
        return node
    unit = exp.var(node.text("unit").upper() or "DAY")
    begins = exp.var("DAY") if unit.name == "WEEK" else unit
    begun = [exp.TimestampTrunc(this=one.unnest(), unit=begins.copy()) for one in (node.this, node.expression)]
    return exp.DateDiff(this=begun[0], expression=begun[1], unit=unit)


def _series(node: exp.Expr) -> exp.Expr:
    """A series as a table is an array laid out row by row, for each row of what stands before it."""
    if not (isinstance(node, exp.Table) and isinstance(node.this, exp.GenerateSeries)):
        return node
    rows = exp.Explode(this=node.this)
    if not isinstance(node.parent, exp.Join):
        return exp.Table(this=rows, alias=node.args.get("alias"))
    node.parent.set("kind", node.parent.args.get("kind") or "CROSS")
    return exp.Lateral(this=rows, alias=node.args.get("alias"))


REWRITES: tuple[Callable[[exp.Expr], exp.Expr], ...] = (
    _time_zone,
    _part_of_date,
    _division,
    _filtered_window,
    _unordered_window,
    _interval,
    _type,
    _view,
    _percentile,
    _boundaries,
    _series,
)
"""What is said otherwise in Spark, one after the other."""

VIEWS = ("raw", "model", "temp")
"""The schemas whose tables are temporary views in Spark."""

_PLACES = (exp.RowNumber, exp.Ntile, exp.Lag, exp.Lead)
"""What says where a row stands among others."""

ISO_PARTS = {"isoyear": "YEAROFWEEK", "weekofyear": "WEEK"}

TYPES = {
    exp.DataType.Type.TIMESTAMP: "TIMESTAMP_NTZ",
    exp.DataType.Type.INT128: "DECIMAL(38, 0)",
    exp.DataType.Type.UINT128: "DECIMAL(38, 0)",
    exp.DataType.Type.UBIGINT: "DECIMAL(20, 0)",
    exp.DataType.Type.UINT: "BIGINT",
    exp.DataType.Type.USMALLINT: "INT",
    exp.DataType.Type.UTINYINT: "SMALLINT",
}

NO_FUNCTIONS = frozenset({
    "ALL", "AND", "ANY", "AS", "BETWEEN", "BY", "CASE", "CHAR", "DECIMAL", "DISTINCT", "ELSE", "EXCEPT", "EXISTS",
    "FILTER", "FROM", "GROUP", "HAVING", "IN", "INTERSECT", "INTERVAL", "IS", "JOIN", "LIKE", "NOT", "ON", "OR", "OVER",
    "SELECT", "THEN", "UNION", "USING", "VALUES", "VARCHAR", "WHEN", "WHERE",
})  # fmt: skip
"""Words that may stand before a bracket and call nothing."""

KNOWN_TO_SPARK = frozenset({
    "ABS", "ACOS", "ADD_MONTHS", "ANY_VALUE", "APPROX_PERCENTILE", "ARRAY", "ARRAY_CONTAINS", "ARRAY_DISTINCT",
    "ARRAY_MAX", "ARRAY_MIN", "ARRAY_SIZE", "ASCII", "ASIN", "ATAN", "ATAN2", "AVG", "BIT_AND", "BIT_COUNT", "BIT_OR",
    "BIT_XOR", "BOOL_AND", "BOOL_OR", "CAST", "CBRT", "CEIL", "CEILING", "CHARACTER_LENGTH", "CHAR_LENGTH", "CHR",
    "COALESCE", "CONCAT", "CONCAT_WS", "CONTAINS", "CONVERT_TIMEZONE", "COS", "COUNT", "COUNT_IF", "CRC32", "DATE",
    "DATEDIFF", "DATE_ADD", "DATE_DIFF", "DATE_FORMAT", "DATE_PART", "DATE_SUB", "DATE_TRUNC", "DAY", "DAYNAME",
    "DAYOFMONTH", "DAYOFWEEK", "DAYOFYEAR", "DEGREES", "DENSE_RANK", "ELT", "ENDSWITH", "EVERY", "EXP", "EXPLODE",
    "EXTRACT", "FIND_IN_SET", "FIRST", "FIRST_VALUE", "FLOOR", "FORMAT_NUMBER", "FROM_UNIXTIME", "FROM_UTC_TIMESTAMP",
    "GET_JSON_OBJECT", "GREATEST", "HASH", "HLL_SKETCH_AGG", "HLL_SKETCH_ESTIMATE", "HLL_UNION_AGG", "HOUR", "IF",
    "IFNULL", "INITCAP", "INSTR", "ISNAN", "ISNULL", "LAG", "LAST", "LAST_DAY", "LAST_VALUE", "LEAD", "LEAST", "LEFT",
    "LENGTH", "LEVENSHTEIN", "LN", "LOCATE", "LOG", "LOG10", "LOG2", "LOWER", "LPAD", "LTRIM", "MAKE_DATE",
    "MAKE_TIMESTAMP", "MAX", "MAX_BY", "MD5", "MEDIAN", "MIN", "MINUTE", "MIN_BY", "MOD", "MONTH", "MONTHNAME",
    "MONTHS_BETWEEN", "NTILE", "NULLIF", "NVL", "PERCENTILE", "PERCENTILE_CONT", "PERCENTILE_DISC", "PI", "POSITION",
    "POW", "POWER", "QUARTER", "RADIANS", "RANK", "REGEXP_COUNT", "REGEXP_EXTRACT", "REGEXP_LIKE", "REGEXP_REPLACE",
    "REPEAT", "REPLACE", "REVERSE", "RIGHT", "RLIKE", "ROUND", "ROW_NUMBER", "RPAD", "RTRIM", "SECOND", "SEQUENCE",
    "SHA", "SHA1", "SHA2", "SIGN", "SIN", "SIZE", "SPLIT", "SPLIT_PART", "SQRT", "STARTSWITH", "STDDEV", "STDDEV_POP",
    "STDDEV_SAMP", "STRUCT", "SUBSTR", "SUBSTRING", "SUM", "TAN", "TIMESTAMPADD", "TIMESTAMPDIFF", "TIMESTAMP_MICROS",
    "TIMESTAMP_MILLIS", "TO_DATE", "TO_TIMESTAMP", "TO_UTC_TIMESTAMP", "TRANSLATE", "TRIM", "TRUNC", "TRY_CAST",
    "TRY_DIVIDE", "TRY_TO_TIMESTAMP", "UNIX_DATE", "UNIX_MICROS", "UNIX_MILLIS", "UNIX_SECONDS", "UNIX_TIMESTAMP",
    "UPPER", "VARIANCE", "VAR_POP", "VAR_SAMP", "WEEKOFYEAR", "XXHASH64", "YEAR",
})  # fmt: skip
"""Functions of Spark 3.5 and later that an expression may need; EXTRACT and CAST are written like functions."""
