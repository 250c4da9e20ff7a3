"""What histories are made of: sources and how each is delivered, models, metrics of every kind, and rows for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML

Said = dict[str, Any]
Row = dict[str, str]

FIRST = date(2024, 1, 1)
DAYS = 75
FILES, WHOLE, MERGED, BY_CURSOR = "files, appended", "files, as they are", "database, merged", "database, by cursor"


@dataclass(frozen=True)
class Table:
    """A raw table: its columns with their types, what names a row, what says how new it is, and its values."""

    columns: Mapping[str, str]
    key: tuple[str, ...]
    cursor: str | None
    values: Mapping[str, st.SearchStrategy[str]]
    delivered: tuple[str, ...] = (FILES, FILES, WHOLE, MERGED, BY_CURSOR)
    bounded: str | None = None
    """A column of numbers that a check may forbid to be large."""

    @property
    def row(self) -> st.SearchStrategy[Row]:
        """A row, which gets a number for its name later where it has none among its values."""
        return st.fixed_dictionaries({name: self.values.get(name, st.just("")) for name in self.columns})


def _one_of(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from(words)


day = st.integers(0, DAYS).map(lambda number: str(FIRST + timedelta(days=number)))
moment = st.builds(
    lambda number, clock: f"{FIRST + timedelta(days=number)} {clock}",
    st.integers(0, DAYS),
    _one_of("00:00:00", "00:30:00", "09:15:00", "23:30:00"),
)
maybe_day = st.one_of(st.just(""), day)
customer = _one_of("ann", "bob", "eve", "zoe", "")
product = _one_of("1", "2", "9", "")
cents = st.one_of(st.just(""), st.integers(-500, 5000).map(lambda number: f"{number / 100:.2f}"))
small = _one_of("", "0", "1", "2", "7")

TABLES: Mapping[str, Table] = {
    "sales": Table(
        {
            "id": "integer", "at": "timestamp", "customer": "text", "product": "integer", "country": "text",
            "amount": "decimal", "code": "text", "units": "integer", "weight": "number", "paid": "date",
        },
        ("id",), "at",
        {
            "at": moment, "customer": customer, "product": product, "country": _one_of("FR", "UK", "XX", ""),
            "amount": cents, "code": _one_of("USD", "EUR"), "units": small,
            "weight": _one_of("", "0.1", "0.2", "0.7", "1e-3", "123456789.25", "-3e5"), "paid": maybe_day,
        },
        bounded="units",
    ),
    "visits": Table(
        {"id": "integer", "day": "date", "customer": "text", "channel": "text", "pages": "integer"},
        ("id",), "day",
        {"day": day, "customer": customer, "channel": _one_of("web", "app", ""), "pages": small},
        bounded="pages",
    ),
    "tickets": Table(
        {"id": "integer", "opened": "timestamp", "closed": "timestamp", "customer": "text", "team": "text", "hours": "number"},
        ("id",), "opened",
        {
            "opened": moment, "closed": st.one_of(st.just(""), moment), "customer": customer,
            "team": _one_of("red", "blue", ""), "hours": _one_of("", "0.5", "1", "2.25"),
        },
    ),
    "stock": Table(
        {"id": "integer", "day": "date", "shelf": "text", "product": "integer", "units": "integer"},
        ("id",), "day", {"day": day, "shelf": _one_of("a", "b", ""), "product": product, "units": small},
    ),
    "customers": Table(
        {"customer": "text", "region": "integer", "name": "text", "since": "date"},
        ("customer",), None,
        {"customer": _one_of("ann", "bob", "eve"), "region": _one_of("1", "2", ""), "name": _one_of("Ann", "Bob"), "since": day},
        (WHOLE, MERGED),
    ),
    "regions": Table(
        {"region": "integer", "label": "text"}, ("region",), None,
        {"region": _one_of("1", "2"), "label": _one_of("north", "south", "")}, (WHOLE, MERGED),
    ),
    "tiers": Table(
        {"customer": "text", "tier": "text", "since": "date"}, ("customer", "since"), None,
        {
            "customer": _one_of("ann", "bob", "eve"), "tier": _one_of("gold", "tin"),
            "since": _one_of("2023-01-01", "2024-01-20", "2024-02-10"),
        },
        (WHOLE, MERGED),
    ),
    "products": Table(
        {"product": "integer", "kind": "text", "cost": "decimal"}, ("product",), None,
        {"product": _one_of("1", "2"), "kind": _one_of("tea", "jam", ""), "cost": _one_of("2.00", "3.50", "")}, (WHOLE, MERGED),
    ),
    "rates": Table(
        {"day": "date", "currency": "text", "rate": "decimal"}, ("currency", "day"), None,
        {
            "day": _one_of("2023-11-01", "2024-01-01", "2024-02-01", "2024-02-20"), "currency": st.just("USD"),
            "rate": _one_of("0.9", "0.95", "1.1"),
        },
        (WHOLE,),
    ),
}  # fmt: skip
"""Every source, with rows in which days, customers and products meet, or do not."""

_WRITTEN = """
models:
  - name: sales
    table: raw.sales
    agg_time_dimension: at
    entities: [{name: customer, type: foreign}, {name: product, type: foreign}]
    dimensions: [country, code, {name: at, type: time}, {name: paid, type: time}, {name: is_big, expr: amount > 1}]
  - name: sales_in_euros
    table: raw.sales
    agg_time_dimension: at
    dimensions: [country]
    currency: {column: code, rates: rates, within: 1 year}
  - name: visits
    sql: SELECT * FROM raw.visits WHERE channel IS NULL OR channel <> 'nowhere'
    agg_time_dimension: day
    entities: [{name: customer, type: foreign}]
    dimensions: [channel]
  - name: tickets
    table: raw.tickets
    agg_time_dimension: opened
    entities: [{name: customer, type: foreign}]
    dimensions: [team, {name: opened, type: time}, {name: closed, type: time}]
  - name: stock
    table: raw.stock
    agg_time_dimension: day
    entities: [{name: product, type: foreign}]
    dimensions: [shelf, {name: day, type: time}]
  - name: both
    sql: |
      SELECT sales.at, sales.amount, sales.country, visits.pages
      FROM raw.sales AS sales LEFT JOIN raw.visits AS visits ON visits.customer = sales.customer AND visits.day = sales.at::DATE
    agg_time_dimension: at
    dimensions: [country]
  - name: customers
    table: raw.customers
    agg_time_dimension: since
    dimensions: [name]
    entities: [{name: customer, type: primary}, {name: region, type: foreign}]
  - {name: regions, table: raw.regions, dimensions: [label], entities: [{name: region, type: primary}]}
  - name: tiers
    sql: SELECT *, lead(since) OVER (PARTITION BY customer ORDER BY since) AS until FROM raw.tiers
    agg_time_dimension: since
    entities: [{name: customer, type: natural}]
    dimensions:
      - tier
      - {name: since, type: time, validity_params: {is_start: true}}
      - {name: until, type: time, validity_params: {is_end: true}}
  - {name: products, table: raw.products, dimensions: [kind, cost], entities: [{name: product, type: unique}]}
  - {name: rates, table: raw.rates, agg_time_dimension: day}
