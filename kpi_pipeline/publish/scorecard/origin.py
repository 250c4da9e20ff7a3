"""Where a number comes from: every step from the sources, with what the checks of each found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpi_pipeline.errors import counted
from kpi_pipeline.publish.scorecard.snapshot import Row

WORDS = {"raw": "source", "model": "model", "metric": "metric", "kpi": "KPI", "goal": "goal"}
MOST_COLUMNS = 8


@dataclass(frozen=True)
class Origin:
    """A thing that a number is made from, and what that in turn is made from."""

    key: str
    kind: str
    name: str
    columns: str
    checks: str
    failed: bool
    below: tuple[Origin, ...]
    told_above: bool = False
    """It stands further up already, with all below it."""


@dataclass(frozen=True)
class Steps:
    """Which things are made from which, and what their checks found."""

    upstream: Mapping[str, Mapping[str, tuple[str, ...]]]
    """For each thing those it is made from, and the columns it reads there."""
    checks: Mapping[str, Sequence[Row]]


def steps_of(lineage: Sequence[Row], checks: Mapping[str, Sequence[Row]]) -> Steps:
    """The steps of the whole project."""
    upstream: dict[str, dict[str, list[str]]] = {}
    for row in lineage:
        columns = upstream.setdefault(row["downstream"], {}).setdefault(row["upstream"], [])
        if row["column_name"] is not None:
            columns.append(row["column_name"])
    return Steps(
        {down: {up: tuple(read) for up, read in sorted(ups.items())} for down, ups in upstream.items()}, checks
    )


def origin_of(kpi: str, steps: Steps) -> Origin | None:
    """Everything a KPI is made from, the KPI first; None where that was not published."""
    root = f"kpi/{kpi}"
    return _origin(root, (), steps, set()) if root in steps.upstream else None


def _origin(key: str, columns: Sequence[str], steps: Steps, told: set[str]) -> Origin:
    again = key in told
    told.add(key)
    kind, _, name = key.partition("/")
    ups = {} if again else steps.upstream.get(key, {})
    said, failed = _checks(steps.checks.get(key, []))
    return Origin(
        key=key,
        kind=WORDS.get(kind, kind),
        name=name,
        columns=_columns(columns),
        checks=said,
        failed=failed,
        below=tuple(_origin(up, read, steps, told) for up, read in ups.items() if not up.startswith("kpi/")),
        told_above=again and key in steps.upstream,
    )


def _columns(columns: Sequence[str]) -> str:
    more = len(columns) - MOST_COLUMNS
    return ", ".join(columns[:MOST_COLUMNS]) + (f" and {more} more" if more > 0 else "")


def _checks(rows: Sequence[Row]) -> tuple[str, bool]:
    """How many checks passed, and which did not.

    >>> _checks([{"check_name": "not_null", "passed": True}, {"check_name": "unique", "passed": False}])
    ('1 of 2 checks passed; failed: unique', True)
    """
    if not rows:
        return "", False
    bad = [row["check_name"] for row in rows if not row["passed"]]
    if not bad:
        return f"{counted(len(rows), 'check')} passed", False
    return f"{len(rows) - len(bad)} of {len(rows)} checks passed; failed: {', '.join(bad)}", True
