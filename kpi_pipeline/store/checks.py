"""What checks found, remembered with the version of the rows they looked at."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.names import TableRef
from kpi_pipeline.store.warehouse import Warehouse, quoted

_CHECKED = quoted(TableRef("state", "checked"))
_RESULT = quoted(TableRef("state", "check_result"))
_FIELDS = "asset, check_name, severity, passed, observed, expected, failing_rows, checked_at"


def remember_checks(warehouse: Warehouse, asset: str, about: str, results: Sequence[CheckResult]) -> None:
    """Keeps the results of an asset's checks in place of earlier ones; samples of rows are not kept."""
    with warehouse.transaction():
        warehouse.run(f"DELETE FROM {_CHECKED} WHERE asset = ?", [asset])
        warehouse.run(f"DELETE FROM {_RESULT} WHERE asset = ?", [asset])
        warehouse.run(f"INSERT INTO {_CHECKED} VALUES (?, ?)", [asset, about])
        for one in results:
            warehouse.run(
                f"INSERT INTO {_RESULT} ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    asset,
                    one.check_name,
                    one.severity,
                    one.passed,
                    one.observed,
                    one.expected,
                    one.failing_rows,
                    one.checked_at,
                ],
            )


def checks_remembered(warehouse: Warehouse, asset: str) -> tuple[str, tuple[CheckResult, ...]] | None:
    """What the asset's checks were about, and what they found; None where it was never checked."""
    found = warehouse.rows(f"SELECT about FROM {_CHECKED} WHERE asset = ?", [asset])
    if not found:
        return None
    rows = warehouse.rows(f"SELECT {_FIELDS} FROM {_RESULT} WHERE asset = ? ORDER BY rowid", [asset])
    return str(found[0][0]), tuple(CheckResult(*row) for row in rows)


def all_checks(warehouse: Warehouse, assets: Sequence[str]) -> tuple[CheckResult, ...]:
    """The last results of the assets' checks."""
    rows = warehouse.rows(
        f"SELECT {_FIELDS} FROM {_RESULT} WHERE list_contains(?, asset) ORDER BY rowid", [list(assets)]
    )
    return tuple(CheckResult(*row) for row in rows)
