"""Staging rows that come as they are: from a database, a function, dlt or an asset."""

from __future__ import annotations

import time
from dataclasses import replace

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError, counted
from kpi_pipeline.ingest import evolve, ledger
from kpi_pipeline.ingest.accept import drop_staged
from kpi_pipeline.ingest.arriving import Arriving, Since
from kpi_pipeline.ingest.columns import check_columns
from kpi_pipeline.ingest.connectors import SourceGone, arriving
from kpi_pipeline.ingest.day_changes import day_changes
from kpi_pipeline.ingest.land import Landed
from kpi_pipeline.ingest.land_rows import land_rows
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.quarantine import FOUND, row_key
from kpi_pipeline.ingest.ready import Ready, fitted
from kpi_pipeline.ingest.replaced import Everything, RowsOfFiles, RowsSince, is_since
from kpi_pipeline.ingest.settle import Intake, drop_scaffolds, settled
from kpi_pipeline.ingest.staged import Staged
from kpi_pipeline.ingest.tables import full_names, kind_of
from kpi_pipeline.ingest.window import start_of_window, taken_from
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import fingerprint
from kpi_pipeline.sources import AssetConnector, DatabaseConnector
from kpi_pipeline.sql_parts import sql_call, sql_table

PAUSES = (1.0, 5.0)
"""Seconds before a source that could not be reached is asked again; after the last time the load ends."""


def stage_rows(load: Loading) -> Staged:
    """Asks a source for its rows, or for those that may be new, and stages what the raw table becomes by them.

    Where they are what is there already, nothing changed. A connection that breaks is made again, and the rows are
    asked for from the beginning: what was read of them belongs to another moment.
    """
    if isinstance(load.source.connector, AssetConnector) and load.handed is None:
        return _as_it_is(load)
    for pause in PAUSES:
        try:
            return _staged(load)
        except SourceGone:
            time.sleep(pause)
    return _staged(load)


def _as_it_is(load: Loading) -> Staged:
    """Outside Dagster a source of an asset stays as Dagster loaded it last."""
    assert isinstance(load.source.connector, AssetConnector)
    key = load.source.connector.asset
    if load.state is None or not load.in_use:
        raise DataError(
            f"Source '{load.source.name}' is loaded from the Dagster asset {key}, which only Dagster can read.\n"
            f"Hint: materialize raw/{load.source.name} in Dagster once; then `kpi run` goes on with what is there."
        )
    when = f"{load.state.loaded_at:%Y-%m-%d %H:%M}"
    note = f"comes from the Dagster asset {key}, so it is loaded under Dagster only; it stays as of {when}"
    return Staged(load.source.name, False, load.state, columns=load.in_use, notes=(note,))


def _staged(load: Loading, window: Since | None = None) -> Staged:
    is_database = isinstance(load.source.connector, DatabaseConnector)
    if is_database and load.afresh and load.merges:
        # NOTE: a database says what there is; files and interfaces may say only what is new.
        load = replace(load, in_use={})
    since = window or start_of_window(load)
    listing: Ready | None = None
    with arriving(load, since) as rows:
        landed, notes = land_rows(load, rows), []
        if rows.covers == "since" and since is not None and not is_database:
            landed, since, left_out = taken_from(load, landed, since)
            notes += [f"{counted(left_out, 'row')} from before {since.value} came again and were left out"] * (
                left_out > 0
            )
        if load.source.load.deletions == "compare_keys" and load.in_use and rows.keys:
            listing = _listed(load, rows.keys())
        remembered = rows.remembered()
    evolve.check_names(load.source, landed.file.name, [column.name for column in landed.columns])
    ready = fitted(load, replace(landed, file=replace(landed.file, sha256=_signature(load, landed))))
    if load.in_use and rows.covers != "all" and not landed.records and listing is None:
        drop_scaffolds(load, [ready])
        return _unchanged(load, remembered, ())
    if not load.full:
        check_columns(load, [ready])
    if rows.covers != "all" and _must_read_all(load, ready):
        drop_scaffolds(load, [ready])
        return _staged(replace(load, full=True))
    intake = _intake(load, rows, since, ready, listing)
    result = settled(load, replace(intake, keys_there=listing, remembered=remembered, notes=tuple(notes)), [ready])
    if listing:
        drop_scaffolds(load, [listing])
    if rows.covers == "since" and since is not None:
        # NOTE: where the newest rows went, the window begins earlier, and what is in it now is read at once.
        later = start_of_window(load, result)
        if later is None or (later.kind == since.kind and _is_before(later, since)):
            drop_staged(result, load.executor)
            return _staged(load, later) if later else _staged(replace(load, full=True))
    return _if_changed(load, result)


def _is_before(one: Since, other: Since) -> bool:
    return bool(one.value < other.value)  # type: ignore[operator]  # two values of one column


