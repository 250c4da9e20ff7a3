"""Many additive metrics: sums of the orders of one category from a quantity on."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.workload.facts import CATEGORIES
from benchmarks.workload.project import DEFINITIONS, kpis_yaml

HOW_MANY = "BENCHMARK_METRICS"
"""The environment variable that says how many."""


def wide_names(many: int) -> list[str]:
    """What the metrics are called."""
    return [f"sum_{number:03d}" for number in range(many)]


def wide_folder(root: Path, many: int, *, run: bool = False) -> Path:
    """Where the definitions of many metrics are; those for a run have KPIs, too."""
    return root / (f"wide_{many}_run" if run else f"wide_{many}")


def define_wide(root: Path, many: int, *, run: bool = False) -> None:
    """Definitions beside those of the workload, over the same warehouse."""
    folder = wide_folder(root, many, run=run)
    folder.mkdir(exist_ok=True)
    shutil.copyfile(DEFINITIONS / "project.yaml", folder / "project.yaml")
    lines = ["metrics:"]
    for number, name in enumerate(wide_names(many)):
        category, quantity = CATEGORIES[number % len(CATEGORIES)], 1 + number // len(CATEGORIES)
        kept = f"product_category = '{category}' AND quantity >= {quantity}"
        lines.append(f'  - {{name: {name}, type: simple, model: order, agg: sum, expr: net, filter: "{kept}"}}')
    (folder / "metrics.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if run:
        (folder / "kpis.yaml").write_text(kpis_yaml(metrics=wide_names(many)), encoding="utf-8")
