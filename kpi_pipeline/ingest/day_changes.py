"""What a load changes, day by day: how many rows come, and how many that were there do not stay as they were.

Rows that merely came late and rows that were corrected are told apart by this, whatever way they came: a file written
anew with the same rows and three more gains three rows and loses none.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import expressions as exp
from sqlglot import parse_one

from kpi_pipeline.ingest.replaced import going
from kpi_pipeline.ingest.staged import DayChange, Staged, without_lineage
from kpi_pipeline.ingest.tables import full_name, full_names, kind_of, stands_for_lakehouse
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor
from kpi_pipeline.sql_parts import sql_call, sql_table


def day_changes(staged: Staged, executor: Executor) -> tuple[DayChange, ...]:
    """What accepting the staged rows will change, a day at a time; nothing where nothing was loaded before.

    Rows are the same where all columns are that both the old and the new table have. Days are compared by the sum of
    their rows' hashes first, and only those that differ row by row.
    """
    if staged.changes is not None:
        return staged.changes
    raw = TableRef("raw", staged.source)
    in_use = without_lineage(executor.table_columns(raw))
    if not in_use or stands_for_lakehouse(executor, raw):
        # NOTE: a view stands for rows in a lakehouse, where the source was until now.
        return ()
    kinds = full_names(staged.columns)
    both = {name: kinds[name] for name in in_use if name in kinds}
    day = staged.day or _NO_DAY
    if any(full_name(in_use.get(one.name, "")) != kinds.get(one.name) for one in day.find_all(exp.Column)):
        day = _NO_DAY
    was = _hashed(raw, both, in_use, day).where(going(staged.replaces, staged.rows))
    came = _hashed(staged.rows, both, both, day)
    found = executor.rows(_difference(was, came))
    return tuple(DayChange(*row) for row in found)


def _hashed(table: TableRef, wanted: Mapping[str, str], there: Mapping[str, str], day: exp.Expr) -> exp.Select:
    """Every row's day and the hash of its values, as values of the wanted types."""
    columns: list[exp.Expr] = []
    for name, kind in wanted.items():
        column: exp.Expr = exp.column(name, quoted=True)
        if full_name(there[name]) != kind:
            column = exp.TryCast(this=column, to=kind_of(kind))
        columns.append(column)
    made = sql_call("hash", *(columns or [exp.Literal.number(0)]))
    return exp.select(exp.alias_(day.copy(), "day"), exp.alias_(made, "hashed")).from_(sql_table(table))


def _difference(was: exp.Select, came: exp.Select) -> exp.Select:
    """For each day that differs how many rows it gained and lost, told by their hashes."""
    query = parse_one(_BY_DAY, dialect="duckdb", into=exp.Select)
    return query.with_("was", as_=was).with_("came", as_=came)


_NO_DAY = exp.cast(exp.null(), "DATE")
_BY_DAY = """
SELECT day, sum(greatest(balance, 0))::BIGINT AS gained, sum(greatest(-balance, 0))::BIGINT AS lost
FROM (
    SELECT sides.day, sides.hashed, sum(sides.side) AS balance
    FROM (SELECT day, hashed, -1 AS side FROM was UNION ALL SELECT day, hashed, 1 AS side FROM came) AS sides
    SEMI JOIN (
        SELECT day, sum(signed) AS difference
        FROM (
            SELECT day, -hashed::HUGEINT AS signed FROM was UNION ALL SELECT day, hashed::HUGEINT AS signed FROM came
        )
        GROUP BY day
    ) AS differing
    ON differing.day IS NOT DISTINCT FROM sides.day AND differing.difference <> 0
    GROUP BY sides.day, sides.hashed
)
GROUP BY day
HAVING sum(abs(balance)) > 0
ORDER BY day NULLS FIRST
"""
