"""Who takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OURS, YARDSTICK, REFERENCES = "ours", "scan", ("sql_naive", "sql_shared")


@dataclass(frozen=True)
class Entrant:
    """A contestant: a module below `contestants/`, what the table calls it, and what is known of its answers."""

    name: str
    titles: Mapping[str, str]
    """What each of its marks is called in the table: `computed`, and `finished` where more happens afterwards."""
    environment: str = ""
    """The environment of its own that it runs in; none for those that need nothing but this project's."""
    slow: bool = False
    """Whether it is run fewer times than the others."""
    differs: Mapping[str, str] = field(default_factory=dict)
    """Metrics that it defines differently, and how."""


def _plain(name: str, title: str, *, slow: bool = False) -> Entrant:
    return Entrant(name, {"computed": title}, slow=slow)


LINEUP = (
    _plain(YARDSTICK, "S: one scan, twelve sums and counts by day, channel and country"),
    Entrant(
        OURS,
        {
            "computed": "**kpi_pipeline**, reduce, store and derive",
            "finished": "**kpi_pipeline**, the whole `kpi run`: also judged, validated and published",
        },
    ),
    _plain("ours_query", "**kpi_pipeline**, twelve questions, nothing stored"),
    _plain("sql_sorted", "DuckDB SQL by hand, shared scan with one sort for distinct counts"),
    _plain("sql_shared", "DuckDB SQL by hand, shared scan"),
    _plain("sql_naive", "DuckDB SQL by hand, a query a series (288)", slow=True),
    _plain("polars_shared", "Polars by hand, shared work"),
    _plain("polars_naive", "Polars by hand, a query a series (288)", slow=True),
    Entrant(
        "metricflow",
        {"computed": "dbt MetricFlow, twelve joint queries (21 metrics)"},
        environment="metricflow",
        slow=True,
        differs={"revenue_growth": "pairs no weeks, and a period without orders has no growth"},
    ),
    Entrant(
        "metricflow_cumulative",
        {"computed": "dbt MetricFlow, the other three metrics (36 queries)"},
        environment="metricflow",
        slow=True,
        differs={"revenue_mtd": "a week without orders on its last days takes an earlier day's value"},
    ),
    Entrant(
        "boring",
        {"computed": "boring-semantic-layer, twelve queries (20 metrics)"},
        environment="boring",
        slow=True,
    ),
)


def entrant(name: str) -> Entrant:
    """A contestant by its name."""
    return next(one for one in LINEUP if one.name == name)
