"""Projects drawn of every kind of metric over models that look each other up, most of them sound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.engine import Table

SALES = Table.drawn("""
    at timestamp        | customer varchar | product integer | country varchar | amount decimal(9,2) | code varchar | units integer | vip boolean | paid date
    2024-01-01 10:00:00 | ann              | 1               | FR              | 10.00               | USD          | 1             | true        | 2024-01-05
    2024-01-08 23:30:00 | bob              | 2               |                 |                     | EUR          | 0             | false       |
    2024-02-29 00:00:00 | ann              |                 | UK              | -5.50               | USD          | 2             |             | 2024-02-28
    2024-03-31 01:30:00 |                  | 9               | FR              | 0.00                | USD          |               | true        | 2024-04-01
""")
VISITS = Table.drawn("""
    day date   | customer varchar | product integer | channel varchar | pages integer
    2024-01-01 | ann              | 1               | web             | 3
    2024-01-07 | bob              | 2               | app             | 1
    2024-02-28 | ann              |                 | web             |
    2024-03-01 | zoe              | 1               |                 | 2
""")
TICKETS = Table.drawn("""
    opened timestamp    | closed timestamp    | customer varchar | team varchar | weight double
    2024-01-02 09:00:00 | 2024-01-20 10:00:00 | ann              | red          | 1.5
    2024-01-31 09:00:00 |                     | bob              |              | 2
    2024-02-10 09:00:00 | 2024-02-01 09:00:00 |                  | blue         |
""")
STOCK = Table.drawn("""
    day date   | shelf varchar | product integer | units integer
    2024-01-31 | a             | 1               | 5
    2024-01-31 | b             | 2               | 6
    2024-02-29 | a             | 1               |
    2024-03-02 |               | 2               | 1
""")
CUSTOMERS = Table.drawn("""
    customer varchar | region integer | name varchar | since date
    ann              | 1              | Ann          | 2020-01-01
    bob              |                | Bob          | 2023-06-01
""")
REGIONS = Table.drawn("""
    region integer | label varchar
    1              | north
    2              | south
""")
PRODUCTS = Table.drawn("""
    product integer | kind varchar | cost decimal(9,2)
    1               | tea          | 2.00
    2               |              | 3.50
""")
RATES = Table.drawn("""
    day date   | currency varchar | rate decimal(18,9)
    2023-12-01 | USD              | 0.9
    2024-02-01 | USD              | 0.95
