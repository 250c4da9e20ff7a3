"""Windows of any length over long histories take as many steps as there are days."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from kpi_pipeline.calendar import CalendarRules, build_calendar
from kpi_pipeline.derive import Partials, derive
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.plan import Coverage, Derivation, Fold, Leaf, Measure, Reach, Reduction, Series, Shape

FIRST, DAYS, SEGMENTS = date(2015, 1, 1), 3650, 40
LAST = FIRST + timedelta(days=DAYS - 1)
SUM = Measure("m", "day", Fold.sum, "amount")
KEYS = Measure("m", "day", Fold.distinct, "customer")


@pytest.mark.parametrize("reach", [Reach(), Reach(window=Window(365, Grain.day)), Reach(to_date=Grain.year)], ids=str)
def test_ten_years_of_days_in_forty_segments(reach: Reach) -> None:
    days = pl.date_range(FIRST, LAST, interval="1d", eager=True)
    rows = pl.DataFrame({"_day": days}).join(pl.DataFrame({"country": [str(n) for n in range(SEGMENTS)]}), how="cross")
    additive = rows.with_columns(pl.lit(1, pl.Int64).alias(one.column) for one in (SUM, SUM.rows))
    seen = rows.with_columns(_key=pl.col("_day").dt.ordinal_day() % 7).with_columns(pl.lit(True).alias(KEYS.column))
    partials = Partials(
        {
            Reduction("m", "day", Shape.additive, ("country",), (SUM, SUM.rows)): additive.lazy(),
            Reduction("m", "day", Shape.distinct, ("country",), (KEYS,)): seen.lazy(),
        },
        {("m", "day"): (FIRST, LAST)},
    )
    nodes = {"amount": Leaf(SUM, 0, reach), "customers": Leaf(KEYS, 0, reach)}
    sample = Leaf(SUM.rows, 0, reach)
    derivations = {name: Derivation(name, node, sample, (), name) for name, node in nodes.items()}
    series = [Series(name, Grain.day, ("country",)) for name in nodes]
    calendar = build_calendar(FIRST, LAST, CalendarRules())
    coverage = dict.fromkeys(nodes, Coverage(FIRST, LAST, LAST))
    found = derive(series, derivations, partials, calendar, coverage, dense=True)
    amounts = found[series[0]].filter(pl.col("country") == "7")["value"].to_list()
    assert found[series[0]].height == DAYS * SEGMENTS
    assert amounts == [_days_reached(reach, n) for n in range(DAYS)]
    assert found[series[1]].filter(period_start=LAST)["value"].unique().to_list() == [7.0]


def _days_reached(reach: Reach, place: int) -> int:
    if reach.window:
        return min(place + 1, reach.window.count)
    return place + 1 if reach.to_date is None else (FIRST + timedelta(days=place)).timetuple().tm_yday
