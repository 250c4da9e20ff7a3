"""The tables of schema `state`: what cannot be derived again. It is only ever migrated, never dropped."""

from __future__ import annotations

import duckdb

from kpi_pipeline.errors import StorageError
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE state.source_file (
            source VARCHAR NOT NULL, file VARCHAR NOT NULL, size BIGINT NOT NULL, modified_ns BIGINT NOT NULL,
            sha256 VARCHAR NOT NULL, rows BIGINT NOT NULL, quarantined BIGINT NOT NULL, loaded_at TIMESTAMPTZ NOT NULL,
            run_id VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL, columns VARCHAR NOT NULL)""",
        """CREATE TABLE state.source_state (
            source VARCHAR NOT NULL, version VARCHAR NOT NULL, rows BIGINT NOT NULL, complete_before DATE,
            newest_day DATE, fingerprint VARCHAR NOT NULL, loaded_at TIMESTAMPTZ NOT NULL, run_id VARCHAR NOT NULL)""",
        """CREATE TABLE state.reduction (
            reduction VARCHAR PRIMARY KEY, fingerprint VARCHAR NOT NULL, inputs VARCHAR NOT NULL, first_day DATE,
            last_day DATE, row_count BIGINT NOT NULL, made_at TIMESTAMPTZ NOT NULL)""",
        """CREATE TABLE state.made (name VARCHAR PRIMARY KEY, version VARCHAR NOT NULL)""",
        """CREATE TABLE state.run (
            run_id VARCHAR PRIMARY KEY, started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ,
            status VARCHAR NOT NULL, definition_version VARCHAR NOT NULL, rows_read BIGINT, rows_quarantined BIGINT,
            values_computed BIGINT, values_restated BIGINT, up_to_date_key VARCHAR)""",
        """CREATE TABLE state.run_stage (
            run_id VARCHAR NOT NULL, stage VARCHAR NOT NULL, seconds DOUBLE NOT NULL, peak_mb DOUBLE,
            rows_out BIGINT)""",
        """CREATE TABLE state.checked (asset VARCHAR PRIMARY KEY, about VARCHAR NOT NULL)""",
        """CREATE TABLE state.check_result (
            asset VARCHAR NOT NULL, check_name VARCHAR NOT NULL, severity VARCHAR NOT NULL, passed BOOLEAN NOT NULL,
            observed VARCHAR NOT NULL, expected VARCHAR NOT NULL, failing_rows BIGINT NOT NULL,
            checked_at TIMESTAMPTZ NOT NULL)""",
    ),
    (
        """CREATE TABLE state.frozen_grade (
            goal VARCHAR NOT NULL, kpi VARCHAR NOT NULL, objective_end DATE NOT NULL, period_label VARCHAR NOT NULL,
            value DOUBLE NOT NULL, baseline DOUBLE, target DOUBLE, grade DOUBLE NOT NULL,
            frozen_at TIMESTAMPTZ NOT NULL)""",
    ),
    (
        """CREATE TABLE state.seen (
            event VARCHAR NOT NULL, about VARCHAR NOT NULL, period VARCHAR NOT NULL, status VARCHAR NOT NULL)""",
        """CREATE TABLE state.notice (
            key VARCHAR NOT NULL, event VARCHAR NOT NULL, about VARCHAR NOT NULL, period VARCHAR NOT NULL,
            status VARCHAR NOT NULL, receiver VARCHAR NOT NULL, title VARCHAR NOT NULL, body VARCHAR NOT NULL,
            noted_at TIMESTAMPTZ NOT NULL, tries INTEGER NOT NULL, told_at TIMESTAMPTZ, given_up_at TIMESTAMPTZ,
            problem VARCHAR)""",
    ),
    (
        """CREATE TABLE state.evidence (
            kpi VARCHAR NOT NULL, leads_kpi VARCHAR NOT NULL, grain VARCHAR NOT NULL, expected_lag BIGINT NOT NULL,
            expected_sign VARCHAR NOT NULL, breakdown VARCHAR NOT NULL, segment VARCHAR NOT NULL,
            verdict VARCHAR NOT NULL, reason_code VARCHAR, measured_lag BIGINT, measured_sign VARCHAR,
            correlation DOUBLE, p_value DOUBLE, p_adjusted DOUBLE, granger_p DOUBLE, reverse_p DOUBLE, skill DOUBLE,
            skill_low DOUBLE, skill_high DOUBLE, skill_p DOUBLE, periods BIGINT, stability DOUBLE,
            detail VARCHAR NOT NULL, input_hash VARCHAR NOT NULL, tested_at TIMESTAMPTZ NOT NULL,
            run_id VARCHAR NOT NULL)""",
    ),
    (
        """CREATE TABLE state.kpi_value_history (
            kpi VARCHAR NOT NULL, grain VARCHAR NOT NULL, period_start DATE NOT NULL, period_end DATE NOT NULL,
            last_day DATE NOT NULL, period_label VARCHAR NOT NULL, period_start_utc TIMESTAMPTZ NOT NULL,
            breakdown VARCHAR NOT NULL, segment VARCHAR NOT NULL, value DOUBLE, numerator DOUBLE, denominator DOUBLE,
            sample_size BIGINT, target DOUBLE, target_low DOUBLE, target_high DOUBLE, target_provenance VARCHAR,
            attainment DOUBLE, variance DOUBLE, status VARCHAR NOT NULL, status_rule VARCHAR,
            is_complete BOOLEAN NOT NULL, recorded_at TIMESTAMPTZ NOT NULL, superseded_at TIMESTAMPTZ,
            reason VARCHAR)""",
        """CREATE TABLE state.kpi_said (
            kpi VARCHAR NOT NULL, number_version VARCHAR NOT NULL, target_version VARCHAR NOT NULL,
            rule_version VARCHAR NOT NULL, program VARCHAR NOT NULL, source_change BIGINT NOT NULL)""",
        """CREATE TABLE state.source_change (
            number BIGINT NOT NULL, source VARCHAR NOT NULL, day DATE, gained BIGINT NOT NULL, lost BIGINT NOT NULL,
            noted_at TIMESTAMPTZ NOT NULL)""",
        """ALTER TABLE state.run ADD COLUMN published_at TIMESTAMPTZ""",
        """ALTER TABLE state.source_file ADD COLUMN tag VARCHAR DEFAULT ''""",
        """ALTER TABLE state.evidence ADD COLUMN remarks VARCHAR""",
        """ALTER TABLE state.evidence ADD COLUMN stands_out DOUBLE""",
        """ALTER TABLE state.evidence ADD COLUMN both_made_of VARCHAR""",
        """CREATE TABLE state.connector_state (source VARCHAR NOT NULL, remembered VARCHAR NOT NULL)""",
        """CREATE TABLE state.source_load (
            source VARCHAR NOT NULL, run_id VARCHAR NOT NULL, loaded_at TIMESTAMPTZ NOT NULL, how VARCHAR NOT NULL,
            rows_read BIGINT NOT NULL, rows_loaded BIGINT NOT NULL, rows_quarantined BIGINT NOT NULL)""",
        """CREATE TABLE state.rejected_row (
            asset VARCHAR NOT NULL, check_name VARCHAR NOT NULL, fields VARCHAR NOT NULL, run_id VARCHAR NOT NULL,
            noted_at TIMESTAMPTZ NOT NULL)""",
        """ALTER TABLE state.run ADD COLUMN looked_at TIMESTAMPTZ""",
    ),
    (
        """CREATE TABLE state.refused_value (
            kpi VARCHAR NOT NULL, grain VARCHAR NOT NULL, period_start DATE NOT NULL, period_end DATE NOT NULL,
            last_day DATE NOT NULL, period_label VARCHAR NOT NULL, period_start_utc TIMESTAMPTZ NOT NULL,
            breakdown VARCHAR NOT NULL, segment VARCHAR NOT NULL, value DOUBLE, numerator DOUBLE, denominator DOUBLE,
            sample_size BIGINT, target DOUBLE, target_low DOUBLE, target_high DOUBLE, target_provenance VARCHAR,
            attainment DOUBLE, variance DOUBLE, status VARCHAR NOT NULL, status_rule VARCHAR,
            is_complete BOOLEAN NOT NULL, recorded_at TIMESTAMPTZ NOT NULL, superseded_at TIMESTAMPTZ,
            reason VARCHAR)""",
    ),
    ("""ALTER TABLE state.run ADD COLUMN problem VARCHAR""",),
)
"""The statements that lead from one version of the state to the next; new ones are added at the end."""

LEDGERS = (
    "source_file", "source_state", "connector_state", "reduction", "made", "checked", "check_result", "rejected_row",
)  # fmt: skip
"""What only says what the warehouse's other tables hold; without these it must be forgotten."""

