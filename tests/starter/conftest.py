"""Files like those newcomers have, and the way through `kpi init` as a person goes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.cli.init import init_project
from kpi_pipeline.starter.start import Starter, start
from kpi_pipeline.store import Warehouse

TODAY = date(2024, 4, 10)


@dataclass(frozen=True)
class Desk:
    """A folder with files in it, and what can be begun from them."""

    folder: Path

    def write(self, name: str, text: str, encoding: str = "utf-8") -> Path:
        """Puts a file on the desk."""
        path = self.folder / name
        path.write_text(text, encoding=encoding)
        return path

    def draft(self, *files: Path, time: tuple[str, ...] = ()) -> Starter:
        """The starter project as text."""
        with Warehouse.in_memory() as warehouse:
            return start(
                warehouse,
                files,
                [f"data/{file.name}" for file in files],
                folder=self.folder / "shop",
                zone="Europe/Berlin",
                today=TODAY,
                scratch=self.folder,
                time_columns=time,
            )

    def init(self, *files: Path, time: tuple[str, ...] = ()) -> Path:
        """The project's folder after `kpi init`."""
        init_project(self.folder / "shop", list(files), time)
        return self.folder / "shop"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def orders(desk: Desk) -> Callable[[int], Path]:
    """A file of orders over so many days up to 9 April 2024, two a day, from more customers each week."""

    def written(days: int) -> Path:
        first = date(2024, 4, 10).toordinal() - days
        lines = ["Order ID,Customer ID,Ordered at,Country,Amount (EUR)"]
        for number in range(2 * days):
            day = date.fromordinal(first + number // 2)
            country = ("France", "Germany", "Spain")[number % 3]
            customer = number % (5 + day.isocalendar().week)
            lines.append(f"O{number},C{customer},{day} 10:00:00,{country},{10 + number % 11}.50")
        return desk.write("orders.csv", "\n".join(lines) + "\n")

    return written
