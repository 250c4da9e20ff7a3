"""dbt's spelling of conditions, `{{ Dimension('customer__country') }}`, in ours, which is plain SQL."""

from __future__ import annotations

import re
from collections.abc import Callable

_TEMPLATE = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_WORD = r"""['"]\s*(\w+)\s*['"]"""
_KNOWN = (
    "{{ Dimension('customer__country') }}, {{ TimeDimension('metric_time', 'month') }} and "
    "{{ Metric('orders', group_by=['customer']) }} are"
)


def plain_condition(text: str) -> str:
    """The condition in plain SQL; ValueError for what is no reference to a dimension, a time or a metric.

    >>> plain_condition("{{ Dimension('customer__country') }} = 'FR'")
    "customer__country = 'FR'"
    >>> plain_condition("{{ TimeDimension('metric_time', 'month') }} >= '2024-01-01'")
    "metric_time__month >= '2024-01-01'"
    >>> plain_condition("{{ Metric('orders', group_by=['customer']) }} > 5")
    "metric('orders', 'customer') > 5"
    """
    return _TEMPLATE.sub(lambda found: _plain(found[1]), text)


def _plain(reference: str) -> str:
    for pattern, spelled in _SPELLINGS:
        if found := re.fullmatch(pattern, reference):
            return spelled(found)
    raise ValueError(f"'{{{{ {reference} }}}}' is not known here; {_KNOWN}, or plain SQL: customer__country = 'FR'")


_SPELLINGS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (rf"Dimension\(\s*{_WORD}\s*\)", lambda found: found[1]),
    (rf"Dimension\(\s*{_WORD}\s*\)\.grain\(\s*{_WORD}\s*\)", lambda found: f"{found[1]}__{found[2].lower()}"),
    (
        rf"Dimension\(\s*{_WORD}\s*\)\.date_part\(\s*{_WORD}\s*\)",
        lambda found: f"{found[1]}__extract_{found[2].lower()}",
    ),
    (rf"TimeDimension\(\s*{_WORD}\s*\)", lambda found: found[1]),
    (rf"TimeDimension\(\s*{_WORD}\s*,\s*{_WORD}\s*\)", lambda found: f"{found[1]}__{found[2].lower()}"),
    (
        rf"Metric\(\s*{_WORD}\s*,\s*(?:group_by\s*=\s*)?\[?\s*{_WORD}\s*\]?\s*\)",
        lambda found: f"metric('{found[1]}', '{found[2]}')",
    ),
)
