"""What checks found, remembered with the version of the rows they looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.names import TableRef
from kpi_pipeline.store.warehouse import Warehouse, quoted

_CHECKED = TableRef("state", "checked")
_RESULT = TableRef("state", "check_result")
_SCHEMA: dict[str, pl.DataType] = {
    "asset": pl.String(),
    "check_name": pl.String(),
    "severity": pl.String(),
    "passed": pl.Boolean(),
    "observed": pl.String(),
    "expected": pl.String(),
    "failing_rows": pl.Int64(),
    "checked_at": pl.Datetime("us", "UTC"),
}
_FIELDS = tuple(_SCHEMA)


def remember_checks(warehouse: Warehouse, asset: str, about: str, results: Sequence[CheckResult]) -> None:
    """Keeps the results of an asset's checks in place of earlier ones; samples of rows are not kept."""
    remember_all(warehouse, {asset: (about, results)})


def remember_all(warehouse: Warehouse, found: Mapping[str, tuple[str, Sequence[CheckResult]]]) -> None:
    """Keeps what checks were about and what they found, asset by asset, in place of earlier results."""
    if not found:
        return
    rows = [(asset, *(getattr(one, field) for field in _FIELDS[1:])) for asset, (_, of) in found.items() for one in of]
    with warehouse.transaction():
        for table in (_CHECKED, _RESULT):
            warehouse.run(f"DELETE FROM {quoted(table)} WHERE list_contains(?, asset)", [list(found)])
        about = [(asset, about) for asset, (about, _) in found.items()]
        warehouse.append(_CHECKED, pl.DataFrame(about, schema=["asset", "about"], orient="row"))
        warehouse.append(_RESULT, pl.DataFrame(rows, schema=_SCHEMA, orient="row"))


def replace_results(warehouse: Warehouse, check_name: str, assets: Sequence[str], new: Sequence[CheckResult]) -> None:
    """Puts the results of one check in place of those that some assets had, beside what their other checks found."""
    warehouse.run(
        f"DELETE FROM {quoted(_RESULT)} WHERE check_name = ? AND list_contains(?, asset)", [check_name, list(assets)]
    )
    if new:
        rows = [tuple(getattr(one, field) for field in _FIELDS) for one in new]
        warehouse.append(_RESULT, pl.DataFrame(rows, schema=_SCHEMA, orient="row"))


def checks_remembered(warehouse: Warehouse, asset: str) -> tuple[str, tuple[CheckResult, ...]] | None:
    """What the asset's checks were about, and what they found; None where it was never checked."""
    return all_remembered(warehouse, [asset]).get(asset)


def all_remembered(warehouse: Warehouse, assets: Sequence[str]) -> dict[str, tuple[str, tuple[CheckResult, ...]]]:
    """What the checks of each asset were about, and what they found; without assets that were never checked."""
    about = warehouse.rows(f"SELECT asset, about FROM {quoted(_CHECKED)} WHERE list_contains(?, asset)", [list(assets)])
    results: dict[str, list[CheckResult]] = {asset: [] for asset, _ in about}
    for one in all_checks(warehouse, list(results)):
        results[one.asset].append(one)
    return {asset: (text, tuple(results[asset])) for asset, text in about}


def all_checks(warehouse: Warehouse, assets: Sequence[str]) -> tuple[CheckResult, ...]:
    """The last results of the assets' checks."""
    rows = warehouse.rows(
        f"SELECT {', '.join(_FIELDS)} FROM {quoted(_RESULT)} WHERE list_contains(?, asset) ORDER BY rowid",
        [list(assets)],
    )
    return tuple(CheckResult(*row) for row in rows)
