"""Projects to which something has just arrived: a first run, new rows, corrections, other definitions."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from tests.project import SALES_HEADER, Shop, copy_project, csv, sales

REPOSITORY = Path(__file__).resolve().parents[1]

TIMES = 60
"""How often the small shop's sales are repeated, so that a run has work to do."""


@dataclass(frozen=True)
class Arrival:
    """Something that the next run has to take in: how it comes about, and how the run is asked."""

    name: str
    deliver: Callable[[Path], None]
    run_before: bool = True
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arranged:
    """A kind of project: how it is written, where it publishes, and what may arrive."""

    name: str
    write: Callable[[Path], None]
    published: str
    arrivals: tuple[Arrival, ...]


def _write_shop(root: Path) -> None:
    shop = Shop.opened_in(root)
    shop.write("data/sales/first.csv", csv(SALES_HEADER, _often(sales(range(8)))))


def _often(rows: list[str]) -> list[str]:
    return [row.replace("I", f"I{number}_", 1) for number in range(TIMES) for row in rows]


def _second_file(root: Path) -> None:
    Shop(root).write("data/sales/second.csv", csv(SALES_HEADER, _often(sales([8, 9], first_invoice=500))))
    Shop(root).edit("data/tickets.csv", "T0,2024-01-01 09:30:00,high", "T0,2024-01-01 09:30:00,low")


def _corrected_file(root: Path) -> None:
    Shop(root).write("data/sales/first.csv", csv(SALES_HEADER, _often(sales(range(8), price=21.5)[:-2])))


def _other_metrics(root: Path) -> None:
    shop = Shop(root)
    shop.edit("definitions/metrics.yaml", "expr: amount, unit", "expr: amount * 1.2, unit")
    shop.edit("definitions/models.yaml", "SELECT ticket, opened_at", "SELECT upper(ticket) AS ticket, opened_at")
    shop.edit(
        "definitions/kpis.yaml", "values: [{from: 2024-01-01, value: 1500}", "values: [{from: 2024-01-01, value: 1600}"
    )


def _nothing(root: Path) -> None:
    pass


def _until(write: Callable[[Path], None], file: str, column: str, share: float) -> Callable[[Path], None]:
    """A project whose newest rows have not come yet."""

    def written(root: Path) -> None:
        write(root)
        rows = pl.read_parquet(root / file).sort(column, nulls_last=True)
        rows.head(int(rows.height * share)).write_parquet(root / file)

    return written


def _whole(project: Path, file: str) -> Callable[[Path], None]:
    def deliver(root: Path) -> None:
        shutil.copyfile(project / file, root / file)

    return deliver


def _replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def deliver(root: Path) -> None:
        text = (root / file).read_text(encoding="utf-8")
        assert old in text
        (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return deliver


SHOP = Arranged(
    "shop",
    _write_shop,
    "out",
    (
        Arrival("first run", _nothing, run_before=False),
        Arrival("new and changed files", _second_file),
        Arrival("corrected rows", _corrected_file),
        Arrival("changed definitions", _other_metrics),
        Arrival("all again", _nothing, arguments=("--full",)),
    ),
)
INVOICES = "data/online_retail_2010/online_retail.parquet"
GIFTWARE = Arranged(
    "giftware",
    _until(partial(copy_project, REPOSITORY), INVOICES, "InvoiceDate", 0.9),
    "data/published",
    (
        Arrival("new rows", _whole(REPOSITORY, INVOICES)),
        Arrival(
            "changed definitions",
            _replaced("definitions/metrics/sales.yaml", "filter: is_clean_sale\n", "filter: is_clean_sale and true\n"),
        ),
    ),
)
ADVENTUREWORKS = REPOSITORY / "examples" / "adventureworks"
WORKS = Arranged(
    "adventureworks",
    partial(copy_project, ADVENTUREWORKS),
    "data/published",
    (
        Arrival(
            "changed definitions",
            _replaced("definitions/metrics/books.yaml", "line = 'Net Sales'", "line = 'Net Sales' and true"),
        ),
        Arrival("all again", _nothing, arguments=("--full",)),
    ),
)
ARRANGED = {one.name: one for one in (SHOP, GIFTWARE, WORKS)}
