"""A shop whose sales are in a lakehouse, by the day, and whose stores are in a file; and the same shop, loaded whole."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from kpi_pipeline import load_project
from kpi_pipeline.pipeline.report import RunReport
from tests.project import Said, kpi

FIRST = date(2024, 1, 1)
NOW = datetime(2024, 4, 1, 7, tzinfo=UTC)
DAYS = 42
THERE = "connector: {type: lakehouse, path: lake/sales, partition: day}"
HERE = "connector: {type: file, path: lake/sales/**/*.parquet}"

PROJECT = """\
project:
  name: lake_shop
  timezone: Europe/London
  as_of: data
  publish: {{duckdb: out/kpi.duckdb, scorecard: null, grains: [week, month]}}
{engine}
sources:
  - name: sales
    {connector}
    load: {{cursor: sold_at}}
    timezone: UTC
    personal: [customer]
    checks:
      - {{type: not_null, columns: [sale, sold_at]}}
      - {{type: unique, columns: [sale]}}
      - {{type: accepted_values, column: country, values: [FR, DE], severity: warn, name: known_countries}}
      - {{type: accepted_range, column: amount, min: 0, max: 90, severity: warn, name: usual_amounts}}
      - {{type: no_gaps, column: sold_at, grain: day, severity: warn, name: every_day}}
      - {{type: matches, column: customer, pattern: "^c[0-9]+$", severity: warn, name: customers_are_numbered}}
  - name: stores
    connector: {{type: file, path: stores.csv}}
  - name: visits
    connector: {{type: file, path: visits.csv}}
    load: {{cursor: day}}
models:
  - name: sale
    sql: SELECT sale, sold_at, customer, store, country, amount, amount > 50 AS is_large FROM raw.sales
    agg_time_dimension: sold_at
    entities: [{{name: store, type: foreign}}, {{name: customer, type: foreign}}]
    dimensions: [country, is_large]
  - name: first_sale
    sql: >-
      SELECT customer, min(sold_at) AS first_at,
             max(amount) FILTER (WHERE country = 'FR') AS most
      FROM raw.sales GROUP BY customer
    agg_time_dimension: first_at
    entities: [{{name: customer, type: primary}}]
  - name: store
    table: raw.stores
    entities: [{{name: store, type: primary}}]
    dimensions: [city]
  - name: visit
    table: raw.visits
    agg_time_dimension: day
    dimensions: [country]
metrics:
  - {{name: revenue, type: simple, model: sale, agg: sum, expr: amount}}
  - {{name: sales, type: simple, model: sale, agg: count}}
  - {{name: buyers, type: simple, model: sale, agg: count_distinct, expr: customer}}
  - {{name: median_sale, type: simple, model: sale, agg: median, expr: amount}}
  - {{name: active_buyers, type: cumulative, input_metric: buyers, window: 14 days}}
  - {{name: ever_buyers, type: cumulative, input_metric: buyers}}
  - {{name: estimated_buyers, type: simple, model: sale, agg: count_distinct, expr: customer, approximate: true}}
  - {{name: estimated_active, type: cumulative, input_metric: estimated_buyers, window: 14 days}}
  - {{name: estimated_median, type: simple, model: sale, agg: median, expr: amount, approximate: true}}
  - {{name: new_buyers, type: simple, model: first_sale, agg: count}}
  - {{name: visits, type: simple, model: visit, agg: sum, expr: visits}}
  - {{name: sales_per_visit, type: ratio, numerator: sales, denominator: visits}}
  - name: large_share
    type: ratio
    numerator: {{name: revenue, filter: is_large}}
    denominator: revenue
teams: [{{name: commercial}}]
goals:
  - {{name: grow, statement: Sell for 900 a week, team: commercial, agreed_by: [commercial]}}
kpis:
"""
KPI = """\
  - {{name: weekly_{metric}, metric: {metric}, goal: grow, team: commercial, direction: up, grain: week,
     breakdowns: [{breakdowns}], target: {{type: at_least, values: [{{from: 2024-01-01, value: 1}}]}}}}
"""
BROKEN_DOWN = ("revenue", "buyers", "median_sale", "active_buyers")


@dataclass(frozen=True)
class Lake:
    """A folder with a project; `there` says whether its sales stay in the lakehouse."""

    root: Path
    there: bool

    def define(self, kpis: str = "") -> None:
        """Writes the definitions, and the small tables."""
        text = PROJECT.format(
            connector=THERE if self.there else HERE,
            engine='  engine: {type: spark, remote: "${SPARK_REMOTE}"}' if self.there else "",
        )
        for metric in ("revenue", "buyers", "median_sale", "active_buyers", "ever_buyers", "new_buyers",
                       "sales_per_visit", "large_share"):  # fmt: skip
            by = "[], [country], [store__city]" if metric in BROKEN_DOWN else "[]"
            text += KPI.format(metric=metric, breakdowns=by)
        (self.root / "definitions").mkdir(parents=True, exist_ok=True)
        (self.root / "definitions" / "all.yaml").write_text(text + kpis, encoding="utf-8")
        (self.root / "stores.csv").write_text("store,city\na,Paris\nb,Berlin\n", encoding="utf-8")
        rows = [f"{FIRST + timedelta(days=day)},FR,{100 + day}" for day in range(DAYS)]
        (self.root / "visits.csv").write_text("\n".join(["day,country,visits", *rows]) + "\n", encoding="utf-8")

    def sell(self, day: int, *, rows: int = 12, seed: int = 0, customers: int = 40, note: bool = False) -> None:
        """Writes the sales of a day, in the place of those that may be there."""
        drawn = random.Random(f"{day} {seed}")
        frame = pl.DataFrame(
            [
                (
                    f"s{day}-{seed}-{number}",
                    datetime.combine(FIRST + timedelta(days=day), datetime.min.time())
                    + timedelta(minutes=drawn.randrange(24 * 60)),
                    f"c{drawn.randrange(customers)}",
                    drawn.choice("ab"),
                    drawn.choice(["FR", "DE", "UK"]),
                    Decimal(drawn.randrange(100, 9500)) / 100,
                )
                for number in range(rows)
            ],
            schema={"sale": pl.String, "sold_at": pl.Datetime("us"), "customer": pl.String, "store": pl.String,
                    "country": pl.String, "amount": pl.Decimal(12, 2)},
            orient="row",
        )  # fmt: skip
        if note:
            frame = frame.with_columns(note=pl.lit("late"))
        file = self.file(day)
        file.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(file)

    def file(self, day: int) -> Path:
        """Where the sales of a day are."""
        return self.root / "lake" / "sales" / f"day={FIRST + timedelta(days=day)}" / "sales.parquet"

    def run(self, *, full: bool = False) -> RunReport:
        """A run of the project."""
        return load_project(self.root / "definitions").run(full=full, now=NOW, wait=0)

    def kpi(self, *arguments: str) -> Said:
        """What the command line says about this project."""
        return kpi(*arguments, "--project", str(self.root))
