"""The engine again, slow and obvious: plain Python over lists of rows, for other tests to compare with.

It reads the same definitions as dictionaries, but knows no plan, no partial results and no SQL: for every period and
segment it looks at all rows again. Conditions are Python functions here, and stand beside their SQL in the tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
Keep = Callable[[Row], bool]
Value = float | None
MONTHS = {"month": 1, "quarter": 3, "year": 12}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ADDS_UP = ("sum", "count", "sum_boolean")


@dataclass(frozen=True)
class Period:
    """Days from `start` to before `end`, of which those after `upto` do not count."""

    start: date
    end: date
    upto: date

    def holds(self, day: date) -> bool:
        return self.start <= day < self.end and day <= self.upto


@dataclass(frozen=True)
class Years:
    """On which weekday weeks begin, and in which month years do."""

    week_start: str = "monday"
    first_month: int = 1

    def period(self, day: date, grain: str) -> tuple[date, date]:
        """The first day of the period a day is in, and the first day after it."""
        if grain == "day":
            return day, day + timedelta(days=1)
        if grain == "week":
            start = day - timedelta(days=(day.weekday() - WEEKDAYS.index(self.week_start)) % 7)
            return start, start + timedelta(weeks=1)
        months = MONTHS[grain]
        first = 1 if grain == "month" else self.first_month
        index = day.year * 12 + day.month - 1
        start_index = index - (index - (first - 1)) % months
        return first_of(start_index), first_of(start_index + months)

    def earlier(self, start: date, grain: str, window: tuple[int, str]) -> date | None:
        """The first day of the period that lies a window before another one; None where there is none."""
        count, unit = window
        if grain == "week" and unit == "year":
            return self._week_of_same_number(start, count)
        return self.period(back(start, count, unit), grain)[0]

    def back(self, day: date, count: int, unit: str) -> date:
        """The day so long before; at the same place in its month, or the last of it."""
        return back(day, count, unit)

    def _week_of_same_number(self, start: date, years: int) -> date | None:
        fourth = start + timedelta(days=3)
        number = (fourth.timetuple().tm_yday - 1) // 7
        found = self.period(date(fourth.year - years, 1, 4), "week")[0] + timedelta(weeks=number)
        return found if (found + timedelta(days=3)).year == fourth.year - years else None


@dataclass(frozen=True)
class RetailYears(Years):
    """Years of whole weeks that end on the Saturday nearest 31 January; a 53rd week belongs to the last month."""

    weeks: tuple[int, ...] = (4, 4, 5)

    def period(self, day: date, grain: str) -> tuple[date, date]:
        """The first day of the period a day is in, and the first day after it."""
        start = self._month(12 * self._year_of(day))
        if grain == "day":
            return day, day + timedelta(days=1)
        if grain == "week":
            week = start + timedelta(weeks=(day - start).days // 7)
            return week, week + timedelta(weeks=1)
        index = self._month_of(day)
        index -= index % MONTHS[grain]
        return self._month(index), self._month(index + MONTHS[grain])

    def earlier(self, start: date, grain: str, window: tuple[int, str]) -> date | None:
        """The first day of the period that lies a window before another one; None where there is none."""
        count, unit = window
        if grain == "week" and unit == "year":
            year = self._year_of(start)
            number = (start - self._month(12 * year)).days // 7
            found = self._month(12 * (year - count)) + timedelta(weeks=number)
            return found if self._year_of(found) == year - count else None
        return self.period(self.back(start, count, unit), grain)[0]

    def back(self, day: date, count: int, unit: str) -> date:
        """The day so long before; at the same place in its month, or the last of it."""
        if unit in ("day", "week"):
            return back(day, count, unit)
        index = self._month_of(day)
        place, found = day - self._month(index), index - count * MONTHS[unit]
        return min(self._month(found) + place, self._month(found + 1) - timedelta(days=1))

    def _month(self, index: int) -> date:
        """The first day of a month, counted from the year 0 in twelves."""
        year, month = divmod(index, 12)
        end = date(year - 1, 1, 31)
        end += timedelta(days=(5 - end.weekday() + 3) % 7 - 3)
        return end + timedelta(days=1, weeks=sum((self.weeks * 4)[:month]))

    def _month_of(self, day: date) -> int:
        return max(index for index in range(12 * day.year, 12 * day.year + 24) if self._month(index) <= day)

    def _year_of(self, day: date) -> int:
        return self._month_of(day) // 12


def first_of(index: int) -> date:
    """The first day of a month, counted from the year 0."""
    return date(index // 12, index % 12 + 1, 1)


def back(day: date, count: int, unit: str) -> date:
    """The day so many days, weeks, months, quarters or years before; the last of its month where it has no such day."""
    if unit in ("day", "week"):
        return day - timedelta(days=count * (7 if unit == "week" else 1))
    first = first_of(day.year * 12 + day.month - 1 - count * MONTHS[unit])
    after = first_of(first.year * 12 + first.month)
    return min(first + timedelta(days=day.day - 1), after - timedelta(days=1))


@dataclass(frozen=True)
class Reference:
    """Rows by model, each with its business day as `day`; metrics by name; how far the data goes.

    `newest` is the last day that counts, and days before `complete_before` are complete; None where the rows themselves
    say it: then their last day is the newest, and in progress.
    """

    rows: Mapping[str, Sequence[Row]]
    metrics: Mapping[str, Mapping[str, Any]]
    years: Years = Years()
    newest: Mapping[str, tuple[date, date]] = ()  # type: ignore[assignment]
    conditions: Mapping[str, Keep] = ()  # type: ignore[assignment]
    where: Keep = bool
    """What a question asks for: it narrows the rows that are counted, not how far the data goes."""

    def table(
        self, name: str, grain: str | None, by: Sequence[str], *, dense: bool, earlier: str | None = None
    ) -> dict[tuple[Any, ...], Value]:
        """The values of a metric: of every period and segment that has data, or, dense, of every one there could be.

        With `earlier` (1 month) those of the period before, beside the same periods.
        """
        covered = self._covered(name)
        if covered is None:
            return {}
        first, newest, complete = covered
        segments = {
            tuple(row[one] for one in by) for model in self.models(name) for row in self.rows[model] if self.where(row)
        }
        if dense and not by:
            segments = {()}
        found: dict[tuple[Any, ...], Value] = {}
        for segment in segments:
            asking = _Asking(self, grain, newest, complete, dict(zip(by, segment, strict=True)))
            there = {period.start: asking.has_rows(name, period) for period in self._periods(grain, first, newest)}
            for period in self._periods(grain, first, newest):
                if there[period.start] or (dense and (not by or any(there.values()))):
                    key = (*([period.start] if grain else []), *segment)
                    looked_at = asking.moved({"offset_window": earlier}, period) if earlier else period
                    found[key] = asking.value(name, looked_at)
        return found

    def models(self, name: str) -> set[str]:
        """The models below a metric."""
        metric = self.metrics[name]
        if metric["type"] == "simple":
            return {metric["model"]}
        return set().union(*(self.models(one["name"]) for one in inputs(metric).values()))

    def _covered(self, name: str) -> tuple[date, date, date] | None:
        models = self.models(name)
        days = [row["day"] for model in models for row in self.rows[model]]
        if not days:
            return None
        said = [self.newest[model] for model in models if model in self.newest]
        newest = min((one for one, _ in said), default=max(days))
        complete = min((one for _, one in said), default=max(days))
        return (min(days), newest, complete) if newest >= min(days) else None

    def _periods(self, grain: str | None, first: date, newest: date) -> Iterator[Period]:
        day = first
        while day <= newest:
            start, end = self.years.period(day, grain) if grain else (first, newest + timedelta(days=1))
            yield Period(start, end, newest)
            day = end


def inputs(metric: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The metrics that one is computed from, by what it calls them."""
    match metric["type"]:
        case "ratio":
            used = {"numerator": metric["numerator"], "denominator": metric["denominator"]}
        case "cumulative":
            used = {"input": metric["input_metric"]}
        case "derived":
            used = {str(number): one for number, one in enumerate(metric["input_metrics"])}
        case _:
            used = {}
    plain = {key: {"name": one} if isinstance(one, str) else one for key, one in used.items()}
    return plain if metric["type"] != "derived" else {one.get("alias", one["name"]): one for one in plain.values()}


