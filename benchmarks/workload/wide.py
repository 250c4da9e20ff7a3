"""Many additive metrics: sums of the orders of one category from a quantity on."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.workload.facts import CATEGORIES
from benchmarks.workload.project import DEFINITIONS

HOW_MANY = "BENCHMARK_METRICS"
"""The environment variable that says how many."""


def wide_names(many: int) -> list[str]:
    """What the metrics are called."""
    return [f"sum_{number:03d}" for number in range(many)]


def define_wide(root: Path, many: int) -> None:
    """Definitions beside those of the workload, over the same warehouse."""
    folder = root / f"wide_{many}"
    folder.mkdir(exist_ok=True)
    shutil.copyfile(DEFINITIONS / "project.yaml", folder / "project.yaml")
    lines = ["metrics:"]
    for number, name in enumerate(wide_names(many)):
        category, quantity = CATEGORIES[number % len(CATEGORIES)], 1 + number // len(CATEGORIES)
        kept = f"product_category = '{category}' AND quantity >= {quantity}"
        lines.append(f'  - {{name: {name}, type: simple, model: order, agg: sum, expr: net, filter: "{kept}"}}')
    (folder / "metrics.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
