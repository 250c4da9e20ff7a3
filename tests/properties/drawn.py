"""Projects, rows and questions drawn at random, for the engine and for the slow one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.engine import Engine, Table, Through
from tests.reference_engine import FORMULAS, Keep, Reference, RetailYears, Row, Years

FIRST = date(2023, 12, 20)
ZONES = ("UTC", "Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Pago_Pago")
MONTHS = {"january": 1, "february": 2, "april": 4, "december": 12}
PATTERNS = {"4-4-5": (4, 4, 5), "4-5-4": (4, 5, 4), "5-4-4": (5, 4, 4)}
WINDOWS = ("1 day", "7 days", "28 days", "1 week", "3 weeks", "1 month", "2 months", "1 quarter", "1 year")
AGGREGATES: Sequence[Mapping[str, Any]] = (
    *({"agg": agg, "expr": expr} for agg in ("sum", "min", "max", "average") for expr in ("amount", "weight")),
    *({"agg": "percentile", "percentile": share, "expr": "amount"} for share in (0, 0.1, 0.5, 0.9, 1)),
    *(
        {"agg": "percentile", "percentile": share, "percentile_type": "discrete", "expr": "weight"}
        for share in (0, 0.3, 1)
    ),
    {"agg": "median", "expr": "amount"},
    {"agg": "count"},
    {"agg": "count", "expr": "amount"},
    {"agg": "count_distinct", "expr": "customer"},
    {"agg": "sum_boolean", "expr": "vip"},
)
OF_VISITS: Sequence[Mapping[str, Any]] = (
    {"agg": "sum", "expr": "people"},
    {"agg": "max", "expr": "people"},
    {"agg": "count"},
)
EVERYWHERE: Mapping[str, Keep] = {
    "country = 'FR'": lambda row: row["country"] == "FR",
    "country IS NULL": lambda row: row["country"] is None,
    "country <> 'FR'": lambda row: row["country"] not in (None, "FR"),
}
OF_SALES: Mapping[str, Keep] = {
    "amount > 1": lambda row: row["amount"] is not None and row["amount"] > 1,
    "vip": lambda row: row["vip"] is True,
    "NOT vip": lambda row: row["vip"] is False,
    "customer IS NULL OR customer <> 'ann'": lambda row: row["customer"] != "ann",
}
CONDITIONS = {**EVERYWHERE, **OF_SALES}


@dataclass(frozen=True)
class Drawn:
    """A project with its rows: as the engine gets them, and as the slow one does."""

    tables: Mapping[str, Table]
    settings: Mapping[str, Any]
    sources: Mapping[str, Mapping[str, str]]
    metrics: Sequence[Mapping[str, Any]]
    through: Mapping[str, Through]
    reference: Reference

    def given(self, where: str | None) -> Reference:
        """The slow engine with a condition on every row."""
        return self.reference if where is None else replace(self.reference, where=CONDITIONS[where])


def moments() -> st.SearchStrategy[datetime]:
    """Moments of a hundred days with both changes to summer time, many of them about midnight."""
    near_midnight = st.integers(-90, 90).map(lambda minutes: timedelta(minutes=minutes))
    any_time = st.integers(0, 1439).map(lambda minutes: timedelta(minutes=minutes))
    days = st.one_of(st.integers(0, 110), st.sampled_from([80, 81, 82, 101, 102, 103]))
    return st.builds(
        lambda day, time: datetime(FIRST.year, FIRST.month, FIRST.day) + timedelta(days=day) + time,
        days,
        st.one_of(near_midnight, any_time),
    )


amounts = st.one_of(
    st.none(),
    st.sampled_from(["0.10", "0.20", "-7.00", "1.00"]),
    st.integers(-99999, 99999).map(lambda n: f"{n / 100:.2f}"),
)
weights = st.sampled_from([None, "0.1", "0.2", "0.7", "-1e3", "1e-3", "nan", "inf"])
countries = st.sampled_from([None, "FR", "UK"])
sale = st.tuples(
    moments(),
    countries,
    st.sampled_from([None, "ann", "bob", "eve"]),
    amounts,
    weights,
    st.sampled_from([None, "true", "false"]),
)
visit = st.tuples(moments(), countries, st.sampled_from([None, "0", "1", "5", "-2"]))


@st.composite
def simple_metrics(draw: st.DrawFn, name: str, *, model: str | None = None) -> Mapping[str, Any]:
    """An aggregate of one of the models, perhaps filtered, perhaps filled."""
    of = model or draw(st.sampled_from(["sales", "sales", "sales", "visits"]))
    what = draw(st.sampled_from(AGGREGATES if of == "sales" else OF_VISITS))
    said = {"name": name, "type": "simple", "model": of, **what}
    if draw(st.booleans()):
        said["filter"] = draw(st.sampled_from([*(CONDITIONS if of == "sales" else EVERYWHERE)]))
    if draw(st.integers(0, 4)) == 0:
        said["fill_nulls_with"] = draw(st.sampled_from([0, 7]))
    return said


@st.composite
def used_metric(draw: st.DrawFn, names: Sequence[str], *, moved: bool, alias: str | None = None) -> Mapping[str, Any]:
    """A metric as an input of another one."""
    used: dict[str, Any] = {"name": draw(st.sampled_from(names))}
    if alias:
        used["alias"] = alias
    if draw(st.integers(0, 3)) == 0:
        used["filter"] = draw(st.sampled_from([*EVERYWHERE]))
    if moved and draw(st.booleans()):
        used["offset_window"] = draw(st.sampled_from(["1 day", "1 week", "1 month", "2 months", "1 quarter", "1 year"]))
    return used


@st.composite
def metric_lists(draw: st.DrawFn) -> list[Mapping[str, Any]]:
    """A few metrics of every kind, some resting on others."""
    simple = [draw(simple_metrics(f"s{number}")) for number in range(draw(st.integers(2, 4)))]
    cumulable = [one for one in simple if one["agg"] not in ("median", "percentile")]
    names = [one["name"] for one in simple]
    found: list[Mapping[str, Any]] = list(simple)
    for number in range(draw(st.integers(0, 2)) if cumulable else 0):
        used = draw(used_metric([one["name"] for one in cumulable], moved=False))
        said = {"name": f"c{number}", "type": "cumulative", "input_metric": used}
        reach = draw(st.sampled_from(["window", "grain_to_date", "ever"]))
        if reach == "window":
            said["window"] = draw(st.sampled_from(WINDOWS))
        if reach == "grain_to_date":
            said["grain_to_date"] = draw(st.sampled_from(["week", "month", "quarter", "year"]))
        averages = any(one["name"] == used["name"] and one["agg"] == "average" for one in simple)
        choices = ["last", "first", "average", *([] if averages else ["highest", "lowest"])]
        said["period_agg"] = draw(st.sampled_from(choices))
        found.append(said)
    names = [str(one["name"]) for one in found]
    for number in range(draw(st.integers(0, 1))):
        sides = {side: draw(used_metric(names, moved=False)) for side in ("numerator", "denominator")}
        found.append({"name": f"r{number}", "type": "ratio", **sides})
    for number in range(draw(st.integers(0, 2))):
        formula = draw(st.sampled_from([*FORMULAS]))
        aliases = ["a", "b"] if "b" in formula.replace("ELSE b", "b") and formula != "a" else ["a"]
        below = [draw(used_metric([str(one["name"]) for one in found], moved=True, alias=alias)) for alias in aliases]
        said = {"name": f"d{number}", "type": "derived", "expr": formula, "input_metrics": below}
        if draw(st.integers(0, 3)) == 0:
            said["fill_nulls_with"] = -1
        found.append(said)
    return found


@st.composite
def projects(draw: st.DrawFn) -> Drawn:
    """A project with rows of two models."""
    zone, source_zone = (
        draw(st.sampled_from(ZONES)),
        draw(st.sampled_from(("UTC", "UTC", "Asia/Kathmandu", "America/New_York"))),
    )
    kind = draw(st.sampled_from(["date", "timestamp", "timestamptz"]))
    week, year = draw(st.sampled_from(["monday", "sunday", "saturday"])), draw(st.sampled_from([*MONTHS]))
    sales = draw(st.lists(sale, max_size=12))
    visits = draw(st.lists(visit, max_size=5))
    columns = {
        "at": kind,
        "country": "varchar",
        "customer": "varchar",
        "amount": "decimal(12,2)",
        "weight": "double",
        "vip": "boolean",
    }
    tables = {
        "sales": Table(columns, [[_written(row[0], kind), *row[1:]] for row in sales]),
        "visits": Table(
            {"on": "date", "country": "varchar", "people": "integer"},
            [[_written(row[0], "date"), *row[1:]] for row in visits],
        ),
    }
    rows: dict[str, list[Row]] = {
        "sales": [
            {
                "day": _day(at, kind, source_zone, zone),
                "country": country,
                "customer": customer,
                "amount": float(amount) if amount is not None else None,
                "weight": float(weight) if weight is not None and math.isfinite(float(weight)) else None,
                "vip": None if vip is None else vip == "true",
            }
            for at, country, customer, amount, weight, vip in sales
        ],
        "visits": [
            {"day": at.date(), "country": country, "people": None if people is None else int(people)}
            for at, country, people in visits
        ],
    }
    metrics = draw(metric_lists())
    newest = draw(_reached(rows))
    pattern = draw(st.sampled_from([None, None, *PATTERNS]))
    years = RetailYears(weeks=PATTERNS[pattern]) if pattern else Years(week, MONTHS[year])
    usual = {"week_start": week, "fiscal_year_start": year}
    retail = {"calendar": {"retail": pattern, "year_ends": "saturday nearest 31 january"}}
    reference = Reference(rows, {str(one["name"]): one for one in metrics}, years, newest, CONDITIONS)
    settings = {"timezone": zone, **(retail if pattern else usual)}
    through = {name: Through(*days) for name, days in newest.items()}
    return Drawn(tables, settings, {"sales": {"timezone": source_zone}}, metrics, through, reference)


@st.composite
def _reached(draw: st.DrawFn, rows: Mapping[str, Sequence[Row]]) -> Mapping[str, tuple[date, date]]:
    """How far each source says that its data goes: some do not say, some beyond their last row, some not so far."""
    found = {}
    for name, there in rows.items():
        if there and draw(st.booleans()):
            newest = max(row["day"] for row in there) + timedelta(days=draw(st.integers(-9, 4)))
            found[name] = (newest, newest + timedelta(days=draw(st.sampled_from([-3, 0, 1]))))
    return found


def _written(at: datetime, kind: str) -> str:
    return str(at.date()) if kind == "date" else f"{at}+00" if kind == "timestamptz" else str(at)


def _day(at: datetime, kind: str, source_zone: str, zone: str) -> date:
    """The business day of a moment, by the standard library's zones."""
    if kind == "date" or (kind == "timestamp" and source_zone == zone):
        return at.date()
    here = at.replace(tzinfo=UTC if kind == "timestamptz" else ZoneInfo(source_zone))
    return here.astimezone(ZoneInfo(zone)).date()


def answered(on_rows: Engine, names: Sequence[str], **asked: Any) -> list[str]:
    """The metrics that can be asked so."""
    return [name for name in names if on_rows.can_answer(name, **asked)]
