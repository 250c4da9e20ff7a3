"""KPIs over hand-made series, judged."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from kpi_pipeline.calendar import CalendarRules, build_calendar
from kpi_pipeline.judge import inline_targets, judge
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Series
from kpi_pipeline.project import Project, Settings

CALENDAR = build_calendar(date(2023, 1, 1), date(2024, 12, 31), CalendarRules())
NUMBERS = ("value", "numerator", "denominator", "previous_value", "year_ago_value")
Months = dict[int, float | None]


def kpi(*, name: str = "k", target: object = None, **fields: object) -> Kpi:
    """A monthly KPI; keywords that are no fields of it belong to a target of at least."""
    own = {key: fields.pop(key) for key in list(fields) if key in Kpi.model_fields}
    if fields:
        target = {"type": "at_least", **fields}
    wanted = {"metric": "sales", "direction": "up", "grain": "month", "breakdowns": ((),), "target": target, **own}
    return Kpi.model_validate({"name": name, **wanted})


def project(kpis: list[Kpi]) -> Project:
    """A project of nothing but KPIs."""
    return Project(Path(), Settings(name="shop"), kpis={one.name: one for one in kpis})


def frame(months: Months, *, incomplete: tuple[int, ...] = (), **dimensions: str | None) -> pl.DataFrame:
    """The values of months of 2024, as they are derived; months beyond 12 or below 1 are those of other years."""
    starts = [date(2024 + (month - 1) // 12, (month - 1) % 12 + 1, 1) for month in months]
    values = dict(zip(starts, months.values(), strict=True))
    empty = [None] * len(months)
    return pl.DataFrame(
        {
            "period_start": starts,
            **{name: [value] * len(months) for name, value in dimensions.items()},
            "is_other": [False] * len(months),
            "value": list(months.values()),
            "numerator": empty,
            "denominator": empty,
            "sample_size": [1] * len(months),
            "is_complete": [month not in incomplete for month in months],
            "previous_value": [values.get(_earlier(start, 1)) for start in starts],
            "year_ago_value": [values.get(_earlier(start, 12)) for start in starts],
        },
        schema_overrides={**dict.fromkeys(dimensions, pl.String), **dict.fromkeys(NUMBERS, pl.Float64)},
    )


def judged(kpis: list[Kpi], months: Months, *, incomplete: tuple[int, ...] = ()) -> pl.DataFrame:
    """The rows of `kpi_value` for KPIs that all watch these months."""
    made = project(kpis)
    results = {Series("sales", Grain.month): frame(months, incomplete=incomplete)}
    return judge(made, results, inline_targets(made), CALENDAR)


def _earlier(start: date, months: int) -> date:
    index = start.year * 12 + start.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)
