"""Whatever `kpi check` accepts can be asked at every grain and breakdown; whatever it refuses has a place and a hint."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kpi_pipeline.errors import DataError, DefinitionError
from kpi_pipeline.periods import Grain
from tests.engine import Engine, Table
from tests.properties.accepted import accepted, assert_readable, filled

EXAMPLES = int(os.environ.get("KPI_EXAMPLES", "60"))

SALES = Table.drawn("""
    at timestamp        | customer varchar | country varchar | amount decimal(9,2) | units integer | vip boolean | paid date
    2024-01-01 10:00:00 | ann              | FR              | 10.00               | 1             | true        | 2024-01-05
    2024-01-08 23:30:00 | bob              |                 |                     | 0             | false       |
    2024-02-29 00:00:00 | ann              | UK              | -5.50               | 2             |             | 2024-02-28
    2024-03-31 01:30:00 |                  | FR              | 0.00                |               | true        | 2024-04-01
""")
CUSTOMERS = Table.drawn("""
    customer varchar | region varchar | since date
    ann              | north          | 2020-01-01
    bob              |                | 2023-06-01
""")
TABLES = {"sales": SALES, "customers": CUSTOMERS}

EXPRESSIONS = (
    "amount", "units", "vip", "customer", "paid", "at", "1", "NULL", "amount / units", "units % units", "units // 0", "1 / 0",
    "amount * units", "upper(country)", "length(country)", "amount::DOUBLE", "units::HUGEINT", "-amount", "abs(amount)",
    "ln(units)", "sqrt(amount)", "date_diff('day', paid, at::DATE)", "paid - DATE '2024-01-01'", "extract(dow FROM at)",
    "CASE WHEN vip THEN amount END", "coalesce(amount, units, 0)", "amount > units", "vip AND units > 1", "'text'", '"amount"',
    "if(vip, amount, 'x')", "amount + country", "nosuch(amount)", "amnt", "sum(amount)", "count(*)", "amount +", "(amount", "*",
    "SELECT 1", "random()", "now()", "[amount]", "{'a': amount}", "amount::INTERVAL", "strptime(country, '%d')", "country::INTEGER",
    "row_number() OVER ()", "unnest([1, 2])", "$1", "?", "amount; DROP TABLE x", "lower(units)", "date_trunc('x', at)",
    "at + 1", "list_sum([amount])", "struct_pack(a := 1).a", "regexp_matches(country, '[')", "amount IN (1, 'x')",
)  # fmt: skip
FILTERS = (
    "vip", "NOT vip", "country = 'FR'", "amount > 1", "units BETWEEN 0 AND 1", "country IS NULL", "paid > '2024-01-01'",
    "at < DATE '2024-02-01'", "customer LIKE 'a%'", "country IN ('FR', 'UK')", "amount", "country", "amount = 'x'",
    "paid > 'yesterday'", "units", "cuntry = 'FR'", "country == 'FR'", "country = FR", "vip = 1", "1 = 1", "true", "NULL",
    "count(*) > 1", "amount / units > 1", 'country = "FR"', "customer__region = 'north'", "nosuch(vip)", "vip OR", "'x'",
)  # fmt: skip
FORMULAS = (
    "a", "a - b", "a / b", "a / 0", "a * 100", "coalesce(a, b)", "CASE WHEN a > b THEN a ELSE 0 END", "round(a, 2)", "a ** b", "a > b",
    "nullif(a, b)", "greatest(a, b)", "ln(a)", "1", "NULL", "a +", "c", "sum(a)", "upper(a)", "a || b", "round(a, b)", "a AND b",
    "CASE a WHEN 1 THEN 2 END", "a IS NULL", "if(a > 1, b, a)", "a = 'x'", "-a", "a % b", "a BETWEEN 1 AND b", "true", "A", "not a",
)  # fmt: skip
DIMENSIONS: tuple[Any, ...] = (
    "country", "vip", "units", "customer", {"name": "paid", "type": "time"}, {"name": "at", "type": "time"}, "paid", "amount",
    {"name": "land", "expr": "upper(country)"}, {"name": "big", "expr": "amount > 1"}, {"name": "listed", "expr": "[amount]"},
    {"name": "order", "expr": "country"}, {"name": "weekday", "expr": "extract(dow FROM at)"}, "nosuch", {"name": "value", "expr": "units"},
    {"name": "period_start", "expr": "country"}, {"name": "bad", "expr": "nosuch(country)"}, {"name": "far", "expr": "INTERVAL 1 DAY"},
    {"name": "nothing", "expr": "NULL"}, {"name": "select", "expr": "units"},
)  # fmt: skip
ALIASES = ("a", "b", "then", "case", "A", "select", "null", "value")
WINDOWS = (
    "1 day",
    "7 days",
    "4 weeks",
    "1 month",
    "2 quarters",
    "1 year",
    "0 days",
    "x",
    "1 fortnight",
    "24 hours",
    "90 minutes",
)

simple = st.fixed_dictionaries(
    {"type": st.just("simple"), "model": st.sampled_from(["sales", "sales", "sales", "customers", "nosuch"]),
     "agg": st.sampled_from(["sum", "count", "count_distinct", "sum_boolean", "average", "min", "max", "median", "percentile"])},
    optional={"expr": st.sampled_from(EXPRESSIONS), "filter": st.sampled_from(FILTERS), "percentile": st.sampled_from([0, 0.5, 1, 2]),
              "agg_time_dimension": st.sampled_from(["at", "paid", "paid", "country", "nosuch"]),
              "fill_nulls_with": st.sampled_from([0, 1.5, "x"])},
)  # fmt: skip
sound_simple = st.builds(
    lambda agg, expr, keep: {
        "type": "simple",
        "model": "sales",
        "agg": agg,
        "expr": expr,
        **({"filter": keep} if keep else {}),
    },
    st.sampled_from(["sum", "count", "count_distinct", "average", "min", "max", "median"]),
    st.sampled_from(
        ["amount", "units", "amount / units", "units % units", "amount::DOUBLE", "CASE WHEN vip THEN amount END", "vip"]
    ),
    st.sampled_from([None, *FILTERS[:6]]),
)


def _used(names: list[str], *, sound: bool) -> st.SearchStrategy[Any]:
    optional = {"filter": st.sampled_from(FILTERS[:6] if sound else FILTERS)}
    written = st.fixed_dictionaries(
        {"name": st.sampled_from(names if sound else [*names, "nosuch"])}, optional=optional
    )
    return st.one_of(st.sampled_from(names), written)


@st.composite
def definitions(draw: st.DrawFn) -> Mapping[str, Any]:
    """A project of a few metrics, in which a thing or two may be wrong."""
    sound = draw(st.integers(0, 3)) > 0
    metrics = []
    for number in range(draw(st.integers(1, 3))):
        metrics.append({"name": f"s{number}", **draw(sound_simple if sound and number else simple)})
    names = [str(one["name"]) for one in metrics]
    used = _used(names, sound=sound)
    windows = st.sampled_from(WINDOWS[:6] if sound else WINDOWS)
    if draw(st.booleans()):
        cumulative = {"name": "c0", "type": "cumulative", "input_metric": draw(used)}
        reach = draw(st.sampled_from(["window", "grain_to_date", None]))
        if reach:
            cumulative[reach] = draw(windows if reach == "window" else st.sampled_from([*(one.value for one in Grain)]))
        if draw(st.booleans()):
            cumulative["period_agg"] = draw(st.sampled_from(["last", "first", "average", "highest", "lowest"]))
        metrics.append(cumulative)
        names.append("c0")
    if draw(st.booleans()):
        metrics.append(
            {"name": "r0", "type": "ratio", "numerator": draw(_used(names, sound=sound)), "denominator": draw(used)}
        )
        names.append("r0")
    if draw(st.booleans()):
        below = []
        for alias in ("a", "b") if sound else draw(st.lists(st.sampled_from(ALIASES), min_size=1, max_size=2)):
            one = draw(_used(names, sound=sound))
            one = {"name": one} if isinstance(one, str) else dict(one)
            one["alias"] = alias
            if draw(st.booleans()):
                one["offset_window"] = draw(windows)
            below.append(one)
        metrics.append(
            {"name": "d0", "type": "derived", "expr": draw(st.sampled_from(FORMULAS)), "input_metrics": below}
        )
    dimensions = draw(st.lists(st.sampled_from(DIMENSIONS[:6] if sound else DIMENSIONS), max_size=3))
    return {
        "project": {"name": "tried", "as_of": "data", "timezone": "Europe/London"},
        "sources": [{"name": name, "connector": {"type": "file", "path": f"{name}.csv"}} for name in TABLES],
        "models": [
            {"name": "sales", "table": "raw.sales", "agg_time_dimension": draw(st.sampled_from(["at", "at", "paid"])), "dimensions": dimensions,
             "entities": [{"name": "customer", "type": "foreign"}]},
            {"name": "customers", "table": "raw.customers", "agg_time_dimension": "since", "dimensions": ["region"],
             "entities": [{"name": "customer", "type": "primary"}]},
        ],
        "metrics": metrics,
    }  # fmt: skip


@given(said=definitions(), where=st.sampled_from([None, None, "country = 'FR'", "vip"]))
@settings(
    max_examples=EXAMPLES,
    derandomize="KPI_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.generate, Phase.shrink)
    if "KPI_EXAMPLES" in os.environ
    else (Phase.explicit, Phase.generate),
)
def test_what_is_accepted_can_be_asked(said: Mapping[str, Any], where: str | None) -> None:
    try:
        project = accepted(said, TABLES)
    except DefinitionError as refused:
        assert_readable(refused.problems)
        return
    with filled(project, TABLES) as here:
        for metric in project.metrics:
            _ask_everything(here, metric, where)


def _ask_everything(here: Engine, metric: str, where: str | None) -> None:
    """At every grain and by every dimension that fits; only what is in the data may then be in the way."""
    dimensions = {one.name for model in here.project.models_of(metric) for one in here.project.models[model].dimensions}
    for grain, by in itertools.product([None, "day", "month", "year"], [(), *((one,) for one in sorted(dimensions))]):
        if not here.can_answer(metric, grain=grain, by=by):
            continue
        where_too = (
            where if where and here.project.models_of(metric) == {"sales"} and where.split()[0] in dimensions else None
        )
        try:
            here.query([metric], grain=grain, by=list(by), where=where_too)
            here.kpi_table([metric], grain=grain, by=by)
        except DataError:
            continue