""")
TABLES = {
    "sales": SALES,
    "visits": VISITS,
    "tickets": TICKETS,
    "stock": STOCK,
    "customers": CUSTOMERS,
    "regions": REGIONS,
    "products": PRODUCTS,
    "rates": RATES,
}
TO_CUSTOMER = {"name": "customer", "type": "foreign"}
TO_PRODUCT = {"name": "product", "type": "foreign"}
CURRENCIES = (
    None,
    None,
    {"from": "EUR"},
    {"from": "USD", "rates": "rates", "within": "3 months"},
    {"column": "code", "rates": "rates", "within": "1 year"},
    {"column": "code", "rates": "rates", "per": "project", "within": "4 quarters"},
    {"from": "USD", "rates": "rates", "rate": "currency"},
    {"column": "units", "rates": "rates"},
    {"from": "USD", "rates": "products", "rate": "cost", "code": "kind"},
)
DIMENSIONS: Mapping[str, tuple[Any, ...]] = {
    "sales": (
        "country", "vip", {"name": "paid", "type": "time"}, {"name": "land", "expr": "lower(country)"}, {"name": "order", "expr": "units"},
        {"name": "is_big", "expr": "amount > 1"}, {"name": "at", "type": "time"}, {"name": "sold_on", "type": "time", "expr": "at::DATE"},
        {"name": "paid_late", "expr": "paid - at::DATE"}, {"name": "weekday", "expr": "extract(dow FROM at)"}, "code",
    ),
    "visits": ("channel", {"name": "day", "type": "time"}, {"name": "where_from", "expr": "coalesce(channel, 'none')"}, "pages"),
    "tickets": ("team", {"name": "opened", "type": "time"}, {"name": "closed", "type": "time"}, {"name": "is_open", "expr": "closed IS NULL"}),
    "stock": ("shelf", {"name": "day", "type": "time"}, {"name": "counted", "type": "time", "expr": "date_trunc('month', day)"}),
}  # fmt: skip
TIMES = {"sales": "at", "visits": "day", "tickets": "opened", "stock": "day"}
NAMES: Mapping[str, tuple[str, ...]] = {
    "sales": (
        "country", "vip", "land", "is_big", "order", "weekday", "paid", "customer", "product", "customer__since__year", "customer__name",
        "customer__region", "customer__region__label", "product__kind", "product__cost", "at__month", "at__extract_hour", "paid__week",
        "metric_time", "metric_time__quarter", "metric_time__extract_dow", "at__hour", "sold_on__year", "code", "customer__team", "nosuch", "sale",
        "units", "regions__label",
    ),
    "visits": ("channel", "where_from", "customer__region__label", "customer", "product__kind", "day__week", "metric_time__month", "country"),
    "tickets": ("team", "is_open", "customer__name", "closed__month", "customer", "opened__extract_week", "metric_time__year", "ticket"),
    "stock": ("shelf", "product__kind", "product", "day__month", "counted", "counted__quarter", "metric_time__month", "customer"),
}  # fmt: skip
EXPRESSIONS: Mapping[str, tuple[str, ...]] = {
    "sales": (
        "amount", "units", "amount * units", "amount - product__cost", "vip", "1", "length(land)", "is_big", "customer__since - paid", "order",
        "product", "amount / units", "date_diff('day', at, paid)", "customer", "CASE WHEN is_big THEN amount END", "code",
        "CASE customer__region__label WHEN 'north' THEN amount ELSE 0 END",
    ),
    "visits": ("pages", "1", "product__cost * pages", "channel", "customer"),
    "tickets": ("weight", "1", "customer", "date_diff('day', opened, closed)", "team"),
    "stock": ("units", "units * product__cost", "1", "product", "shelf"),
}  # fmt: skip
CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "sales": (
        "country = 'FR'", "vip", "NOT is_big", "land = 'fr'", "customer = 'ann'", "customer__region__label = 'north'", "product__kind IS NULL",
        "at__month >= '2024-02-01'", "metric_time__extract_dow < 6", "metric('lines', 'customer') > 1", "metric('seen', 'customer') >= 1",
        "customer__since__year > DATE '2020-01-01'", "product = 1", "product = '1'", "amount > 1 OR vip", "order > 0", "units", "paid = 'x'",
        "country = FR", "metric('held', 'customer') > 1", "metric('back', 'customer') > 1", "metric_time > '2024-01-31'", "customer__region = 1",
        "at__extract_hour > 9", "metric('order_value', 'customer') > 0", "customer__region = 'north'", "vip = 'maybe'", "nosuch(vip)",
    ),
    "visits": ("channel = 'web'", "pages > 1", "customer__name = 'Ann'", "where_from <> 'none'", "metric('revenue', 'customer') > 0", "day > '2024-01-02'"),
    "tickets": ("team = 'red'", "is_open", "customer__name = 'Ann'", "closed__month IS NULL", "weight > 1", "metric('lines', 'customer') > 0"),
    "stock": ("shelf = 'a'", "product__kind = 'tea'", "units > 1", "counted > '2024-01-01'"),
}  # fmt: skip
WRONG = frozenset({
    "product = '1'", "units", "paid = 'x'", "country = FR", "metric('held', 'customer') > 1", "metric('back', 'customer') > 1",
    "customer__region = 'north'", "vip = 'maybe'", "nosuch(vip)",
})  # fmt: skip
"""Conditions that are refused, or may be."""
AGGS = ("sum", "count", "count_distinct", "average", "min", "max", "median", "percentile", "sum_boolean")
WINDOWS = ("1 day", "7 days", "4 weeks", "1 month", "2 quarters", "1 year", "12 hours")
GRAINS = ("hour", "day", "week", "month", "quarter", "year")

models = st.sampled_from(sorted(TIMES))


@st.composite
def _simple(draw: st.DrawFn, name: str) -> dict[str, Any]:
    model = draw(models)
    metric: dict[str, Any] = {"name": name, "type": "simple", "model": model, "agg": draw(st.sampled_from(AGGS))}
    if metric["agg"] != "count" or draw(st.booleans()):
        metric["expr"] = draw(st.sampled_from(EXPRESSIONS[model]))
    if metric["agg"] == "percentile":
        metric["percentile"] = 0.9
    if draw(st.booleans()):
        metric["filter"] = draw(_condition(model))
    match draw(st.integers(0, 9)):
        case 0 | 1 if model == "stock":
            metric["non_additive_dimension"] = {
                "name": draw(st.sampled_from(["day", "counted"])),
                "window_agg": draw(st.sampled_from(["max", "min", "average", "highest", "lowest"])),
                "window_groupings": draw(st.lists(st.sampled_from(["shelf", "product"]), max_size=2, unique=True)),
                "carry_forward": draw(st.booleans()),
            }
        case 0 | 1 | 2 | 3 if model == "tickets":
            at = draw(st.sampled_from(["end", "start", "average", "highest", "lowest"]))
            metric["active"] = {"from": "opened", "to": "closed", "at": at}
        case 4 | 5 if model == "sales":
            metric["unit"] = "currency"
        case 6:
            metric["agg_time_dimension"] = draw(
                st.sampled_from(["paid", "closed", "counted", "sold_on", "day", "units"])
            )
        case 7:
            metric["join_to_timespine"] = True
        case 8:
            metric["fill_nulls_with"] = draw(st.sampled_from([0, 1.5]))
    return metric


def _model_of(metrics: list[dict[str, Any]], name: str) -> str:
    """The model that a metric, or the first of its inputs, is computed from."""
    [metric] = [one for one in metrics if one["name"] == name]
    if "model" in metric:
        return str(metric["model"])
    below = [metric.get(key) for key in ("numerator", "base_metric", "input_metric")] + metric.get("input_metrics", [])
    first = next(one for one in below if one)
    return _model_of(metrics, first if isinstance(first, str) else first["name"])


def _is_counted(metric: dict[str, Any]) -> bool:
    """Whether a conversion may be of it."""
    added = metric["type"] == "simple" and metric["agg"] in ("sum", "count", "count_distinct", "sum_boolean")
    return added and not {"active", "non_additive_dimension"} & set(metric)


@st.composite
def _used(draw: st.DrawFn, metrics: list[dict[str, Any]], *, counted: bool = False) -> Any:
    """A metric as input of another one, perhaps with a filter; mostly one that fits."""
    fits = [one for one in metrics if _is_counted(one)] if counted and draw(st.integers(0, 9)) else metrics
    name = str(draw(st.sampled_from(fits))["name"])
    if draw(st.integers(0, 3)):
        return name
    return {"name": name, "filter": draw(_condition(_model_of(metrics, name)))}


def _condition(model: str) -> st.SearchStrategy[str]:
    """A condition on rows of a model; one in ten may be wrong."""
    sound = st.sampled_from([one for one in CONDITIONS[model] if one not in WRONG])
    return st.integers(0, 9).flatmap(lambda luck: sound if luck else st.sampled_from(CONDITIONS[model]))


@st.composite
def _composite(draw: st.DrawFn, name: str, names: list[dict[str, Any]]) -> dict[str, Any]:
    """A metric of others, or of the rows of an entity through time."""
    match draw(st.integers(0, 5)):
        case 0:
            return {"name": name, "type": "ratio", "numerator": draw(_used(names)), "denominator": draw(_used(names))}
        case 1:
            reach = draw(st.sampled_from(["window", "grain_to_date", None]))
            metric = {"name": name, "type": "cumulative", "input_metric": draw(_used(names))}
            if reach:
                metric[reach] = draw(st.sampled_from(WINDOWS if reach == "window" else GRAINS))
            if draw(st.booleans()):
                metric["period_agg"] = draw(st.sampled_from(["last", "first", "average", "highest", "lowest"]))
            return metric
        case 2:
            below = []
            for alias in ("a", "b"):
                one = draw(_used(names))
                one = {"name": one, "alias": alias} if isinstance(one, str) else {**one, "alias": alias}
                match draw(st.integers(0, 3)):
                    case 0:
                        one["offset_window"] = draw(st.sampled_from(WINDOWS))
                    case 1:
                        one["offset_to_grain"] = draw(st.sampled_from(GRAINS))
                below.append(one)
            expr = draw(st.sampled_from(["a - b", "a / b", "coalesce(a, b) * 2", "CASE WHEN a > b THEN a END"]))
            return {"name": name, "type": "derived", "expr": expr, "input_metrics": below}
        case 3 | 4:
            metric = {
                "name": name,
                "type": "conversion",
                "entity": draw(st.sampled_from(["customer", "customer", "product"])),
                "base_metric": draw(_used(names, counted=True)),
                "conversion_metric": draw(_used(names, counted=True)),
                "calculation": draw(st.sampled_from(["conversion_rate", "conversions"])),
            }
            if draw(st.booleans()):
                metric["window"] = draw(st.sampled_from(WINDOWS))
            if draw(st.integers(0, 2)) == 0:
                names_of = st.sampled_from(["product", "customer", "country", "channel", "units", "day"])
                same = {"base_property": draw(names_of), "conversion_property": draw(names_of)}
                metric["constant_properties"] = [same]
            return metric
        case _:
            model = draw(models)
            metric = {"name": name, "type": "retention", "entity": "customer", "model": model}
            metric |= {
                "cohort_grain": draw(st.sampled_from(GRAINS)),
                "age": draw(st.sampled_from([0, 1, {"from": 1, "to": 2}])),
            }
            if draw(st.booleans()):
                metric["filter"] = draw(_condition(model))
            return metric


@st.composite
def projects(draw: st.DrawFn) -> Mapping[str, Any]:
    """A project of some metrics and KPIs over models that look each other up."""
    metrics: list[dict[str, Any]] = [
        {"name": "lines", "type": "simple", "model": "sales", "agg": "count"},
        {"name": "seen", "type": "simple", "model": "visits", "agg": "count"},
        {"name": "revenue", "type": "simple", "model": "sales", "agg": "sum", "expr": "amount"},
        {"name": "order_value", "type": "ratio", "numerator": "revenue", "denominator": "lines"},
        {"name": "held", "type": "simple", "model": "tickets", "agg": "count", "active": {"from": "opened", "to": "closed"}},
        {"name": "back", "type": "retention", "entity": "customer", "model": "visits", "cohort_grain": "month", "age": 1},
    ]  # fmt: skip
    for number in range(draw(st.integers(0, 2))):
        metrics.append(draw(_simple(f"s{number}")))
    for number in range(draw(st.integers(0 if len(metrics) > 6 else 1, 2))):
        metrics.append(draw(_composite(f"c{number}", metrics)))
    drawn = [str(one["name"]) for one in metrics[6:]]
    kpis = []
    for number in range(draw(st.integers(0, 2))):
        grain, metric = draw(st.sampled_from(GRAINS)), draw(st.sampled_from(drawn))
        by = draw(st.lists(st.sampled_from(NAMES[_model_of(metrics, metric)]), max_size=2, unique=True))
        breakdowns = [[], by] if by else [[]]
        kpis.append(
            {"name": f"k{number}", "metric": metric, "direction": "up", "grain": grain, "breakdowns": breakdowns}
        )
    sales: dict[str, Any] = {
        "entities": [TO_CUSTOMER, TO_PRODUCT, {"name": "sale", "type": "primary", "expr": "at::VARCHAR"}]
    }
    if currency := draw(st.sampled_from(CURRENCIES if draw(st.integers(0, 4)) == 0 else CURRENCIES[:6])):
        sales["currency"] = currency
    written = {
        "sales": sales,
        "visits": {"entities": [TO_CUSTOMER, TO_PRODUCT]},
        "tickets": {"entities": [TO_CUSTOMER]},
        "stock": {"entities": [TO_PRODUCT]},
    }
    counted = []
    for name, said in written.items():
        dimensions = [one for one in DIMENSIONS[name] if draw(st.integers(0, 9))]
        counted.append(
            {"name": name, "table": f"raw.{name}", "agg_time_dimension": TIMES[name], "dimensions": dimensions, **said}
        )
    region = {"name": "region", "type": "primary", "expr": draw(st.sampled_from([*["region"] * 9, "label"]))}
    return {
        "project": {"name": "tried", "as_of": "data", "timezone": "Europe/London"},
        "sources": [{"name": name, "connector": {"type": "file", "path": f"{name}.csv"}} for name in TABLES],
        "models": [
            *counted,
            {"name": "customers", "table": "raw.customers", "agg_time_dimension": "since", "dimensions": ["name", {"name": "since", "type": "time"}],
             "entities": [{"name": "customer", "type": "primary"}, {"name": "region", "type": "foreign"}]},
            {"name": "regions", "table": "raw.regions", "dimensions": ["label"], "entities": [region]},
            {"name": "products", "table": "raw.products", "dimensions": ["kind", "cost"], "entities": [{"name": "product", "type": "unique"}]},
            {"name": "rates", "table": "raw.rates", "agg_time_dimension": "day"},
        ],
        "metrics": metrics,
        "kpis": kpis,
    }  # fmt: skip


@st.composite
def questions(draw: st.DrawFn) -> Mapping[str, Any]:
    """What may be asked of a metric: at a grain, by dimensions, under a condition."""
    model = draw(models)
    by = draw(st.lists(st.sampled_from(NAMES[model]), max_size=2, unique=True))
    where = draw(st.sampled_from([None, *CONDITIONS[model]]))
    return {"grain": draw(st.sampled_from([None, *GRAINS])), "by": by, "where": where}
