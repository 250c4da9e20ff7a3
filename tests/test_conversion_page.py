"""The example of conversion and retention on the page about semantics is what the engine says."""

from __future__ import annotations

import re
from datetime import date

from tests.engine import Table, Through, engine
from tests.pages import page, table

SECTION = page("semantics").partition("## Conversion and retention")[2].partition("\n## ")[0]
MODELS = [
    {
        "name": "visits",
        "table": "raw.visits",
        "agg_time_dimension": "visited",
        "entities": [{"name": "visitor", "type": "foreign"}],
        "dimensions": ["channel"],
    },
    {
        "name": "buys",
        "table": "raw.buys",
        "agg_time_dimension": "bought",
        "entities": [{"name": "visitor", "type": "foreign", "expr": "buyer"}],
    },
]
CONVERSION = {
    "type": "conversion",
    "entity": "visitor",
    "base_metric": "visits_made",
    "conversion_metric": "buys_made",
    "window": "7 days",
}
METRICS = [
    {"name": "visits_made", "type": "simple", "model": "visits", "agg": "count"},
    {"name": "buys_made", "type": "simple", "model": "buys", "agg": "count"},
    {"name": "rate", **CONVERSION},
    {"name": "buys", **CONVERSION, "calculation": "conversions"},
    {"name": "back", "type": "retention", "entity": "visitor", "model": "visits", "cohort_grain": "month", "age": 1},
]


def test_the_table() -> None:
    (drawn,) = re.findall(r"```csv\n(.*?)```", SECTION, flags=re.DOTALL)
    lines = [line.split(",") for line in drawn.strip().splitlines()[1:]]
    tables = {
        "visits": Table({"visited": "date", "visitor": "varchar", "channel": "varchar"}, [line[:3] for line in lines]),
        "buys": Table({"bought": "date", "buyer": "varchar"}, [line[3:] for line in lines]),
    }
    whole = Through(date(2024, 2, 20), date(2024, 2, 21))
    with engine(tables, models=MODELS, metrics=METRICS, through={"visits": whole, "buys": whole}) as on_rows:
        found = on_rows.kpi_table(["rate", "buys", "back"], grain="month")

    heads, rows = table(SECTION, "conversion, month")
    months = [day.strftime("%Y-%m") for day in found["rate"].get_column("period_start")]
    shown = [["–" if one is None else f"{one:g}" for one in found[name].get_column("value")] for name in heads[1:4]]
    complete = ["yes" if one else "no" for one in found["rate"].get_column("is_complete")]

    assert rows == [list(row) for row in zip(months, *shown, complete, strict=True)]