@dataclass(frozen=True)
class _Asking:
    """A question at a grain about one segment."""

    all: Reference
    grain: str | None
    newest: date
    complete: date
    segment: Mapping[str, Any]
    filters: tuple[str, ...] = ()

    def value(self, name: str, period: Period | None) -> Value:
        """What a metric is in a period; nothing where there is no such period."""
        metric = self.all.metrics[name]
        return filled(metric, self._bare(metric, period))

    def _bare(self, metric: Mapping[str, Any], period: Period | None) -> Value:
        used = inputs(metric)
        match metric["type"]:
            case "simple":
                return self._simple(metric, period)
            case "ratio":
                return divided(*(self._input(one, period) for one in used.values()))
            case "cumulative":
                return filled(self.all.metrics[used["input"]["name"]], self._cumulative(metric, period))
            case _:
                values = {called: self._input(one, period) for called, one in used.items()}
                return FORMULAS[metric["expr"]](*values.values())

    def _input(self, used: Mapping[str, Any], period: Period | None) -> Value:
        narrowed = self.narrowed(used)
        return narrowed.value(used["name"], self.moved(used, period))

    def narrowed(self, used: Mapping[str, Any]) -> _Asking:
        return replace(self, filters=(*self.filters, used["filter"])) if "filter" in used else self

    def moved(self, used: Mapping[str, Any], period: Period | None) -> Period | None:
        """The earlier period an input looks at; of one in progress only the days that the later one has come to."""
        if "offset_window" not in used or period is None or self.grain is None:
            return period
        window = window_of(used["offset_window"])
        start = self.all.years.earlier(period.start, self.grain, window)
        if start is None:
            return None
        end = self.all.years.period(start, self.grain)[1]
        upto = self.newest
        if self._in_progress(period):
            months = self.grain in MONTHS and window[1] in MONTHS
            upto = self.all.years.back(period.upto, *window) if months else start + (period.upto - period.start)
        return Period(start, end, upto)

    def _in_progress(self, period: Period) -> bool:
        if period.upto < self.newest:
            return True
        return period.start <= self.newest < period.end and period.end > self.complete

    def _rows(self, metric: Mapping[str, Any], within: Callable[[date], bool]) -> list[Row]:
        filters = [self.all.conditions[one] for one in (*self.filters, metric.get("filter")) if one]
        return [
            row
            for row in self.all.rows[metric["model"]]
            if row["day"] <= self.newest
            and within(row["day"])
            and self.all.where(row)
            and all(row[name] == value for name, value in self.segment.items())
            and all(keep(row) for keep in filters)
        ]

    def _simple(self, metric: Mapping[str, Any], period: Period | None) -> Value:
        if period is None:
            return None
        rows = self._rows(metric, period.holds)
        return aggregate(metric, rows) if rows else self._nothing(metric, period)

    def _nothing(self, metric: Mapping[str, Any], period: Period) -> Value:
        """What adds up is 0 between the first day and the newest, and everything else has no value.

        A metric that says itself what stands where it has no rows has nothing there.
        """
        if says_what_is_missing(metric):
            return None
        first = min((row["day"] for row in self.all.rows[metric["model"]]), default=None)
        within = first is not None and (self.grain is None or (period.end > first and period.start <= self.newest))
        return 0.0 if metric["agg"] in (*ADDS_UP, "count_distinct") and within else None

    def _reached(self, metric: Mapping[str, Any], day: date) -> list[Row]:
        """The rows in reach of a cumulative metric on a day."""
        used = inputs(metric)["input"]
        begin = date.min
        if "window" in metric:
            count, unit = window_of(metric["window"])
            begin = (
                self.all.years.back(day + timedelta(days=1), count, unit)
                if unit in MONTHS
                else back(day, count, unit) + timedelta(1)
            )
        if "grain_to_date" in metric:
            begin = self.all.years.period(day, metric["grain_to_date"])[0]
        return self.narrowed(used)._rows(self.all.metrics[used["name"]], lambda one: begin <= one <= day)

    def _anchors(self, metric: Mapping[str, Any], period: Period | None) -> list[date]:
        """The days of a period whose value counts."""
        simple = self.all.metrics[inputs(metric)["input"]["name"]]
        begun = min((row["day"] for row in self.all.rows[simple["model"]]), default=date.max)
        if period is None or max(begun, period.start) > min(period.end - timedelta(days=1), period.upto):
            return []
        first, last = max(begun, period.start), min(period.end - timedelta(days=1), period.upto)
        match metric.get("period_agg", "last"):
            case "first":
                return [first]
            case "average" | "highest" | "lowest":
                return [first + timedelta(days=n) for n in range((last - first).days + 1)]
            case _:
                return [last]

    def _cumulative(self, metric: Mapping[str, Any], period: Period | None) -> Value:
        used = inputs(metric)["input"]
        simple = self.all.metrics[used["name"]]
        anchors = self._anchors(metric, period)
        reached = [self._reached(metric, day) for day in anchors]
        if not any(reached):
            if period is None or says_what_is_missing(metric):
                return None
            return self.narrowed(used)._nothing(simple, period)
        adds = simple["agg"] in (*ADDS_UP, "count_distinct")
        if simple["agg"] == "average":
            sums = mean([aggregate({**simple, "agg": "sum"}, rows) if rows else 0.0 for rows in reached])
            counts = mean([aggregate({**simple, "agg": "count"}, rows) for rows in reached])
            return divided(sums, counts)
        values = [aggregate(simple, rows) if rows else (0.0 if adds else None) for rows in reached]
        there = [one for one in values if one is not None]
        match metric.get("period_agg"):
            case "highest":
                return max(there, default=None)
            case "lowest":
                return min(there, default=None)
            case _:
                return mean(values)

    def has_rows(self, name: str, period: Period | None) -> bool:
        """Whether any row lies behind a metric in a period."""
        metric = self.all.metrics[name]
        match metric["type"]:
            case "simple":
                return period is not None and bool(self._rows(metric, period.holds))
            case "cumulative":
                return any(self._reached(metric, day) for day in self._anchors(metric, period))
            case _:
                return any(
                    self.narrowed(one).has_rows(one["name"], self.moved(one, period)) for one in inputs(metric).values()
                )


