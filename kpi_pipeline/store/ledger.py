"""The tables of schema `state` that say which files were loaded and what each source holds.

State cannot be derived again, so it is only ever migrated, never dropped.
"""

from __future__ import annotations

from kpi_pipeline.errors import StorageError
from kpi_pipeline.plan import Executor

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE IF NOT EXISTS state.source_file (
            source VARCHAR NOT NULL, file VARCHAR NOT NULL, size BIGINT NOT NULL, modified_ns BIGINT NOT NULL,
            sha256 VARCHAR NOT NULL, rows BIGINT NOT NULL, quarantined BIGINT NOT NULL, loaded_at TIMESTAMPTZ NOT NULL,
            run_id VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL, columns VARCHAR NOT NULL)""",
        """CREATE TABLE IF NOT EXISTS state.source_state (
            source VARCHAR NOT NULL, version VARCHAR NOT NULL, rows BIGINT NOT NULL, complete_before DATE,
            newest_day DATE, fingerprint VARCHAR NOT NULL, loaded_at TIMESTAMPTZ NOT NULL, run_id VARCHAR NOT NULL)""",
    ),
)
"""The statements that lead from one version of the ledger to the next; new ones are added at the end."""


def prepare_ledger(executor: Executor) -> None:
    """Makes the ledger's tables, or brings those of an older version up to this one; doing it again changes nothing."""
    with executor.transaction():
        executor.run(
            "CREATE TABLE IF NOT EXISTS state.schema_version (component VARCHAR NOT NULL, version INTEGER NOT NULL)"
        )
        found = executor.rows("SELECT version FROM state.schema_version WHERE component = 'ledger'")
        version = int(found[0][0]) if found else 0
        if version > len(MIGRATIONS):
            raise StorageError(
                f"The warehouse's ledger has version {version}; this program knows versions up to {len(MIGRATIONS)}.\n"
                "Hint: a newer kpi_pipeline wrote it: upgrade this one."
            )
        if version == len(MIGRATIONS):
            return
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                executor.run(statement)
        executor.run("DELETE FROM state.schema_version WHERE component = 'ledger'")
        executor.run("INSERT INTO state.schema_version VALUES ('ledger', ?)", [len(MIGRATIONS)])
