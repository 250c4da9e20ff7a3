"""Accepting: what was staged becomes what is in use, in one transaction."""

from __future__ import annotations

from sqlglot import expressions as exp

from kpi_pipeline.ingest import ledger
from kpi_pipeline.ingest.misfits import replace_misfits
from kpi_pipeline.ingest.replaced import Everything, going
from kpi_pipeline.ingest.staged import Staged
from kpi_pipeline.ingest.tables import STAYS_THERE, create_as, create_view, drop, drop_if, kind_of
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor
from kpi_pipeline.sql_parts import sql_call, sql_table


def accept(staged: Staged, executor: Executor) -> None:
    """Swaps the staged rows in, keeps the rows that did not fit, and remembers the files: all of it or nothing.

    Rows that stay are not touched, so a day's file takes as long beside ten million rows as beside none.
    """
    if not staged.changed:
        return
    with executor.transaction():
        if staged.stays_there:
            _stand_for(staged, executor)
            ledger.remember(executor, staged.source, staged.remembered)
            ledger.write(executor, staged.state, staged.files)
            return
        _swap_rows(staged, executor)
        replace_misfits(staged, executor)
        ledger.note_load(executor, staged)
        ledger.remember(executor, staged.source, staged.remembered)
        ledger.write(executor, staged.state, staged.files)
        drop_staged(staged, executor)


def _swap_rows(staged: Staged, executor: Executor) -> None:
    raw, rows = TableRef("raw", staged.source), exp.select("*").from_(sql_table(staged.rows))
    if isinstance(staged.replaces, Everything):
        drop_if(executor, raw, "VIEW")
        create_as(executor, raw, rows)
        return
    executor.run(exp.delete(sql_table(raw), where=going(staged.replaces, staged.rows)))
    executor.run(exp.Insert(this=sql_table(raw), expression=rows, by_name=True))


def _stand_for(staged: Staged, executor: Executor) -> None:
    """Makes a view with the columns that the rows have where they stay; whoever reads it here is refused.

    So expressions are tried and columns looked up as of any source, and nothing takes it for a table without rows.
    """
    raw = TableRef("raw", staged.source)
    refused = sql_call("error", exp.Literal.string(f"the rows of {raw} {STAYS_THERE}"))
    # NOTE: in every column, too: a condition on one that is known to be nothing is never asked of any row.
    columns = [
        exp.alias_(exp.Cast(this=refused.copy(), to=kind_of(kind)), name, quoted=True)
        for name, kind in staged.columns.items()
    ]
    drop_if(executor, raw, "TABLE")
    create_view(executor, raw, exp.select(*columns).where(exp.not_(refused.is_(exp.null()))))


def drop_staged(staged: Staged, executor: Executor) -> None:
    """Drops what was staged of a source: it is in use now, or nobody wants it."""
    drop(executor, staged.table, kind="VIEW")
    for table in (staged.rows, staged.quarantine, staged.gone):
        drop(executor, table)


def clear_leftovers(executor: Executor) -> None:
    """Drops what an earlier run left in staging: it was cut short, or the checks did not let the rows in."""
    found = executor.rows(
        "SELECT table_name, table_type FROM information_schema.tables "
        "WHERE table_schema = 'staging' AND table_catalog = current_database()"
    )
    with executor.transaction():
        for name, kind in found:
            drop(executor, TableRef("staging", name), kind="VIEW" if kind == "VIEW" else "TABLE")
