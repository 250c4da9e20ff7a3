"""How large files become over many runs with changing data: rows come, are corrected, definitions change.

The rows themselves stay about as many as they were: old files go as new ones come. What grows then is what is kept of
the past, or what was never given back.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from kpi_pipeline.store.held import size_of
from tests.project import NOW, SALES_HEADER, Shop, csv, sales

FILES = 6
"""So many deliveries are there at a time."""
ROWS = 60


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--runs", type=int, default=200, help="how many runs follow the first")
    parser.add_argument("--seed", type=int, default=1, help="what chance begins with")


def main(asked: argparse.Namespace) -> int:
    """Runs, and prints the sizes as they go."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop.opened_in(Path(folder))
        for number, sizes in enumerate(grown(shop, asked.runs, asked.seed)):
            if number % max(asked.runs // 10, 1) == 0 or number == asked.runs:
                print(number, *(f"{name} {size:,}" for name, size in sizes.items()), flush=True)
        before = size_of(shop.warehouse)
        said = shop.kpi("clean")
        print(f"kpi clean: {before:,} -> {size_of(shop.warehouse):,} bytes", flush=True)
        if said.code:
            print(said.err)
        return said.code


def grown(shop: Shop, runs: int, seed: int) -> Iterator[dict[str, int]]:
    """The sizes after the first run and after each of the others."""
    chance = random.Random(seed)
    shop.run(now=NOW)
    yield _sizes(shop)
    for number in range(1, runs + 1):
        rows = [row for _ in range(4) for row in sales([chance.randrange(10)])]
        rows = [f"X{number}-{at},{row.split(',', 1)[1]}" for at, row in enumerate(map(str, rows[:ROWS]))]
        shop.write(f"data/sales/more-{number % FILES}.csv", csv(SALES_HEADER, rows))
        if number % 5 == 0:
            factor = 1 + number % 3
            shop.write("definitions/models.yaml", _with_factor(shop, factor))
        shop.run(now=NOW + timedelta(days=number))
        yield _sizes(shop)


def _with_factor(shop: Shop, factor: int) -> str:
    """The models as they were, with another amount."""
    text = (shop.root / "definitions/models.yaml").read_text(encoding="utf-8")
    head, _, tail = text.partition("quantity * price")
    return f"{head}quantity * price{tail if factor == 1 else tail.replace(' AS amount', f' * {factor} AS amount', 1)}"


def _sizes(shop: Shop) -> dict[str, int]:
    return {"warehouse": size_of(shop.warehouse), "published": size_of(shop.published)}