def says_what_is_missing(metric: Mapping[str, Any]) -> bool:
    """Whether a metric names the value of periods without rows."""
    return "fill_nulls_with" in metric or bool(metric.get("join_to_timespine"))


def filled(metric: Mapping[str, Any], value: Value) -> Value:
    """The value, or what the metric says there is instead of none."""
    return metric.get("fill_nulls_with") if value is None else value


def window_of(text: str) -> tuple[int, str]:
    """28 days as a number and a unit."""
    count, unit = text.split()
    return int(count), unit.removesuffix("s")


def aggregate(metric: Mapping[str, Any], rows: Sequence[Row]) -> Value:
    """The aggregate of the values that are there."""
    if metric["agg"] == "count" and "expr" not in metric:
        return float(len(rows))
    values = [row[metric["expr"]] for row in rows if row[metric["expr"]] is not None]
    match metric["agg"]:
        case "count":
            return float(len(values))
        case "count_distinct":
            return float(len(set(values)))
        case "sum_boolean":
            return float(sum(1 for one in values if one))
    if not values:
        return None
    match metric["agg"]:
        case "sum":
            return float(sum(Decimal(str(one)) for one in values))
        case "average":
            return float(sum(Decimal(str(one)) for one in values)) / len(values)
        case "min":
            return float(min(values))
        case "max":
            return float(max(values))
        case "median":
            return between(sorted(map(float, values)), 0.5)
        case _:
            ordered = sorted(map(float, values))
            if metric.get("percentile_type") == "discrete":
                return ordered[max(math.ceil(metric["percentile"] * len(ordered)), 1) - 1]
            return between(ordered, metric["percentile"])


def between(ordered: Sequence[float], share: float) -> float:
    """The value that lies a share of the way through sorted ones, between its two neighbours."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def divided(numerator: Value, denominator: Value) -> Value:
    """Nothing where the denominator is zero or missing."""
    return None if numerator is None or not denominator else numerator / denominator


def mean(values: Sequence[Value]) -> Value:
    """The mean of those that are there."""
    there = [one for one in values if one is not None]
    return sum(there) / len(there) if there else None


def _both(compute: Callable[[float, float], Value]) -> Callable[[Value, Value], Value]:
    return lambda a, b: None if a is None or b is None else compute(a, b)


FORMULAS: Mapping[str, Callable[..., Value]] = {
    "a": lambda a: a,
    "a - b": _both(lambda a, b: a - b),
    "a / b - 1": _both(lambda a, b: None if b == 0 else a / b - 1),
    "2 * a + b": _both(lambda a, b: 2 * a + b),
    "coalesce(a, 0) - coalesce(b, 0)": lambda a, b: (a or 0) - (b or 0),
    "CASE WHEN a > b THEN a ELSE b END": lambda a, b: a if a is not None and b is not None and a > b else b,
}
"""What derived metrics may say in these tests, over inputs called a and b."""