metrics:
  - {name: lines, type: simple, model: sales, agg: count}
  - {name: revenue, type: simple, model: sales, agg: sum, expr: amount}
  - {name: weight, type: simple, model: sales, agg: sum, expr: weight}
  - {name: average_weight, type: simple, model: sales, agg: average, expr: weight}
  - {name: buyers, type: simple, model: sales, agg: count_distinct, expr: customer}
  - {name: baskets, type: simple, model: sales, agg: count_distinct, expr: id}
  - {name: lightest, type: simple, model: sales, agg: min, expr: weight}
  - {name: dearest, type: simple, model: sales, agg: max, expr: amount}
  - {name: median_amount, type: simple, model: sales, agg: median, expr: amount}
  - {name: heavy, type: simple, model: sales, agg: percentile, percentile: 0.9, expr: weight}
  - {name: big, type: simple, model: sales, agg: sum_boolean, expr: amount > 1}
  - {name: margin, type: simple, model: sales, agg: sum, expr: amount - product__cost}
  - {name: paid, type: simple, model: sales, agg: sum, expr: amount, agg_time_dimension: paid}
  - {name: filled, type: simple, model: sales, agg: average, expr: units, fill_nulls_with: 1.5, join_to_timespine: true}
  - {name: regulars, type: simple, model: sales, agg: count, filter: "metric('lines', 'customer') > 1"}
  - {name: northern, type: simple, model: sales, agg: sum, expr: amount, filter: "customer__region__label = 'north'"}
  - {name: unpaid, type: simple, model: sales, agg: sum, expr: amount, active: {from: at, to: paid}}
  - {name: owing, type: simple, model: sales, agg: count_distinct, expr: customer, active: {from: at, to: paid, at: average}}
  - {name: euros, type: simple, model: sales_in_euros, agg: sum, expr: amount, unit: currency}
  - {name: together, type: simple, model: both, agg: sum, expr: amount * pages}
  - {name: seen, type: simple, model: visits, agg: count}
  - {name: pages, type: simple, model: visits, agg: sum, expr: pages}
  - {name: visitors, type: simple, model: visits, agg: count_distinct, expr: customer}
  - {name: opened, type: simple, model: tickets, agg: count}
  - {name: held, type: simple, model: tickets, agg: count, active: {from: opened, to: closed}}
  - {name: held_at_start, type: simple, model: tickets, agg: sum, expr: hours, active: {from: opened, to: closed, at: start}}
  - {name: most_held, type: simple, model: tickets, agg: count, active: {from: opened, to: closed, at: highest}}
  - {name: units_last, type: simple, model: stock, agg: sum, expr: units,
     non_additive_dimension: {name: day, window_agg: max, window_groupings: [shelf, product]}}
  - {name: units_first, type: simple, model: stock, agg: sum, expr: units,
     non_additive_dimension: {name: day, window_agg: min, window_groupings: [shelf]}}
  - {name: units_kept, type: simple, model: stock, agg: sum, expr: units,
     non_additive_dimension: {name: day, window_agg: max, window_groupings: [shelf], carry_forward: true}}
  - {name: units_average, type: simple, model: stock, agg: sum, expr: units,
     non_additive_dimension: {name: day, window_agg: average, window_groupings: [shelf]}}
  - {name: units_lowest, type: simple, model: stock, agg: sum, expr: units,
     non_additive_dimension: {name: day, window_agg: lowest}}
  - {name: order_value, type: ratio, numerator: revenue, denominator: lines}
  - {name: french_share, type: ratio, numerator: {name: revenue, filter: country = 'FR'}, denominator: revenue}
  - {name: sold_a_visit, type: ratio, numerator: lines, denominator: seen}
  - {name: growth, type: derived, expr: now - before,
     input_metrics: [{name: revenue, alias: now}, {name: revenue, alias: before, offset_window: 1 week}]}
  - {name: since_month_began, type: derived, expr: now / began,
     input_metrics: [{name: buyers, alias: now}, {name: buyers, alias: began, offset_to_grain: month}]}
  - {name: visits_a_ticket, type: derived, expr: seen / opened, input_metrics: [seen, opened]}
  - {name: buyers_14d, type: cumulative, input_metric: buyers, window: 14 days}
  - {name: revenue_in_month, type: cumulative, input_metric: revenue, grain_to_date: month, period_agg: last}
  - {name: ever_sold, type: cumulative, input_metric: weight}
  - {name: visit_buys, type: conversion, entity: customer, base_metric: seen, conversion_metric: lines, window: 7 days}
  - {name: visitors_buy, type: conversion, entity: customer, base_metric: visitors, conversion_metric: buyers,
     calculation: conversions}
  - {name: back_in_a_month, type: retention, entity: customer, model: visits, cohort_grain: month, age: 1}
  - {name: buys_within_two_weeks, type: retention, entity: customer, model: sales, cohort_grain: week, age: {from: 1, to: 2}}
