"""First metrics of a model: how many, how much, how much each, which share, over a window, against last year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from kpi_pipeline.names import LONGEST_NAME
from kpi_pipeline.periods import Grain
from kpi_pipeline.starter.model import ModelDraft
from kpi_pipeline.starter.naming import in_a_sentence, label_of, plural, singular, unique_name, words_of
from kpi_pipeline.starter.roles import Part, Role, Roles, entity_of, is_bad, thing_counted
from kpi_pipeline.starter.table import Rhythm
from kpi_pipeline.starter.vocabulary import COUNTED, GOOD, MAIN_AMOUNTS, PEOPLE, SIDE_AMOUNTS

MOST_OF_A_KIND = 3
HAPPENING = 0.03
"""The share of different values in all rows from which an id stands for something that happens, such as an order."""
MANY = 100
"""Fewer different values than this, in a large table, are a list to look things up in, not things that happen."""

ALMOST_ALL = 0.98
"""The share of different values from which counting an id says the same as counting rows."""

Kind = Literal["simple", "ratio", "cumulative", "derived"]


@dataclass(frozen=True)
class MetricDraft:
    """A metric to be written, and what a KPI on it needs to know."""

    name: str
    label: str
    description: str
    fields: dict[str, object]
    words: frozenset[str] = field(default=frozenset())
    inputs: tuple[str, ...] = ()

    @property
    def wants_less(self) -> bool:
        """Whether less of it is better."""
        return is_bad(self.words)


@dataclass(frozen=True)
class MetricDrafts:
    """All first metrics of a table, and those that would make KPIs, the best of each list first."""

    metrics: tuple[MetricDraft, ...]
    main: MetricDraft
    volumes: tuple[MetricDraft, ...]
    """How many, how much."""
    qualities: tuple[MetricDraft, ...]
    """How well: a share, an amount each, an average."""

    def named(self, name: str) -> MetricDraft:
        """The metric of that name."""
        return next(one for one in self.metrics if one.name == name)


def metrics_of(roles: Roles, model: ModelDraft, rhythm: Rhythm, taken: set[str]) -> MetricDrafts:
    """The metrics of a table; names are unique in the project, where several tables may count the same thing."""
    return _Drafts(roles, model, rhythm, taken).all()


class _Drafts:
    def __init__(self, roles: Roles, model: ModelDraft, rhythm: Rhythm, taken: set[str]) -> None:
        self.roles = roles
        self.model = model
        self.rhythm = rhythm
        self.taken = taken
        self.table = roles.table.name

    def all(self) -> MetricDrafts:
        rows = self.rows()
        amounts = [self.sum(part, "currency") for part in self.amounts()]
        if self.model.line_value:
            amounts.insert(0, self.line_value())
        ids = [(part, self.distinct(part)) for part in self.counted_ids()]
        quantities = [self.sum(part, _unit_of(part)) for part in self.quantities()]
        measured = self.roles.of(Role.measurement)
        if not (amounts or quantities or ids or self.roles.key) and measured:
            quantities = [self.sum(measured[0], "number")]
        averages = [self.average(part) for part in measured[:MOST_OF_A_KIND]]
        shares = [pair for part in self.flags() for pair in self.share(part, rows)]
        distinct = [metric for _, metric in ids]
        counted_well = [one for one in quantities if one.words & (COUNTED - {"count", "total"})]
        main = next(iter([*amounts, *counted_well, *distinct, *quantities]), rows)
        each = self.each(main, ids, rows)
        said_by_an_id = any(part.column.distinct >= ALMOST_ALL * part.column.rows for part, _ in ids)
        volumes = [*distinct, *([] if said_by_an_id else [rows]), *quantities, *amounts]
        volumes = [one for one in volumes if one is not main]
        telling = [one for one in shares[1::2] if one.words & GOOD or one.wants_less]
        qualities = list(dict.fromkeys([one.name for one in [*telling, *each_of(each), *shares[1::2], *averages]]))
        window = self.window(next((one for one in distinct if one.words & PEOPLE), main))
        growth = self.against_last_year(main)
        metrics = [rows, *amounts, *quantities, *distinct, *averages, *shares, *each_of(each), *window, *growth]
        by_name = {one.name: one for one in metrics}
        return MetricDrafts(tuple(metrics), main, tuple(volumes), tuple(by_name[name] for name in qualities))

    def amounts(self) -> list[Part]:
        """The amounts that matter most: revenue before tax, what comes in before what goes out."""
        found = self.roles.of(Role.amount)
        order = sorted(
            found, key=lambda one: (bool(one.words & SIDE_AMOUNTS), is_bad(one.words), not one.words & MAIN_AMOUNTS)
        )
        return order[:MOST_OF_A_KIND]

    def quantities(self) -> list[Part]:
        found = self.roles.of(Role.quantity)
        first = COUNTED - {"total", "count", "value", "wert"}
        order = sorted(found, key=lambda one: (not one.words & first, not one.words & COUNTED))
        return order[:MOST_OF_A_KIND]

    def counted_ids(self) -> list[Part]:
        """Ids of things that happen or take part, the ones with most different values first; people before all."""
        rows = self.roles.table.rows
        ids = [part for part in self.roles.of(Role.id) if not part.column.is_unique and part.column.share_present > 0.5]
        people = [
            part for part in ids if part.column.distinct > 1 and set(words_of(entity_of(part, self.table))) & PEOPLE
        ]
        enough = max(min(MANY, rows // 3), HAPPENING * rows, 3)
        others = [part for part in ids if part not in people and part.column.distinct >= enough]
        others.sort(key=lambda one: -one.column.distinct)
        return [*people, *others][:MOST_OF_A_KIND]

    def flags(self) -> list[Part]:
        flags = self.roles.of(Role.flag)
        return sorted(flags, key=lambda one: not one.words & GOOD)[:MOST_OF_A_KIND]

    def name(self, wanted: str) -> str:
        """The name itself; where another table has it already, with this table's name behind it."""
        wanted = wanted[: LONGEST_NAME - 6].rstrip("_")
        if wanted in self.taken:
            wanted = f"{wanted}_of_{self.table}"[: LONGEST_NAME - 6].rstrip("_")
        return unique_name(wanted, self.taken)

    def simple(self, name: str, label: str, description: str, words: frozenset[str], **fields: object) -> MetricDraft:
        own = self.name(name)
        said = label if own == name else f"{label} ({in_a_sentence(label_of(self.table))})"
        return MetricDraft(own, said, description, {"type": "simple", "model": self.table, **fields}, words)

    def rows(self) -> MetricDraft:
        key = next(iter(self.roles.key), None)
        what = in_a_sentence(label_of(self.table))
        thing = thing_counted(key, self.table) if key else ""
        if key and key.role is Role.id and (thing != plural(singular(self.table)) or thing == self.table):
            label = label_of(thing)
            return self.simple(
                thing, label, f"How many {in_a_sentence(label)} there are in the period.", frozenset(words_of(thing)),
                agg="count", unit="count",
            )  # fmt: skip
        return self.simple(
            f"{self.table}_rows", f"Rows of {what}", f"How many rows of {what} fall into the period.",
            frozenset(words_of(self.table)), agg="count", unit="count",
        )  # fmt: skip

    def sum(self, part: Part, unit: str) -> MetricDraft:
        label = part.label
        name = part.name.replace("row_", "total_", 1) if part.name.startswith("row_") else part.name
        return self.simple(
            name, label, f"{label} of all rows, added up.", part.words, agg="sum", expr=part.name, unit=unit
        )

    def line_value(self) -> MetricDraft:
        value = self.model.line_value
        return self.simple(
            value, "Value", "Quantity times price of all rows, added up.", frozenset(), agg="sum", expr=value,
            unit="currency",
        )  # fmt: skip

    def distinct(self, part: Part) -> MetricDraft:
        thing = thing_counted(part, self.table)
        name = thing.removeprefix("row_") if thing.startswith("row_") else thing
        if name in ("number", "numbers", "ids", "keys"):
            name = f"different_{name}"
        label = label_of(name)
        words = frozenset(words_of(entity_of(part, self.table)))
        description = f"Different values of {part.name}, each counted once in the period."
        return self.simple(name, label, description, words, agg="count_distinct", expr=part.name, unit="count")

    def average(self, part: Part) -> MetricDraft:
        label = f"Average {in_a_sentence(part.label)}"
        name = f"average_{part.name.removeprefix('row_')}".replace("average_average_", "average_")
        unit = "currency" if part.words & {"price", "income", "salary", "preis"} else "number"
        return self.simple(
            name, label.replace("Average average", "Average"), "The average over the rows that have a value.",
            part.words, agg="average", expr=part.name, unit=unit,
        )  # fmt: skip

    def share(self, part: Part, rows: MetricDraft) -> Iterator[MetricDraft]:
        plain = part.name.removeprefix("row_").removesuffix("_flag")
        label = in_a_sentence(part.label.removesuffix(" flag"))
        count = self.simple(
            f"with_{plain}", f"With {label}", f"How many rows have {part.name} true.", part.words,
            agg="sum_boolean", expr=part.name, unit="count",
        )  # fmt: skip
        yield count
        yield MetricDraft(
            self.name(f"{plain}_share"),
            f"{label[0].upper()}{label[1:]} share",
            f"The share of rows with {part.name} true.",
            {"type": "ratio", "numerator": count.name, "denominator": rows.name, "unit": "percent"},
            part.words,
            (count.name, rows.name),
        )

    def each(self, main: MetricDraft, ids: list[tuple[Part, MetricDraft]], rows: MetricDraft) -> MetricDraft | None:
        """The main number per order, per customer, or else per row."""
        if main is rows or main.fields.get("agg") not in ("sum", "count_distinct"):
            return None
        others = [(part, metric) for part, metric in ids if metric is not main]
        people = [pair for pair in others if set(words_of(entity_of(pair[0], self.table))) & PEOPLE]
        events = [pair for pair in others if pair not in people]
        best = next(iter([*events, *people]), None)
        if best is None and main.fields.get("agg") != "sum":
            return None
        divisor = best[1] if best else rows
        thing = entity_of(best[0], self.table) if best else "row"
        return MetricDraft(
            self.name(f"{main.name}_per_{thing.removeprefix('row_') if best else thing}"),
            f"{main.label} per {label_of(thing).lower()}" if best else f"{main.label} per row",
            f"{main.label} divided by {in_a_sentence(divisor.label)}.",
            {"type": "ratio", "numerator": main.name, "denominator": divisor.name, "unit": _unit_each(main)},
            main.words,
            (main.name, divisor.name),
        )

    def window(self, metric: MetricDraft) -> Iterator[MetricDraft]:
        """A trailing window smooths what goes up and down by the weekday or the season."""
        if self.rhythm.cadence is Grain.day and self.rhythm.span >= 56:
            length, short = "28 days", "28d"
        elif self.rhythm.cadence is Grain.week and self.rhythm.span >= 180:
            length, short = "91 days", "13w"
        elif self.rhythm.cadence is Grain.month and self.rhythm.span >= 360:
            length, short = "3 months", "3m"
        else:
            return
        yield MetricDraft(
            self.name(f"{metric.name}_{short}"),
            f"{metric.label} over {'13 weeks' if short == '13w' else length}",
            f"{metric.label} of the last {length}, on the last day of the period.",
            {"type": "cumulative", "input_metric": metric.name, "window": length, "unit": metric.fields["unit"]},
            metric.words,
            (metric.name,),
        )

    def against_last_year(self, metric: MetricDraft) -> Iterator[MetricDraft]:
        if self.rhythm.span < 400:
            return
        yield MetricDraft(
            self.name(f"{metric.name}_yoy"),
            f"{metric.label} against the year before",
            "The change against the same period of the year before.",
            {
                "type": "derived",
                "expr": "this_year / last_year - 1",
                "input_metrics": [
                    {"name": metric.name, "alias": "this_year"},
                    {"name": metric.name, "alias": "last_year", "offset_window": "1 year"},
                ],
                "unit": "percent",
            },
            metric.words,
            (metric.name,),
        )


def each_of(metric: MetricDraft | None) -> tuple[MetricDraft, ...]:
    """The metric, if there is one."""
    return (metric,) if metric else ()


def _unit_of(part: Part) -> str:
    return "count" if part.column.is_whole else "number"


def _unit_each(main: MetricDraft) -> str:
    unit = str(main.fields["unit"])
    return "number" if unit == "count" else unit
