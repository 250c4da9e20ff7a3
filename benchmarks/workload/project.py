"""The workload as a project of `kpi_pipeline`, in a folder of its own."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from benchmarks.workload.metrics import BREAKDOWNS, GRAINS, METRICS

DEFINITIONS = Path(__file__).parent.parent / "definitions"


def make_project(root: Path, orders: Iterable[Path]) -> Path:
    """Links the files with the orders and defines one metric on them, so that they are loaded."""
    definitions = root / "definitions"
    definitions.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(DEFINITIONS / "project.yaml", definitions / "project.yaml")
    (definitions / "metrics.yaml").write_text(
        "metrics: [{name: orders_loaded, type: simple, model: order, agg: count}]\n", encoding="utf-8"
    )
    for file in orders:
        add_orders(root, file)
    return definitions


def define_metrics(definitions: Path) -> None:
    """Defines the 24 metrics and the KPIs on them in place of the one."""
    shutil.copyfile(DEFINITIONS / "metrics.yaml", definitions / "metrics.yaml")
    (definitions / "kpis.yaml").write_text(kpis_yaml(), encoding="utf-8")


def add_orders(root: Path, file: Path) -> None:
    """Puts another file among the orders; the rows are not copied where the disk can link them."""
    folder = root / "data" / "orders"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, folder / file.name)
    except OSError:
        shutil.copyfile(file, folder / file.name)


def kpis_yaml(grains: Iterable[str] = GRAINS, metrics: Iterable[str] = tuple(METRICS)) -> str:
    """A KPI for every metric and grain, in total and by each dimension: a run computes what KPIs need."""
    breakdowns = ", ".join(f"[{one}]" for one in BREAKDOWNS)
    lines = [
        "teams: [{name: shop}]",
        "people: [{name: ana, team: shop}]",
        "goals: [{name: grow, statement: Sell for a million a month, team: shop, owner: ana}]",
        "kpis:",
    ]
    for metric, grain in itertools.product(metrics, grains):
        lines += [
            f"  - name: {metric}_by_{grain}",
            f"    metric: {metric}",
            f"    grain: {grain}",
            "    goal: grow",
            "    team: shop",
            "    owner: ana",
            "    direction: up",
            f"    breakdowns: [{breakdowns}]",
            "    scorecards: [company]",
        ]
    return "\n".join(lines) + "\n"