"""
_READ = YAML(typ="safe", pure=True).load(_WRITTEN)
MODELS: Mapping[str, Said] = {one["name"]: one for one in _READ["models"]}
METRICS: Mapping[str, Said] = {one["name"]: one for one in _READ["metrics"]}

FEEDING: Mapping[str, tuple[str, ...]] = {
    "sales": ("sales",),
    "sales_in_euros": ("sales", "rates"),
    "visits": ("visits",),
    "tickets": ("tickets",),
    "stock": ("stock",),
    "both": ("sales", "visits"),
}
"""The sources of the models that metrics are of."""
BESIDE: Mapping[str, tuple[str, ...]] = {
    "customer__region__label": ("customers", "regions"),
    "customer__name": ("customers",),
    "customer__tier": ("tiers",),
    "product__": ("products",),
}
"""The models, each with a source of its own name, that are looked up where a name is used."""
BREAKDOWNS: Mapping[str, tuple[str, ...]] = {
    "sales": ("country", "code", "is_big", "customer__region__label", "customer__tier", "product__kind", "customer"),
    "sales_in_euros": ("country",),
    "visits": ("channel", "customer__name", "customer__tier"),
    "tickets": ("team", "customer__name"),
    "stock": ("shelf", "product__kind"),
    "both": ("country",),
}
CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "sales": ("country = 'FR'", "amount > 1 OR units = 1", "customer__tier = 'gold'", "paid IS NULL", "product__kind = 'tea'"),
    "sales_in_euros": ("country = 'FR'", "units > 0"),
    "visits": ("channel = 'web'", "pages > 1", "customer__name = 'Ann'"),
    "tickets": ("team = 'red'", "closed IS NOT NULL"),
    "stock": ("shelf = 'a'", "units > 1"),
    "both": ("country = 'FR'", "pages > 1"),
}  # fmt: skip


def below(name: str) -> frozenset[str]:
    """A metric and all that it is made of."""
    metric = METRICS[name]
    used = [metric.get(key) for key in ("numerator", "denominator", "base_metric", "conversion_metric", "input_metric")]
    used += metric.get("input_metrics", [])
    names = [one if isinstance(one, str) else one["name"] for one in used if one]
    names += ["lines"] if "metric('lines'" in str(metric.get("filter")) else []
    return frozenset({name}).union(*map(below, names))


def models_of(name: str) -> frozenset[str]:
    """The models that a metric is computed from."""
    return frozenset(METRICS[one]["model"] for one in below(name) if "model" in METRICS[one])


def grains(name: str) -> tuple[str, ...]:
    """The grains that a metric can be asked at."""
    only = {
        "growth": ("day", "week"),
        "since_month_began": ("month",),
        "back_in_a_month": ("month",),
        "buys_within_two_weeks": ("week",),
    }
    return only.get(name, ("day", "week", "month", "quarter"))


def complete(said: Said, delivered: Mapping[str, str], bounded: Iterable[str] = ()) -> Said:
    """The definitions with the models and sources that their metrics name, and no others."""
    metrics = said["metrics"]
    feeding = {one["model"] for one in metrics if "model" in one}
    text = str([metrics, said["kpis"]])
    beside = {name for piece, names in BESIDE.items() if piece in text for name in names}
    beside |= {"rates"} if "sales_in_euros" in feeding else set()
    sources = sorted({source for model in feeding for source in FEEDING[model]} | beside)
    models = [said["changed"].get(name, one) for name, one in MODELS.items() if name in feeding | beside]
    return {
        "project": said["project"],
        "sources": [_source(name, delivered[name], name in bounded, said["delays"].get(name)) for name in sources],
        "models": models,
        "metrics": metrics,
        "kpis": said["kpis"],
    }


def _source(name: str, how: str, bounded: bool, delay: str | None) -> Said:
    table = TABLES[name]
    source: Said = {"name": name, "columns": {column: {"type": kind} for column, kind in table.columns.items()}}
    load: Said = {"cursor": table.cursor} if table.cursor else {}
    if how == FILES:
        load |= {"mode": "append"}
    elif how == WHOLE:
        load |= {"mode": "full", "allow_empty": True}
    elif how == MERGED:
        load |= {"mode": "merge", "key": list(table.key), "deletions": "compare_keys"}
        load |= {"lookback": f"{2 * DAYS} days"} if table.cursor else {}
    else:
        load |= {"mode": "append", "lookback": "20 days"}
    if how in (FILES, WHOLE):
        source["connector"] = {"type": "file", "path": f"data/{name}/*.csv"}
    else:
        source["connector"] = {"type": "database", "driver": "sqlite", "uri": "data/shop.sqlite", "table": name}
    if bounded and table.bounded:
        source["checks"] = [{"type": "accepted_range", "column": table.bounded, "max": 50, "name": "not_too_large"}]
    if delay and table.cursor:
        source["complete_through"] = {"delay": delay}
    if name == "sales":
        source["timezone"] = "UTC"
    return source | {"load": load}


@st.composite
def projects(draw: st.DrawFn) -> Said:
    """One to three metrics with all that they are made of, and a KPI on some of them."""
    chosen = draw(st.lists(st.sampled_from(sorted(METRICS)), min_size=1, max_size=3, unique=True))
    said: Said = {
        "project": {
            "name": "tried",
            "as_of": "data",
            "timezone": draw(st.sampled_from(["UTC", "Europe/London", "Asia/Tokyo"])),
            "publish": {"scorecard": None, "grains": ["week", "month"]},
        },
        "metrics": [],
        "kpis": [],
        "changed": {},
        "delays": {},
    }
    for name in chosen:
        add_metric(said, name)
    for name in chosen:
        said["kpis"].append(draw(kpi(name)))
    return said


def add_metric(said: Said, name: str) -> None:
    """Puts a metric with what it is made of into definitions that lack it."""
    there = {one["name"] for one in said["metrics"]}
    said["metrics"] += [dict(METRICS[one]) for one in METRICS if one in below(name) - there]


@st.composite
def kpi(draw: st.DrawFn, metric: str) -> Said:
    """A KPI on a metric, perhaps broken down, perhaps with a target."""
    said: Said = {
        "name": f"kpi_{metric}",
        "metric": metric,
        "direction": "up",
        "grain": draw(st.sampled_from(grains(metric))),
    }
    models = models_of(metric)
    if len(models) == 1 and draw(st.booleans()):
        by = draw(st.lists(st.sampled_from(BREAKDOWNS[min(models)]), min_size=1, max_size=2, unique=True))
        said |= {"breakdowns": [[], by], "segments_at_most": draw(st.sampled_from([1, 2, 200]))}
    if draw(st.booleans()):
        said["target"] = {"type": "at_least", "values": [{"from": "2024-01-01", "value": draw(st.integers(1, 9))}]}
    return said