_VERSION = TableRef("state", "schema_version")


def is_prepared(executor: Executor) -> bool:
    """Whether the tables are those of this version; StorageError where they are of a later one."""
    return bool(executor.table_columns(_VERSION)) and _version(executor) == len(MIGRATIONS)


def prepare_state(executor: Executor) -> None:
    """Makes the tables, or brings those of an older version up to this one; doing it again changes nothing.

    Raises:
        StorageError: they cannot be brought up, and are as they were; or they are of a later version.
    """
    with executor.transaction():
        executor.run("CREATE TABLE IF NOT EXISTS state.schema_version (version INTEGER NOT NULL)")
        version = _version(executor)
        if version == len(MIGRATIONS):
            return
        try:
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    executor.run(statement)
        except duckdb.Error as problem:
            raise StorageError(
                f"The warehouse's state cannot be brought from version {version} to {len(MIGRATIONS)}: "
                f"{str(problem).splitlines()[0]}\n"
                "Hint: it is as it was, and the program that wrote it goes on with it; please report this."
            ) from problem
        executor.run("DELETE FROM state.schema_version")
        executor.run("INSERT INTO state.schema_version VALUES (?)", [len(MIGRATIONS)])


def version_of(executor: Executor) -> int:
    """The version of the state's tables, 0 where there are none; StorageError where it is a later one."""
    return _version(executor) if executor.table_columns(_VERSION) else 0


def _version(executor: Executor) -> int:
    found = executor.rows("SELECT version FROM state.schema_version")
    version = int(found[0][0]) if found else 0
    if version > len(MIGRATIONS):
        raise StorageError(
            f"The warehouse's state has version {version}; this program knows versions up to {len(MIGRATIONS)}.\n"
            "Hint: a newer kpi_pipeline wrote it: upgrade this one."
        )
    return version
