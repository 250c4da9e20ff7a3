"""The names that the checks of a table are reported under."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kpi_pipeline.checks.base import CheckBase

OF_EVERY_KPI = frozenset(
    {
        "has_rows", "key_not_null", "key_unique", "value_is_a_number", "value_is_its_ratio", "status_known", "one_kpi",
        "targets_have_their_segment", "sound", "projected_status",
    }
)  # fmt: skip
"""The names of what is checked of every KPI; none of its own checks has one of them."""

RESTATED, FROZEN = "restated", "frozen"
OF_PUBLISHING = frozenset({RESTATED, FROZEN})
"""The names of the checks that look at what a run says differently, or would; no other check of a KPI has one."""


def check_names(checks: Sequence[CheckBase]) -> tuple[str, ...]:
    """One name a check, in their order: letters, digits and _ only, and no name twice.

    >>> from kpi_pipeline.checks import NotNull, RowCount
    >>> id_there = NotNull(type="not_null", columns=("id",))
    >>> check_names([id_there, RowCount(type="row_count", min=1, name="Any rows?"), id_there])
    ('not_null', 'any_rows', 'not_null_2')
    """
    names: list[str] = []
    for check in checks:
        plain = re.sub(r"[^a-z0-9]+", "_", check.title.lower()).strip("_") or "check"
        name, number = plain, 1
        while name in names:
            number += 1
            name = f"{plain}_{number}"
        names.append(name)
    return tuple(names)
