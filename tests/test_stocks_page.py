"""The stocks on the page about semantics are those of the program, from the page's own rows."""

from __future__ import annotations

from tests.engine import Table, engine
from tests.pages import table
from tests.test_semantics_page import PAGE, blocks, shown

METRICS = [
    {"name": "units", "window_agg": "max"},
    {"name": "units_of_items", "window_agg": "max", "window_groupings": ["item"]},
    {"name": "units_carried", "window_agg": "max", "window_groupings": ["item"], "carry_forward": True},
    {"name": "units_average", "window_agg": "average"},
]


def test_stocks() -> None:
    heads, *rows = next(text for text in blocks("csv") if text.startswith("opened")).strip().splitlines()
    kinds = {name: "date" if name in ("opened", "closed", "counted") else "varchar" for name in heads.split(",")}
    lines = Table({**kinds, "units": "integer"}, [[cell or None for cell in row.split(",")] for row in rows])
    stocks = [
        {
            "name": one["name"],
            "type": "simple",
            "model": "stock",
            "agg": "sum",
            "expr": "units",
            "non_additive_dimension": {**one, "name": "counted"},
        }
        for one in METRICS
    ]
    lasting = [
        {
            "name": name,
            "type": "simple",
            "model": "stock",
            "agg": "count",
            "active": {"from": "opened", "to": "closed", "at": at},
        }
        for name, at in (("open", "end"), ("open_highest", "highest"))
    ]
    model = {
        "name": "stock",
        "table": "raw.stock",
        "agg_time_dimension": "counted",
        "entities": [{"name": "item", "type": "foreign"}],
        "dimensions": [{"name": name, "type": "time"} for name in ("opened", "closed", "counted")],
    }
    columns, wanted = table(PAGE, "stocks, month")
    with engine({"stock": lines}, metrics=[*stocks, *lasting], models=[model]) as here:
        found = here.query(columns[1:], grain="month")

    assert wanted == [[day.strftime("%Y-%m"), *map(shown, values)] for day, *values in found.rows()]
