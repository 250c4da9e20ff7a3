"""A small shop with a service desk: sixty sales and thirty tickets over ten weeks, six metrics, three KPIs."""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from kpi_pipeline import load_project
from kpi_pipeline.api import LoadedProject
from kpi_pipeline.cli import main
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.pipeline.watch import Watch
from kpi_pipeline.publish import TABLES
from kpi_pipeline.publish.content_hash import content_hash

MONDAY = date(2024, 1, 1)
WEEKS = 10
NOW = datetime(2024, 3, 11, 7, tzinfo=UTC)
COUNTRIES = ("France", "Spain", "Chile")

PROJECT = """\
project:
  name: shop
  timezone: UTC
  currency: EUR
  as_of: data
  warehouse: data/warehouse.duckdb
  publish:
    duckdb: out/kpi.duckdb
    parquet: out/parquet
    scorecard: out/scorecard
"""

SOURCES = """\
sources:
  - name: sales
    connector: {type: file, path: data/sales/*.csv}
    load: {mode: append, cursor: sold_at}
    columns:
      quantity: {type: integer}
      price: {type: decimal}
    personal: [customer]
    checks:
      - {type: not_null, columns: [invoice], name: invoice_given}
      - {type: accepted_range, column: price, min: 0, severity: warn, name: price_not_negative}
  - name: tickets
    connector: {type: file, path: data/tickets.csv}
    load: {mode: full, cursor: opened_at}
    checks:
      - {type: accepted_values, column: priority, values: [high, low], name: priority_known}
  - name: targets
    connector: {type: file, path: data/targets.csv}
"""

MODELS = """\
models:
  - name: sale
    sql: |
      SELECT invoice, customer, sold_at, country, quantity * price AS amount
      FROM raw.sales
    agg_time_dimension: sold_at
    dimensions: [country]
    checks:
      - {type: accepted_range, column: amount, max: 100000, name: amount_plausible}
  - name: ticket
    sql: SELECT ticket, opened_at, priority, hours FROM raw.tickets
    agg_time_dimension: opened_at
    dimensions: [priority]
"""

METRICS = """\
metrics:
  - {name: revenue, type: simple, model: sale, agg: sum, expr: amount, unit: currency}
  - {name: sales, type: simple, model: sale, agg: count_distinct, expr: invoice, unit: count}
  - {name: buyers, type: simple, model: sale, agg: count_distinct, expr: customer, unit: count}
  - {name: average_sale, type: ratio, numerator: revenue, denominator: sales, unit: currency}
  - name: revenue_growth
    type: derived
    expr: now / before - 1
    input_metrics: [{name: revenue, alias: now}, {name: revenue, alias: before, offset_window: 1 week}]
    unit: percent
  - {name: tickets, type: simple, model: ticket, agg: count, unit: count}
"""

KPIS = """\
teams:
  - {name: commercial}
  - {name: desk}
people:
  - {name: ana, team: commercial, email: "${SHOP_MAIL}"}
goals:
  - {name: grow, statement: Sell for 1500 EUR a week, team: commercial, owner: ana, agreed_by: [desk]}
  - {name: calm, statement: At most four tickets a week, team: desk, owner: ana, agreed_by: [commercial]}
kpis:
  - name: weekly_revenue
    metric: revenue
    goal: grow
    team: commercial
    owner: ana
    direction: up
    grain: week
    breakdowns: [[], [country]]
    target:
      type: at_least
      values: [{from: 2024-01-01, value: 1500}, {from: 2024-01-01, value: 400, segment: country=France}]
    review: {every: week, last: 2024-03-04}
    scorecards: [company]
  - name: weekly_average_sale
    metric: average_sale
    goal: grow
    team: commercial
    owner: ana
    direction: up
    grain: week
    target: {type: at_least, table: targets}
    review: {every: week, last: 2024-03-04}
    scorecards: [company]
  - name: weekly_tickets
    metric: tickets
    goal: calm
    team: desk
    owner: ana
    direction: down
    grain: week
    target: {type: at_most, table: targets}
    review: {every: week, last: 2024-03-04}
    scorecards: [company]
"""

SALES_HEADER = "invoice,customer,sold_at,country,quantity,price"
TARGETS = "kpi,period_start,segment,value\nweekly_average_sale,2024-01-01,,250\nweekly_tickets,2024-01-01,,4\n"


