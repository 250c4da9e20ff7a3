"""How a BI tool should write a KPI's numbers, in the notation of spreadsheets."""

from __future__ import annotations

from kpi_pipeline.kpis import CURRENCY_SIGNS
from kpi_pipeline.metrics.base import Unit

_FORMATS = {
    Unit.number: "#,##0.00",
    Unit.count: "#,##0",
    Unit.percent: "0.0 %",
    Unit.points: '#,##0.00 "pts"',
    Unit.times: '#,##0.00"×"',
    Unit.score: "#,##0.00",
    Unit.minutes: '#,##0.00 "min"',
    Unit.hours: '#,##0.00 "h"',
    Unit.days: '#,##0.00 "d"',
    Unit.months: '#,##0.00 "mo"',
}


def display_format(unit: Unit, currency: str) -> str:
    """The number format of a unit; money carries its sign, or its code where the sign is not widely known.

    >>> display_format(Unit.currency, "GBP"), display_format(Unit.currency, "CHF"), display_format(Unit.percent, "")
    ('£#,##0', '#,##0 "CHF"', '0.0 %')
    """
    if unit is not Unit.currency:
        return _FORMATS[unit]
    sign = CURRENCY_SIGNS.get(currency)
    return f"{sign}#,##0" if sign else f'#,##0 "{currency}"'
