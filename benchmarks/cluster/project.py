"""The project that every engine runs: rows loaded into DuckDB, or left in the lakehouse; all else is the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

METRICS: list[dict[str, Any]] = [
    {"name": "revenue", "type": "simple", "model": "sales", "agg": "sum", "expr": "amount"},
    {"name": "orders", "type": "simple", "model": "sales", "agg": "count"},
    {"name": "average_sale", "type": "simple", "model": "sales", "agg": "average", "expr": "amount"},
    {"name": "median_sale", "type": "simple", "model": "sales", "agg": "median", "expr": "amount"},
    {"name": "buyers", "type": "simple", "model": "sales", "agg": "count_distinct", "expr": "customer"},
    {"name": "buyers_28d", "type": "cumulative", "input_metric": "buyers", "window": "28 days"},
    {"name": "revenue_per_buyer", "type": "ratio", "numerator": "revenue", "denominator": "buyers"},
]
TOTAL: list[str] = []
KPIS: dict[str, tuple[str, str, list[list[str]]]] = {
    "weekly_revenue": ("revenue", "week", [TOTAL, ["country"], ["store"]]),
    "weekly_orders": ("orders", "week", [TOTAL, ["country"]]),
    "weekly_average": ("average_sale", "week", [TOTAL, ["country"]]),
    "weekly_buyers": ("buyers", "week", [TOTAL, ["country"]]),
    "monthly_buyers": ("buyers", "month", [TOTAL, ["country"]]),
    "weekly_buyers_28d": ("buyers_28d", "week", [TOTAL, ["country"]]),
    "monthly_per_buyer": ("revenue_per_buyer", "month", [TOTAL, ["country"]]),
    "monthly_median": ("median_sale", "month", [TOTAL, ["country"]]),
}
"""By name: metric, grain and breakdowns."""


def make_project(root: Path, lake: Path, *, remote: str | None) -> Path:
    """Writes the definitions below the root; rows stay in the lake where a cluster's address is given."""
    settings: dict[str, Any] = {"name": "sales", "as_of": "data", "publish": {"grains": ["month"]}}
    if remote is None:
        settings["memory"] = "6 GB"
        loaded = {"connector": {"type": "file", "path": f"{lake}/*/*.parquet"}, "load": {"mode": "append"}}
    else:
        settings["engine"] = {"type": "spark", "remote": remote}
        loaded = {"connector": {"type": "lakehouse", "path": str(lake), "partition": "day"}, "load": {}}
    source = {
        "name": "sales",
        "connector": loaded["connector"],
        "load": {**loaded["load"], "cursor": "sold_at"},
        "checks": [
            {"type": "not_null", "columns": ["sale", "customer"]},
            {"type": "accepted_range", "column": "amount", "min": 0},
        ],
    }
    model = {
        "name": "sales",
        "table": "raw.sales",
        "agg_time_dimension": "sold_at",
        "dimensions": ["country", "store"],
    }
    goal = {"name": "grow", "team": "shop", "statement": "Sell for a million a month"}
    kpis = [
        {"name": name, "metric": metric, "grain": grain, "goal": "grow", "direction": "up", "breakdowns": breakdowns}
        for name, (metric, grain, breakdowns) in KPIS.items()
    ]
    definitions = {
        "project": settings,
        "sources": [source],
        "models": [model],
        "metrics": METRICS,
        "teams": [{"name": "shop"}],
        "goals": [goal],
        "kpis": kpis,
    }
    folder = root / "definitions"
    folder.mkdir(parents=True, exist_ok=True)
    # NOTE: whatever is JSON is YAML.
    (folder / "sales.yaml").write_text(json.dumps(definitions, indent=1) + "\n", encoding="utf-8")
    return root