@dataclass(frozen=True)
class Shop:
    """The project in a folder of its own, and what tests do with it."""

    root: Path

    @classmethod
    def opened_in(cls, root: Path) -> Shop:
        """Writes definitions and data."""
        shop = cls(root)
        for name, text in (
            ("project", PROJECT), ("sources", SOURCES), ("models", MODELS), ("metrics", METRICS), ("kpis", KPIS),
        ):  # fmt: skip
            shop.write(f"definitions/{name}.yaml", text)
        shop.write("data/sales/first.csv", csv(SALES_HEADER, sales(range(WEEKS))))
        shop.write("data/tickets.csv", csv("ticket,opened_at,priority,hours", tickets()))
        shop.write("data/targets.csv", TARGETS)
        return shop

    def write(self, name: str, text: str) -> Path:
        """Writes a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        """Replaces a piece of a file that is there exactly once."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def load(self) -> LoadedProject:
        return load_project(self.root / "definitions")

    def run(
        self,
        *,
        select: Iterable[str] = (),
        full: bool = False,
        since: date | None = None,
        wait: float = 0,
        watch: Watch | None = None,
        now: datetime | None = NOW,
    ) -> RunReport:
        return self.load().run(select=select, full=full, since=since, wait=wait, watch=watch, now=now)

    @property
    def published(self) -> Path:
        return self.root / "out" / "kpi.duckdb"

    @property
    def warehouse(self) -> Path:
        return self.root / "data" / "warehouse.duckdb"

    def ask(self, query: str) -> pl.DataFrame:
        """What a reader of the published file gets."""
        with duckdb.connect(str(self.published), read_only=True) as reader:
            return reader.sql(query).pl()

    def look(self, query: str) -> pl.DataFrame:
        """What the warehouse holds."""
        with duckdb.connect(str(self.warehouse), read_only=True) as reader:
            return reader.sql(query).pl()

    def values(self, kpi: str, segment: str = "all") -> dict[date, float | None]:
        """The published values of a KPI by the first day of their periods."""
        rows = self.ask(
            f"SELECT period_start, value FROM kpi_value WHERE kpi = '{kpi}' AND segment = '{segment}' ORDER BY 1"
        )
        return dict(rows.iter_rows())

    def raw(self, source: str) -> list[tuple[object, ...]]:
        """The rows of a raw table."""
        return self.look(f"SELECT * FROM raw.{source} ORDER BY ALL").rows()

    @contextmanager
    def nothing_lost(self) -> Iterator[None]:
        """What readers see and what was loaded is afterwards what it was before."""
        before = self._kept()
        yield
        assert self._kept() == before

    def _kept(self) -> tuple[str, list[list[tuple[object, ...]]]]:
        return hashlib.sha256(self.published.read_bytes()).hexdigest(), [
            self.raw(name) for name in ("sales", "tickets", "targets")
        ]

    def kpi(self, *arguments: str) -> Said:
        """What the command line says about this project."""
        return kpi(*arguments, "--project", str(self.root))

    def hashes(self) -> dict[str, str | None]:
        """The fingerprint of every published table's content."""
        return hashes_of(self.published)


@dataclass(frozen=True)
class Said:
    """How a command ended and what it wrote."""

    code: int
    bytes: bytes
    err: str

    @property
    def out(self) -> str:
        return self.bytes.decode()

    def refuses(self, code: int, *words: str) -> None:
        """It ended with this code and one message: where, what, and a way out, never a traceback."""
        assert self.code == code, self
        for word in (*words, "Hint: "):
            assert word in self.err, f"{word!r} is not said in:\n{self.err}"
        assert "Traceback" not in self.err
        assert "Traceback" not in self.out


def copy_project(project: Path, root: Path) -> None:
    """Copies a project of the repository, without what earlier runs made."""
    for folder in ("definitions", "reviews"):
        shutil.copytree(project / folder, root / folder)
    made = shutil.ignore_patterns("warehouse.duckdb*", "published")
    shutil.copytree(project / "data", root / "data", ignore=made)


def hashes_of(file: Path) -> dict[str, str | None]:
    """The fingerprint of every table of a published file."""
    with duckdb.connect(str(file), read_only=True) as reader:
        return {one.name: content_hash(one, reader.sql(f'SELECT * FROM "{one.name}"').pl()) for one in TABLES}


def kpi(*arguments: str) -> Said:
    """Runs a command in this process, as the installed script would."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    argv, sys.argv = sys.argv, ["kpi", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    finally:
        sys.argv = argv
    out.flush()
    return Said(code, out.buffer.getvalue(), err.getvalue())


def csv(header: str, rows: Iterable[str]) -> str:
    """Lines of a file."""
    return "\n".join([header, *rows]) + "\n"


def sales(weeks: Iterable[int], *, first_invoice: int = 0, price: float = 20.0) -> list[str]:
    """Six sales in each of the weeks, on three days, by four customers."""
    rows = []
    for week in weeks:
        for number in range(6):
            day = MONDAY + timedelta(days=7 * week + 2 * (number % 3))
            invoice = first_invoice + week * 6 + number
            rows.append(
                f"I{invoice:04d},c{(week + number) % 4},{day} 1{number}:00:00,{COUNTRIES[number % 3]},"
                f"{1 + (week + number) % 5},{price + week + number:.2f}"
            )
    return rows


def tickets() -> list[str]:
    """Two to four tickets a week."""
    rows = []
    for week in range(WEEKS):
        for number in range(2 + week % 3):
            day = MONDAY + timedelta(days=7 * week + number)
            rows.append(f"T{week * 4 + number},{day} 09:30:00,{('high', 'low')[number % 2]},{3 + week + number}")
    return rows