def _intake(load: Loading, rows: Arriving, since: Since | None, ready: Ready, listing: Ready | None) -> Intake:
    """Which rows and misfits go for those that came."""
    if load.merges:
        return Intake(load.rows_of_keys, chains=True, misfits_going=_misfits_going(load, rows, since, ready, listing))
    if load.source.load.mode == "full" or rows.covers == "all":
        return Intake(Everything(), misfits_going=exp.true())
    going = _misfits_going(load, rows, since, ready, listing)
    if rows.covers == "since" and since is not None:
        stays = exp.not_(is_since(exp.column(since.column, quoted=True), since))
        return Intake(RowsSince(since), stays=stays, chains=True, misfits_going=going)
    return Intake(RowsOfFiles(()), stays=exp.true(), chains=True, misfits_going=going)


def _misfits_going(load: Loading, rows: Arriving, since: Since | None, ready: Ready, listing: Ready | None) -> exp.Expr:
    """True for misfits that were asked for again, of the window or by their key, and for those whose key is gone."""
    if rows.covers == "all" or load.afresh:
        return exp.true()
    going: exp.Expr = exp.false()
    if rows.covers == "since" and since is not None:
        written = exp.column("row_cursor", quoted=True)
        cursor = exp.TryCast(this=written, to=kind_of(since.kind))
        later = exp.Coalesce(
            this=written.copy() >= exp.Literal.string(str(since.value)), expressions=[exp.convert(since.or_unknown)]
        )
        in_window = is_since(cursor, replace(since, or_unknown=True))
        going = exp.Case(ifs=[exp.If(this=cursor.copy().is_(exp.null()), true=later)], default=in_window)
    quarantine = TableRef("quarantine", load.source.name)
    if load.merges and "row_key" in load.executor.table_columns(quarantine):
        key = exp.column("row_key", quoted=True)
        came = exp.select(row_key(load, ready)).from_(ready.landed.relation)
        goes: exp.Expr = key.copy().isin(query=came)
        if listing is not None:
            there = exp.select(row_key(load, listing)).from_(listing.landed.relation)
            goes = exp.or_(goes, exp.not_(key.copy().isin(query=there)))
        found = load.executor.rows(exp.select(key).from_(sql_table(quarantine)).where(goes))
        if found:
            going = exp.or_(going, exp.In(this=key.copy(), expressions=[exp.Literal.string(row[0]) for row in found]))
    return going


def _if_changed(load: Loading, result: Staged) -> Staged:
    """The same with only the days that really changed; or nothing, where rows and misfits are what they were."""
    if load.afresh or load.state is None or full_names(load.in_use) != full_names(result.columns):
        return result
    changes = day_changes(result, load.executor)
    result = replace(result, changes=changes)
    if changes:
        days = [one.day for one in changes if one.day is not None]
        return replace(result, touched=(min(days), max(days)) if len(days) == len(changes) else None)
    if _other_misfits(load, result):
        return result
    drop_staged(result, load.executor)
    return _unchanged(load, result.remembered, result.notes)


def _unchanged(load: Loading, remembered: str | None, notes: tuple[str, ...]) -> Staged:
    assert load.state is not None
    if remembered != ledger.remembered(load.executor, load.source.name):
        with load.executor.transaction():
            ledger.remember(load.executor, load.source.name, remembered)
    return Staged(load.source.name, False, load.state, columns=load.in_use, notes=notes)


def _other_misfits(load: Loading, result: Staged) -> bool:
    """Whether the rows in quarantine will be others than they are."""
    quarantine = TableRef("quarantine", load.source.name)
    there = load.executor.table_columns(quarantine)
    wanted = [exp.column(name, quoted=True) for name in FOUND if name != "line"]
    if not there:
        return bool(result.rows_quarantined)
    if any(column.name not in there for column in wanted):
        return True
    old = exp.select(*wanted).from_(sql_table(quarantine)).where(result.misfits_going or exp.true())
    new = exp.select(*(one.copy() for one in wanted)).from_(sql_table(result.quarantine))
    for one, other in ((old, new), (new, old)):
        query = exp.except_(one.copy(), other.copy(), distinct=False)
        if load.executor.rows(exp.select("*").from_(query.subquery("others")).limit(1)):
            return True
    return False


def _must_read_all(load: Loading, ready: Ready) -> bool:
    """Whether rows of before must be read, too: a type that was read off the values holds no longer."""
    for column in ready.columns:
        before = load.in_use.get(column.name)
        if before is None or column.declared or column.type is None or column.name in load.source.columns:
            continue
        if evolve.common_type(before, column.type) is None:
            return True
    return False


def _listed(load: Loading, rows: Arriving) -> Ready:
    """The keys of all rows there are, as the raw table has them."""
    return fitted(load, land_rows(load, rows, place="keys"))


def _signature(load: Loading, landed: Landed) -> str:
    """A name for the rows that came, whatever their order."""
    values = [column.value.copy() for column in landed.columns]
    row = sql_call("hash", *values) if values else exp.convert(0)
    total = exp.Sum(this=exp.cast(row, kind_of("HUGEINT")))
    found = load.executor.rows(exp.select(total, exp.Count(this=exp.Star())).from_(landed.relation))[0]
    return fingerprint([column.name for column in landed.columns], str(found[0]), int(found[1]))
